import { sign, verify } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { EntityRecord, StoreRefusal } from "../admin/store/desk-store.js";
import { headFileAt } from "../admin/store/head-file.js";
import { openSqlStore, type SqlStore } from "../admin/store/sql-store.js";
import type { Trouble } from "../admin/store/trouble.js";
import { assert } from "../base/assert.js";
import { letBidsGoFirst } from "./process.js";
import { realClock } from "./real-clock.js";
import {
  callStates,
  type StoreAnswer,
  type StoreCall,
  type StoreMethod,
  type StoreThreadData,
} from "./store-messages.js";

/**
 * The store's thread: whatever the database makes it wait for, main does not wait. It ends where
 * the store has to be opened anew, and main starts it again.
 */

/** Taking a message in costs main some 10 us a record: a part is a few milliseconds. */
const recordsAtOnce = 200;
const checkpointEveryMs = 10_000;

const port = parentPort;
assert(port !== null, "this file runs as a worker thread");
const data = workerData as StoreThreadData;
const post = (answer: StoreAnswer): void => port.postMessage(answer);
const takers = new Map<number, () => void>();
let ending: Trouble | null = null;

const opened = await openSqlStore({
  // Only the one that is used is loaded.
  open: async () => {
    if (data.url !== "") {
      const { openPostgres } = await import("../admin/store/open-postgres.js");
      return openPostgres(data.url);
    }
    const { openLibsql } = await import("../admin/store/open-libsql.js");
    return openLibsql(join(data.dataFolder, "store.db"), data.mayMake);
  },
  key: {
    sign: (message) => sign(null, message, data.privateKey),
    verify: (message, signature) => verify(null, message, data.publicKey, signature),
  },
  head: headFileAt(join(data.dataFolder, "audit.head")),
  nowMs: () => realClock.nowMs(),
  monotonicMs: () => realClock.monotonicNs() / 1e6,
  pause: async (ms) => {
    await pause(ms);
  },
  onTrouble: (trouble) => {
    if (trouble.ends) ending ??= trouble;
  },
});
letBidsGoFirst([0]);
if (opened.ok) serve(opened.store);
else end(opened.words);

/** Connections that hang are not waited for. */
function end(words: string): void {
  post({ kind: "ends", words });
  process.exit(0);
}

function serve(store: SqlStore): void {
  assert(port !== null);
  setInterval(() => void store.checkpoint(), checkpointEveryMs);
  port.on("message", (call: StoreCall) => {
    if (call.kind === "next") takers.get(call.id)?.();
    else {
      void answer(store, call).then(() => {
        if (call.method === "close") end("it was closed");
        else if (ending !== null) end(ending.words);
      });
    }
  });
  post({ kind: "opened" });
}

async function answer(store: SqlStore, call: StoreCall & { kind: "call" }): Promise<void> {
  const { id, method, args, state } = call;
  if (Atomics.load(state, 0) === callStates.givenUp) return;
  const claim = (): boolean => {
    const { open, committing, givenUp } = callStates;
    return Atomics.compareExchange(state, 0, open, committing) !== givenUp;
  };
  const methods = store.forCall(claim) as unknown as Record<
    StoreMethod,
    (...args: readonly unknown[]) => Promise<unknown>
  >;
  const value = await methods[method](...args).catch(failed);
  post({ kind: "done", id, value: await inParts(id, value) });
}

const failed = (error: unknown): StoreRefusal => {
  const words = error instanceof Error ? error.message : String(error);
  return { ok: false, code: "gone", words: `the store failed: ${words}` };
};

/** Sends a long answer's records ahead, each part when main asks for it; the answer without. */
async function inParts(id: number, value: unknown): Promise<unknown> {
  const found = recordsIn(value);
  if (found === null || found.records.length <= recordsAtOnce) return value;
  const { records } = found;
  for (let at = 0; at < records.length; at += recordsAtOnce) {
    const taken = new Promise<void>((resolve) => takers.set(id, resolve));
    post({ kind: "part", id, records: records.slice(at, at + recordsAtOnce) });
    await taken;
  }
  takers.delete(id);
  found.records = [];
  return value;
}

/** Of load and since (in `value`) and of commit. */
function recordsIn(answer: unknown): { records: readonly EntityRecord[] } | null {
  if (typeof answer !== "object" || answer === null) return null;
  const inside = "value" in answer ? answer.value : answer;
  if (typeof inside !== "object" || inside === null || !("records" in inside)) return null;
  return inside as { records: readonly EntityRecord[] };
}
