import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ListFact, ListFacts } from "../admin/desk/desk.js";
import { type IdentifierKind, identifierKinds } from "../bank/config/model.js";
import { writeDurably } from "../bank/durable.js";
import { bankFolders } from "../bank/folders.js";
import type { Clock } from "../base/clock.js";
import { entryUrl } from "./entry-url.js";
import type { ListAnswer, ListOrder } from "./list-process.js";
import type { Log } from "./log.js";

const lockMsMax = 3_600_000;
const removeLockMsMax = 10_000;
const waitingMax = 16;
const keptMax = 2000;

/** What is remembered of an upload: nothing of what was in it. */
type Upload = Omit<ListFact, "segment"> & { readonly agency: string };

export type ListDeskParts = {
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Pick<Log, "error">;
  /** Names of the served epoch's segments. */
  readonly segments: () => ReadonlySet<string>;
  /** Another one is for tests. */
  readonly start?: () => ChildProcess;
};

type Words = { readonly ok: false; readonly words: string };

/**
 * Agencies' lists on their way into the bank: each is hashed by a process of its own, one after
 * another, and the file that was brought is removed however that ends. What an agency is told of a
 * list is of its own file: rows, and rows that are no such identifier; never how many it matched.
 */
export class ListDesk implements ListFacts {
  /** A person's number is the bank's own: nobody brings a list of those. */
  readonly kinds: readonly string[] = identifierKinds.filter(
    (kind: IdentifierKind) => kind !== "person" && kind !== "buyerUid" && kind !== "eid",
  );
  private readonly parts: ListDeskParts;
  private uploads: readonly Upload[];
  private working: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private child: ChildProcess | null = null;
  private stopped = false;

  constructor(parts: ListDeskParts) {
    this.parts = parts;
    // What a crash left there is full of identifiers.
    rmSync(join(parts.dataFolder, "uploads"), { recursive: true, force: true });
    this.uploads = this.read();
  }

  /** A machine without a bank has nowhere to put a list. */
  get open(): boolean {
    return existsSync(bankFolders(this.parts.dataFolder).root);
  }

  private get memory(): string {
    return join(this.parts.dataFolder, "list-uploads.json");
  }

  /** An upload that was under way when the process ended is lost: its file is gone. */
  private read(): readonly Upload[] {
    if (!existsSync(this.memory)) return [];
    try {
      const stored = JSON.parse(readFileSync(this.memory, "utf8")) as readonly Upload[];
      return stored.map((one) =>
        one.state === "taken in" ? { ...one, state: "failed", reason: "interrupted" } : one,
      );
    } catch {
      return [];
    }
  }

  private keep(uploads: readonly Upload[]): void {
    this.uploads = uploads.slice(-keptMax);
    try {
      const temporary = `${this.memory}.${process.pid}`;
      writeDurably(temporary, JSON.stringify(this.uploads));
      renameSync(temporary, this.memory);
    } catch {
      this.parts.log.error({}, "the states of lists cannot be kept over a restart");
    }
  }

  lists(agency: string): readonly ListFact[] {
    const segments = this.parts.segments();
    const own = this.uploads.filter((one) => agency === "" || one.agency === agency);
    const known = new Set(own.map((one) => `${one.agency} ${one.name}`));
    const others = this.inBank(agency).filter((one) => !known.has(`${one.agency} ${one.name}`));
    return [...own, ...others].map(({ agency: of, ...fact }) => {
      const segment = `list.${of}.${fact.name}`;
      return { ...fact, segment: segments.has(segment) ? segment : "" };
    });
  }

  /** Lists that came in by the command line: nothing is known of their files. */
  private inBank(agency: string): readonly Upload[] {
    const root = bankFolders(this.parts.dataFolder).lists;
    const agencies = agency === "" ? namesIn(root) : [agency];
    return agencies.flatMap((of) =>
      namesIn(join(root, of)).map((name): Upload => {
        const told = { rows: 0, unusable: 0, atMs: 0, by: "command line", kind: "" };
        return { id: `${of}-${name}`, agency: of, name, state: "in the bank", reason: "", ...told };
      }),
    );
  }

  async upload(ask: Parameters<ListFacts["upload"]>[0]): ReturnType<ListFacts["upload"]> {
    const refusal = this.refusalOf(ask);
    if (refusal !== null) {
      rmSync(ask.file, { force: true });
      return refusal;
    }
    const { agency, name, kind, by, file } = ask;
    const id = randomBytes(9).toString("base64url");
    const atMs = this.parts.clock.nowMs();
    const told = { rows: 0, unusable: 0, reason: "", state: "taken in" as const };
    const others = this.uploads.filter((one) => one.agency !== agency || one.name !== name);
    this.keep([...others, { id, agency, name, kind, by, atMs, ...told }]);
    const order = { ...this.place(agency, name), lockMsMax, upload: { kind, file } };
    void this.queue(order).then((answer) => {
      rmSync(file, { force: true });
      this.settle(id, answer);
    });
    return { ok: true, id };
  }

  private refusalOf({ agency, name, kind }: Parameters<ListFacts["upload"]>[0]): Words | null {
    const no = (words: string): Words => ({ ok: false, words });
    if (!this.open) return no("this machine has no data bank");
    if (!/^[1-9]\d{0,9}$/.test(agency)) return no("a list belongs to an agency");
    if (!/^[a-z0-9-]{1,40}$/.test(name)) {
      return no("a list's name has 1 to 40 characters of a-z, 0-9 and hyphen");
    }
    if (!this.kinds.includes(kind)) return no(`the kind is one of ${this.kinds.join(", ")}`);
    if (this.waiting >= waitingMax) return no("too many lists are on their way: try again later");
    return null;
  }

  private settle(id: string, answer: ListAnswer): void {
    if (this.stopped) return;
    this.keep(
      this.uploads.map((one): Upload => {
        if (one.id !== id) return one;
        if (answer.kind === "done") {
          const { rows, unusable } = answer;
          return { ...one, state: "in the bank", rows, unusable };
        }
        const reason = answer.kind === "failed" ? answer.words : "unknown";
        return { ...one, state: "failed", reason };
      }),
    );
  }

  /** Rejects with words where a build holds the bank for too long. */
  async remove(agency: string, name: string): Promise<boolean> {
    const known = this.lists(agency).some((one) => one.name === name);
    if (!this.open || !known || !/^[1-9]\d{0,9}$/.test(agency)) return false;
    const order = { ...this.place(agency, name), lockMsMax: removeLockMsMax, upload: null };
    const answer = await this.queue(order);
    if (answer.kind === "failed") throw new Error(answer.words);
    this.keep(this.uploads.filter((one) => one.agency !== agency || one.name !== name));
    return true;
  }

  private place(agency: string, name: string) {
    const { dataFolder, configFolder } = this.parts;
    return { dataFolder, configFolder, agency: Number(agency), name };
  }

  private queue(order: ListOrder): Promise<ListAnswer> {
    this.waiting++;
    const done = this.working.then(() => this.run(order));
    this.working = done.then(() => void this.waiting--);
    return done;
  }

  private run(order: ListOrder): Promise<ListAnswer> {
    if (this.stopped) return Promise.resolve({ kind: "failed", words: "the program has ended" });
    return new Promise((resolve) => {
      const child = this.parts.start?.() ?? startProcess();
      this.child = child;
      const end = (answer: ListAnswer): void => {
        this.child = null;
        resolve(answer);
      };
      const fail = (words: string): void => end({ kind: "failed", words });
      child.once("message", (answer) => end(answer as ListAnswer));
      child.once("error", () => fail("the process that takes lists in could not be started"));
      child.once("exit", (code) => fail(`the process that takes lists in ended with code ${code}`));
      child.send(order, (error) => {
        if (error !== null) fail("the process that takes lists in could not be told what to do");
      });
    });
  }

  readonly stop = (): void => {
    this.stopped = true;
    this.child?.kill("SIGKILL");
  };
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

const startProcess = (): ChildProcess =>
  fork(fileURLToPath(entryUrl("list-process")), { serialization: "advanced" });
