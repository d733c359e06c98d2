import { Worker } from "node:worker_threads";
import type {
  ChangeSet,
  DeskStore,
  EntityRecord,
  StoreRefusal,
} from "../admin/store/desk-store.js";
import { entryUrl } from "./entry-url.js";
import type { SigningKeys } from "./key-files.js";
import {
  callStates,
  type StoreAnswer,
  type StoreCall,
  type StoreMethod,
  type StoreThreadData,
} from "./store-messages.js";

export type StoreDeskParts = {
  readonly dataFolder: string;
  /** `postgres://...`, without a password (PGPASSWORD, PGPASSFILE); "" = `store.db`. */
  readonly url: string;
  readonly signing: Pick<SigningKeys, "privateKey" | "publicKey">;
  /** Shorter ones are for tests. */
  readonly againMs?: number;
  /** Another one is for tests. */
  readonly start?: (data: StoreThreadData) => StoreThread;
};

/** What is used of a thread. */
export type StoreThread = {
  postMessage(call: StoreCall): void;
  on(event: "message", listener: (answer: StoreAnswer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  terminate(): Promise<unknown>;
};

/** The store as main has it: in a thread of its own, which may be slow, fail or die. */
export type StoreDesk = DeskStore & {
  /** "" = it answers; else why not and what to do, for the operator. */
  readonly trouble: () => string;
};

/** A call that takes longer is told "locked", and nothing of it happens. */
const patienceMs = 2000;
/** Those that read much. */
const longMs: Partial<Record<StoreMethod, number>> = {
  ...{ load: 30_000, since: 30_000, verifyAudit: 600_000, close: 10_000 },
};
/**
 * A change set of 20,000 things takes the store 1 to 3 s where it has it for itself, and so much is
 * waited for. Where another program holds it the thread says so after a second, however long.
 */
const changeMs = 1;
/** What is committing already is waited for so much longer; afterwards nobody knows. */
const commitMs = 8000;
const againMs = 5000;

type Pending = {
  readonly state: Int32Array;
  readonly parts: EntityRecord[];
  readonly resolve: (value: unknown) => void;
  timer: NodeJS.Timeout;
};

/**
 * Opens the store; resolves when it is known whether it opens. One that does not is tried again,
 * and its calls are answered `gone` meanwhile.
 */
export async function openStore(parts: StoreDeskParts): Promise<StoreDesk> {
  const thread = new StoreLine(parts);
  await thread.begin();
  return deskOver(thread);
}

const startThread = (data: StoreThreadData): StoreThread =>
  new Worker(entryUrl("store-thread"), { workerData: data });

const methods: readonly StoreMethod[] = [
  ...(["load", "commit", "since", "newIds", "revisions", "files", "putFiles"] as const),
  ...(["lists", "putList", "dropList", "users", "userByLogin", "invite", "inviteOf"] as const),
  ...(["invitations", "revokeInvitation"] as const),
  ...(["redeem", "changeUser", "setPassword", "openSession", "session"] as const),
  ...(["closeSession", "makeToken", "tokenBy", "tokens", "endToken", "note", "audit"] as const),
  ...(["verifyAudit"] as const),
];

function deskOver(line: StoreLine): StoreDesk {
  const calls = methods.map((method) => [
    method,
    (...args: readonly unknown[]) => line.call(method, args),
  ]);
  const desk = Object.fromEntries(calls) as unknown as Omit<DeskStore, "close">;
  return { ...desk, close: () => line.close(), trouble: () => line.words };
}

/** The line to one thread after another. */
class StoreLine {
  /** Why it cannot be used, "" = it can. */
  words = "the store is being opened";
  private readonly parts: StoreDeskParts;
  private readonly pending = new Map<number, Pending>();
  private worker: StoreThread | null = null;
  private lastId = 0;
  private everOpened = false;
  private isClosed = false;

  constructor(parts: StoreDeskParts) {
    this.parts = parts;
  }

  /** Starts a thread; resolves when it has opened the store or failed to. */
  begin(): Promise<void> {
    const { dataFolder, url, signing } = this.parts;
    const { privateKey, publicKey } = signing;
    const mayMake = !this.everOpened;
    const data: StoreThreadData = { dataFolder, url, mayMake, privateKey, publicKey };
    const worker = (this.parts.start ?? startThread)(data);
    this.worker = worker;
    return new Promise((resolve) => {
      let last = "the store's thread has ended";
      worker.on("message", (answer: StoreAnswer) => {
        if (answer.kind === "opened") {
          this.everOpened = true;
          this.words = "";
          resolve();
        } else if (answer.kind === "ends") last = answer.words;
        else this.take(worker, answer);
      });
      worker.on("error", (error) => {
        last = `the store's thread has failed: ${error.message}`;
      });
      worker.on("exit", () => {
        this.lose(last);
        resolve();
      });
    });
  }

  call(method: StoreMethod, args: readonly unknown[]): Promise<unknown> {
    const { worker } = this;
    if (worker === null || this.words !== "") return Promise.resolve(this.gone());
    const id = ++this.lastId;
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.giveUp(id), patienceOf(method, args));
      this.pending.set(id, { state, parts: [], resolve, timer });
      const call: StoreCall = { kind: "call", id, method, args, state };
      worker.postMessage(call);
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const { worker } = this;
    if (worker === null) return;
    if (this.words === "") await this.call("close", []);
    await worker.terminate();
  }

  private take(worker: StoreThread, answer: StoreAnswer & { kind: "part" | "done" }): void {
    const { id } = answer;
    const pending = this.pending.get(id);
    if (answer.kind === "part") {
      pending?.parts.push(...answer.records);
      const next: StoreCall = { kind: "next", id };
      worker.postMessage(next);
      return;
    }
    if (pending === undefined) return;
    this.settle(id, pending, whole(answer.value, pending.parts));
  }

  private settle(id: number, pending: Pending, value: unknown): void {
    clearTimeout(pending.timer);
    this.pending.delete(id);
    pending.resolve(value);
  }

  private giveUp(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    const { open, committing, givenUp } = callStates;
    if (Atomics.compareExchange(pending.state, 0, open, givenUp) === committing) {
      const words = "the disk of the store does not answer: a change may have been kept or not";
      pending.timer = setTimeout(() => {
        this.settle(id, pending, { ok: false, code: "gone", words });
      }, commitMs);
      return;
    }
    const words = "the store does not answer in time: another program may hold it";
    this.settle(id, pending, { ok: false, code: "locked", words });
  }

  private gone(): StoreRefusal {
    return { ok: false, code: "gone", words: this.words };
  }

  /** The thread has ended: what it owed is answered, and another one is tried later. */
  private lose(words: string): void {
    this.worker = null;
    this.words = this.isClosed ? "the store was closed" : words;
    for (const [id, pending] of [...this.pending]) this.settle(id, pending, this.gone());
    if (this.isClosed) return;
    const again = setTimeout(() => {
      if (!this.isClosed) void this.begin();
    }, this.parts.againMs ?? againMs);
    again.unref();
  }
}

function patienceOf(method: StoreMethod, [first]: readonly unknown[]): number {
  if (method !== "commit") return longMs[method] ?? patienceMs;
  return patienceMs + changeMs * (first as ChangeSet).changes.length;
}

/** Puts the records that came ahead back into their answer. */
function whole(value: unknown, parts: readonly EntityRecord[]): unknown {
  if (parts.length === 0) return value;
  const answer = value as { value?: object };
  if (answer.value === undefined) return { ...answer, records: parts };
  return { ...answer, value: { ...answer.value, records: parts } };
}
