import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ForgetAsk, ForgetFacts, ForgetState, ForgetTaken } from "../admin/admin-facts.js";
import type { IdentifierKind } from "../bank/config/model.js";
import { bankFolders } from "../bank/folders.js";
import { pendingForgets } from "../bank/forget-intent.js";
import { forgettableKinds, forgetWords } from "../bank/forget-words.js";
import type { Clock } from "../base/clock.js";
import { entryUrl } from "./entry-url.js";
import type { ForgetMessage, ForgetOrder } from "./forget-process.js";
import type { Log } from "./log.js";
import { retryPauseMs } from "./snapshot-retry.js";

const lockMsMax = 24 * 3600 * 1000;
const takersMax = 2;
const waitingMax = 64;
const statesMax = 10_000;
/**
 * Nobody known means nothing to rewrite, which is done sooner: the end of every request shows at
 * the same moment, unless the bank is so large that it takes longer.
 */
const shownDoneAfterMs = 5000;

type Entry = { state: ForgetState["state"]; reason: string; readonly takenMs: number };

export type ForgetDeskParts = {
  readonly dataFolder: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Pick<Log, "error">;
  /** Another one is for tests. */
  readonly start?: () => ChildProcess;
};

/**
 * The admin route's side of forgetting. Each wish is taken by a process of its own, which makes it
 * durable and names the people in the forget log without the bank's lock; one more process waits
 * for the lock and finishes all wishes together. What was pending when the program ended is
 * finished after the next start.
 */
export class ForgetDesk implements ForgetFacts {
  readonly kinds: readonly string[] = forgettableKinds;
  readonly words = forgetWords;
  private readonly parts: ForgetDeskParts;
  private readonly entries = new Map<string, Entry>();
  private readonly children = new Set<ChildProcess>();
  private readonly waiting: (() => void)[] = [];
  private takers = 0;
  private finishing = false;
  private failures = 0;
  private retry: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(parts: ForgetDeskParts) {
    this.parts = parts;
  }

  /** A machine without a bank has nobody's rows: wishes belong to the one that builds snapshots. */
  get open(): boolean {
    return existsSync(bankFolders(this.parts.dataFolder).root);
  }

  /** Finishes what an earlier run has left. */
  resume(): void {
    this.noticePending();
    if (this.pending().length > 0) this.finish();
  }

  async take(ask: ForgetAsk): Promise<ForgetTaken> {
    if (this.stopped || this.waiting.length >= waitingMax) return { kind: "busy" };
    if (this.takers >= takersMax) await new Promise<void>((go) => this.waiting.push(go));
    if (this.stopped) return { kind: "busy" };
    this.takers++;
    const id = randomBytes(18).toString("base64url");
    const identifiers = ask.identifiers.map(({ kind, scope, value }) => ({
      ...{ kind: kind as IdentifierKind, scope, value },
    }));
    const request = { identifiers, only: ask.only };
    return new Promise((resolve) => {
      const hear = (message: ForgetMessage): void => {
        if (message.kind === "unusable") resolve({ kind: "unusable", places: message.places });
        if (message.kind !== "taken") return;
        this.keep(id);
        resolve({ kind: "taken", id });
      };
      const over = (last: ForgetMessage): void => {
        this.takers--;
        this.waiting.shift()?.();
        if (last.kind === "failed") this.complain("a wish to be forgotten", last.words);
        resolve({ kind: "failed" });
        this.finish();
      };
      this.run({ role: "take", place: this.place(), request, id }, hear, over);
    });
  }

  state(id: string): ForgetState | null {
    this.noticePending();
    const entry = this.entries.get(id);
    if (entry === undefined) return null;
    const { state, reason, takenMs } = entry;
    if (state === "failed") return { id, state, reason };
    const shown = state === "done" && this.parts.clock.nowMs() - takenMs >= shownDoneAfterMs;
    return { id, state: shown ? "done" : "running" };
  }

  stop(): void {
    this.stopped = true;
    if (this.retry !== null) clearTimeout(this.retry);
    for (const child of this.children) child.kill("SIGKILL");
    for (const go of this.waiting.splice(0)) go();
  }

  /** Wishes of an earlier run and of the command line can be asked about by their id as well. */
  private noticePending(): void {
    for (const id of this.pending()) if (!this.entries.has(id)) this.keep(id);
  }

  private keep(id: string): void {
    this.entries.set(id, { state: "running", reason: "", takenMs: this.parts.clock.nowMs() });
    const oldest = this.entries.keys().next().value;
    if (this.entries.size > statesMax && oldest !== undefined) this.entries.delete(oldest);
  }

  private pending(): readonly string[] {
    return pendingForgets(bankFolders(this.parts.dataFolder));
  }

  private place(): ForgetOrder["place"] {
    const { dataFolder, clock } = this.parts;
    return { dataFolder, nowMs: clock.nowMs(), lockMsMax };
  }

  /** One finisher at a time; a wish that comes while it works gets the next one. */
  private finish(): void {
    if (this.finishing || this.stopped || this.pending().length === 0) return;
    this.finishing = true;
    const over = (last: ForgetMessage): void => {
      this.finishing = false;
      this.settle(last);
    };
    this.run({ role: "finish", place: this.place() }, () => {}, over);
  }

  private settle(last: ForgetMessage): void {
    const pending = this.pending();
    for (const [id, entry] of this.entries) {
      if (!pending.includes(id)) entry.state = "done";
    }
    const refused = last.kind === "finished" ? (last.result?.refused ?? []) : [];
    const reason = last.kind === "failed" ? last.words : refused.join("; ");
    if (reason === "") {
      this.failures = 0;
      this.finish();
      return;
    }
    for (const id of pending) {
      const entry = this.entries.get(id);
      if (entry !== undefined) Object.assign(entry, { state: "failed", reason });
    }
    this.complain("forgetting", reason);
    this.failures++;
    if (this.stopped) return;
    this.retry = setTimeout(() => this.finish(), retryPauseMs(this.failures));
    this.retry.unref();
  }

  private complain(what: string, words: string): void {
    if (!this.stopped) this.parts.log.error({ words }, `${what} failed and is tried again`);
  }

  /** `over` gets the last word, or "failed" when the process ended without one. */
  private run(
    order: ForgetOrder,
    hear: (message: ForgetMessage) => void,
    over: (last: ForgetMessage) => void,
  ): void {
    const child = this.parts.start?.() ?? startProcess();
    this.children.add(child);
    let last: ForgetMessage | null = null;
    let ended = false;
    const end = (words: string): void => {
      if (ended) return;
      ended = true;
      this.children.delete(child);
      over(last ?? { kind: "failed", words });
    };
    child.on("message", (message) => {
      const said = message as ForgetMessage;
      if (said.kind !== "taken") last = said;
      hear(said);
    });
    child.once("error", () => end("the process that forgets could not be started"));
    child.once("exit", (code) => end(`the process that forgets ended with code ${code}`));
    child.send(order, (error) => {
      if (error !== null) end("the process that forgets could not be told what to do");
    });
  }
}

const startProcess = (): ChildProcess =>
  fork(fileURLToPath(entryUrl("forget-process")), { serialization: "advanced" });
