import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnixMs } from "../src/base/units.js";
import { message, start, stop } from "./child.js";
import type { AnswerSizes } from "./closed-loop.js";
import { pinTo } from "./cpu.js";
import { placePeople } from "./people-cache.js";
import type { ScenarioWorld } from "./scenarios/scenario.js";
import type { StandReference, Target } from "./scenarios/target.js";
import type { PublishedMessage, ServerMessage, ServerOrder } from "./server-process.js";
import type { ServerFacts, ServerTask } from "./server-tasks.js";
import { writeSyntheticEpoch } from "./synthetic-epoch.js";

export type StandOptions = {
  readonly world: ScenarioWorld;
  readonly references: readonly StandReference[];
  readonly workers?: number;
  /** Every server on one core, so that requests/s are those of a core. */
  readonly pinned: boolean;
  /** Loads bench/probe-thread into the edge workers. */
  readonly probed?: boolean;
  /** With people in it, or for them; absent = one of its own. */
  readonly dataFolder?: string;
  /** Done on the client's core while the servers start on theirs. */
  readonly meanwhile?: () => Promise<void>;
};

type Started = "ours" | StandReference;

const isFacts = (told: object): told is ServerFacts => "done" in told;
const isReady = (told: object): told is { readonly ready: true } => "ready" in told;

/** The next message of a process that is the answer: it also tells of itself. */
function until<T extends object>(
  child: ChildProcess,
  isAnswer: (told: object) => told is T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = (told: object): void => {
      if (!isAnswer(told)) return;
      child.off("message", look);
      child.off("exit", gone);
      resolve(told);
    };
    const gone = (code: number | null): void => {
      reject(new Error(`a server of the bench ended with ${code}`));
    };
    child.on("message", look);
    child.once("exit", gone);
  });
}

/** The real server and what it is compared with, each in its process, with a folder of its own. */
export class Stand {
  readonly ours: Target;
  readonly references: readonly Target[];
  readonly lineItemsLive: number;
  private readonly children: ReadonlyMap<string, ChildProcess>;

  private constructor(
    ours: Target,
    references: readonly Target[],
    lineItemsLive: number,
    children: ReadonlyMap<string, ChildProcess>,
  ) {
    this.ours = ours;
    this.references = references;
    this.lineItemsLive = lineItemsLive;
    this.children = children;
  }

  get targets(): readonly Target[] {
    return [this.ours, ...this.references];
  }

  /** Opens a stand for `body`; everything is gone after it. */
  static async with<T>(options: StandOptions, body: (stand: Stand) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "crowdbid-bench-"));
    const children = new Map<Started, ChildProcess>();
    const kill = (): void => {
      for (const child of children.values()) child.kill("SIGKILL");
    };
    process.once("exit", kill);
    try {
      const stand = await Stand.open(options, folder, children);
      return await body(stand);
    } finally {
      process.off("exit", kill);
      await Promise.all([...children.values()].map(stop));
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private static async open(
    { world, references, workers = 1, pinned, probed, dataFolder, meanwhile }: StandOptions,
    folder: string,
    children: Map<Started, ChildProcess>,
  ): Promise<Stand> {
    const pin = (): void => {
      for (const { pid = 0 } of children.values()) pinTo(pid, "server");
    };
    const startOurs = (name: "ours" | "ours-json", preloaded: readonly string[]): void => {
      const own = name === "ours" && dataFolder !== undefined ? dataFolder : join(folder, name);
      const nowMs = Date.now() as UnixMs;
      if (own === dataFolder) writeSyntheticEpoch(own, world.people, nowMs);
      else placePeople(own, world.people, nowMs);
      const server = start("server-process", [], preloaded);
      children.set(name, server);
      const order = { ...world, people: 0, dataFolder: own };
      server.send({ ...order, workers: name === "ours" ? workers : 1 } satisfies ServerOrder);
    };
    // Beside each other: each of the two real servers takes seconds of a core to start.
    startOurs("ours", probed === true ? ["probe-thread"] : []);
    for (const name of references) {
      if (name === "ours-json") startOurs(name, ["json-border-thread"]);
      else children.set(name, start("reference-process", [name]));
    }
    const told = Promise.all(
      [...children].map(async ([name, child]) => {
        const { port, lineItemsLive } = await message<Partial<ServerMessage>>(child);
        return { lineItemsLive, target: { name, pid: child.pid ?? 0, port: port ?? 0 } };
      }),
    );
    if (meanwhile !== undefined) {
      // Thrown below, not where nobody waits yet.
      told.catch(() => undefined);
      if (pinned) pin();
      pinTo(process.pid, "client");
      await meanwhile();
      pinTo(process.pid, "any");
      for (const { pid = 0 } of children.values()) pinTo(pid, "any");
    }
    const [ours, ...others] = (await told) as [
      Awaited<typeof told>[number],
      ...Awaited<typeof told>,
    ];
    for (const child of children.values()) child.setMaxListeners(0);
    if (pinned) pin();
    const targets = others.map(({ target }) => target);
    return new Stand(ours.target, targets, ours.lineItemsLive ?? 0, children);
  }

  /** What the references are to answer from now on. */
  async tellSizes(sizes: AnswerSizes): Promise<void> {
    for (const target of this.references) {
      if (target.name !== "ours-json") await this.tell(target, sizes, isReady);
    }
  }

  /** Has the real server do something beside bidding; resolves when it is done. */
  task(task: ServerTask): Promise<ServerFacts> {
    return this.tell(this.ours, task, isFacts);
  }

  /** Resolves when every worker bids with the people of that epoch. */
  serves(epoch: number): Promise<PublishedMessage> {
    return until(this.childOf(this.ours), (told): told is PublishedMessage => {
      return "epoch" in told && told.epoch === epoch;
    });
  }

  private childOf(target: Target): ChildProcess {
    const child = this.children.get(target.name);
    if (child === undefined) throw new Error(`${target.name} is not on this stand`);
    return child;
  }

  private tell<T extends object>(
    target: Target,
    what: object,
    isAnswer: (told: object) => told is T,
  ): Promise<T> {
    const child = this.childOf(target);
    const told = until(child, isAnswer);
    child.send(what);
    return told;
  }
}
