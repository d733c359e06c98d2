import { generateKeyPairSync } from "node:crypto";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStore, type StoreDesk } from "./store-desk.js";
import { callStates, type StoreAnswer, type StoreCall } from "./store-messages.js";

/** A thread that does what the test says: nothing by itself. */
class QuietThread extends EventEmitter {
  readonly calls: (StoreCall & { kind: "call" })[] = [];

  postMessage(call: StoreCall): void {
    if (call.kind === "call") this.calls.push(call);
  }

  say(answer: StoreAnswer): void {
    this.emit("message", answer);
  }

  terminate(): Promise<number> {
    this.emit("exit", 1);
    return Promise.resolve(1);
  }
}

const threads: QuietThread[] = [];
const latest = (): QuietThread => threads.at(-1) ?? expect.fail("no thread was started");

function opened(): Promise<StoreDesk> {
  const start = () => {
    const thread = new QuietThread();
    threads.push(thread);
    queueMicrotask(() => thread.say({ kind: "opened" }));
    return thread;
  };
  const signing = generateKeyPairSync("ed25519");
  return openStore({ dataFolder: "/nowhere", url: "", signing, start });
}

beforeEach(() => {
  threads.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a call that is not answered within 2 s is locked, and the thread learns that it is not wanted", async () => {
  const store = await opened();
  const asked = store.newIds("campaign", 1);
  const late = store.verifyAudit();
  await vi.advanceTimersByTimeAsync(1999);
  const [call] = latest().calls;
  expect(call?.state[0]).toBe(callStates.open);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toMatchObject({ ok: false, code: "locked" });
  expect(call?.state[0]).toBe(callStates.givenUp);
  // What reads every line may take longer.
  latest().say({ kind: "done", id: 2, value: { ok: true, value: "late" } });
  expect(await late).toEqual({ ok: true, value: "late" });
  // An answer after all changes nothing.
  latest().say({ kind: "done", id: 1, value: { ok: true, value: [1] } });
});

test("a change set of 20,000 things has so much longer", async () => {
  const store = await opened();
  const changes = Array.from({ length: 20_000 }, () => ({}));
  const asked = store.commit({ changes } as unknown as Parameters<typeof store.commit>[0]);
  await vi.advanceTimersByTimeAsync(21_999);
  expect(latest().calls[0]?.state[0]).toBe(callStates.open);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toMatchObject({ ok: false, code: "locked" });
});

test("what is committing already is waited for, and what never ends may have been kept or not", async () => {
  const store = await opened();
  const slow = store.newIds("campaign", 1);
  const stuck = store.newIds("campaign", 1);
  for (const { state } of latest().calls) state[0] = callStates.committing;
  await vi.advanceTimersByTimeAsync(3000);
  latest().say({ kind: "done", id: 1, value: { ok: true, value: [1] } });
  expect(await slow).toEqual({ ok: true, value: [1] });
  await vi.advanceTimersByTimeAsync(7000);
  const words = expect.stringContaining("kept or not");
  expect(await stuck).toMatchObject({ ok: false, code: "gone", words });
});

test("a thread that dies owes nobody an answer, and another one is started after 5 s", async () => {
  const store = await opened();
  const owed = store.load();
  latest().emit("error", new Error("out of memory"));
  latest().emit("exit", 1);
  const gone = { ok: false, code: "gone", words: "the store's thread has failed: out of memory" };
  expect(await owed).toEqual(gone);
  expect(await store.users()).toEqual(gone);
  expect(store.trouble()).toBe(gone.words);
  await vi.advanceTimersByTimeAsync(4999);
  expect(threads).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(threads).toHaveLength(2);
  expect(store.trouble()).toBe("");
  const users = store.users();
  latest().say({ kind: "done", id: 2, value: { ok: true, value: [] } });
  expect(await users).toEqual({ ok: true, value: [] });
});

test("parts of an answer are asked for one by one", async () => {
  const store = await opened();
  const load = store.load();
  const posted = vi.spyOn(latest(), "postMessage");
  latest().say({ kind: "part", id: 1, records: [] });
  expect(posted).toHaveBeenCalledExactlyOnceWith({ kind: "next", id: 1 });
  latest().say({ kind: "done", id: 1, value: { ok: true, value: { records: [], change: 4 } } });
  expect(await load).toEqual({ ok: true, value: { records: [], change: 4 } });
});
