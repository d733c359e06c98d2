import type { ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnixMs } from "../src/base/units.js";
import { message, start, stop } from "./child.js";
import type { AnswerSizes } from "./closed-loop.js";
import { pinTo } from "./cpu.js";

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
  readonly dataFolder?: string;
};

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

/** Keys and snapshots: what servers of the same people share. */
function copyOf(dataFolder: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(dataFolder)) {
    const from = join(dataFolder, name);
    if (from !== to) cpSync(from, join(to, name), { recursive: true });
  }
}

/** The real server and what it is compared with, each in its process, with a folder of its own. */
export class Stand {
  readonly ours: Target;
  readonly references: readonly Target[];
  readonly lineItemsLive: number;
  private readonly children: ReadonlyMap<Target, ChildProcess>;

  private constructor(
    ours: Target,
    references: readonly Target[],
    lineItemsLive: number,
    children: ReadonlyMap<Target, ChildProcess>,
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
    const children: ChildProcess[] = [];
    const kill = (): void => {
      for (const child of children) child.kill("SIGKILL");
    };
    process.once("exit", kill);
    try {
      const stand = await Stand.open(options, options.dataFolder ?? folder, children);
      return await body(stand);
    } finally {
      process.off("exit", kill);
      await Promise.all(children.map(stop));
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private static async open(
    { world, references: kinds, workers = 1, pinned, probed = false }: StandOptions,
    dataFolder: string,
    children: ChildProcess[],
  ): Promise<Stand> {
    writeSyntheticEpoch(dataFolder, world.people, Date.now() as UnixMs);
    // Copied before a server has written anything of its own.
    const second = join(dataFolder, "ours-json");
    if (kinds.includes("ours-json")) copyOf(dataFolder, second);
    const server = start("server-process", [], probed ? ["probe-thread"] : []);
    children.push(server);
    server.send({ ...world, people: 0, dataFolder, workers } satisfies ServerOrder);
    // Beside each other: each of the two real servers takes seconds of a core to start.
    const ports = kinds.map(async (name) => {
      const isOurs = name === "ours-json";
      const child = isOurs
        ? start("server-process", [], ["json-border-thread"])
        : start("reference-process", [name]);
      children.push(child);
      if (isOurs) {
        child.send({ ...world, people: 0, dataFolder: second, workers: 1 } satisfies ServerOrder);
      }
      const { port } = await message<{ port: number }>(child);
      return { child, target: { name, pid: child.pid ?? 0, port } };
    });
    const [{ port, lineItemsLive }, ...started] = await Promise.all([
      message<ServerMessage>(server),
      ...ports,
    ]);
    const ours: Target = { name: "ours", pid: server.pid ?? 0, port };
    const byTarget = new Map<Target, ChildProcess>([[ours, server]]);
    for (const { child, target } of started) byTarget.set(target, child);
    const references = started.map(({ target }) => target);
    for (const child of children) {
      child.setMaxListeners(0);
      if (pinned) pinTo(child.pid ?? 0, "server");
    }
    return new Stand(ours, references, lineItemsLive, byTarget);
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
    const child = this.children.get(target);
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
