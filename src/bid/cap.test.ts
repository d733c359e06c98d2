import { once } from "node:events";
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Hash64 } from "../base/hash.js";
import { SeededRandom } from "../base/random.js";
import {
  CAPPED,
  capAdd,
  capCommit,
  capCounted,
  capKeyInto,
  capOpen,
  capRelease,
  capReserve,
  capSweep,
  FULL,
} from "./cap.js";
import type { SharedState } from "./shared-state.js";
import { createSharedBuffers, sharedStateFrom } from "./shared-state.js";

const now = 1_800_000_000;

function stateWith(capEntries: number): SharedState {
  const sizes = { workers: 1, places: 1, slots: 1, ringRecords: 1 };
  return sharedStateFrom(createSharedBuffers({ ...sizes, capEntries }), 0);
}

test("pending impressions count, and what is lost counts no more", () => {
  const state = stateWith(64);
  const first = capReserve(state, 1, 2, 2, 60, now);
  const second = capReserve(state, 1, 2, 2, 60, now);
  expect([first, second]).toEqual([first, first]);
  expect(capOpen(state, 1, 2, 2, 60, now)).toBe(false);
  expect(capReserve(state, 1, 2, 2, 60, now)).toBe(CAPPED);
  capRelease(state, first);
  expect(capOpen(state, 1, 2, 2, 60, now)).toBe(true);
  expect(capReserve(state, 1, 2, 2, 60, now)).toBe(first);
});

test("keys of two line items or two people are apart", () => {
  const state = stateWith(64);
  const keys = [
    [5, 0, 1],
    [5, 0, 2],
    [6, 0, 1],
    [5, 1, 1],
  ] as const;
  for (const [lo, hi, lineItem] of keys) {
    const key = new Hash64();
    capKeyInto(lo, hi, lineItem, key);
    expect(capReserve(state, key.lo, key.hi, 1, 60, now)).toBeGreaterThanOrEqual(0);
    expect(capReserve(state, key.lo, key.hi, 1, 60, now)).toBe(CAPPED);
  }
});

test("a full table refuses and evicts nobody; expired entries are used again", () => {
  const state = stateWith(16);
  for (let key = 1; key <= 16; key++) {
    const entry = capReserve(state, key, key, 1, 60, now);
    expect(entry).toBeGreaterThanOrEqual(0);
    capCommit(state, entry, now);
  }
  expect(capReserve(state, 99, 99, 1, 60, now + 60)).toBe(FULL);
  for (let key = 1; key <= 16; key++) {
    expect(capReserve(state, key, key, 1, 60, now + 60)).toBe(CAPPED);
  }
  const again = capReserve(state, 99, 99, 1, 60, now + 61);
  expect(again).toBeGreaterThanOrEqual(0);
  expect(capReserve(state, 99, 99, 1, 60, now + 61)).toBe(CAPPED);
});

test("a clock that goes back forgets no impression", () => {
  const state = stateWith(16);
  capCommit(state, capReserve(state, 1, 1, 1, 60, now), now);
  expect(capReserve(state, 1, 1, 1, 60, now - 3600)).toBe(CAPPED);
});

test("an impression ahead of the clock leaves those of now as they are", () => {
  const state = stateWith(16);
  for (const at of [now - 50, now - 40, now + 90_000, now - 30, now + 90_000, now - 20]) {
    expect(capAdd(state, 1, 1, 60, at, now)).toBe(true);
  }
  expect(capCounted(state, 1, 1, 60, now)).toBe(6);
  expect(capCounted(state, 1, 1, 60, now + 90_060)).toBe(2);
  expect(capCounted(state, 1, 1, 60, now + 90_061)).toBe(0);
});

test("an impression a year ahead counts as long as one can that is ahead", () => {
  const state = stateWith(16);
  const year = 365 * 86_400;
  expect(capAdd(state, 1, 1, 60, now + year, now)).toBe(true);
  for (const days of [0, 1, 50, 97]) {
    expect(capCounted(state, 1, 1, 60, now + days * 86_400)).toBe(1);
  }
});

test("more bill times than are kept are joined under the later ones where their count wraps", () => {
  const state = stateWith(16);
  const wrap = Math.ceil(now / 2 ** 24) * 2 ** 24;
  for (const at of [4, 3, 2, 1, -1]) capAdd(state, 1, 1, 60, wrap + at, wrap + 4);
  for (const at of [5, 6, 7]) capAdd(state, 1, 1, 60, wrap + at, wrap + 7);
  expect(capCounted(state, 1, 1, 60, wrap + 60)).toBe(8);
});

test("a bill that is over stays over for as long as the process lives", () => {
  const state = stateWith(16);
  const day = 86_400;
  const [kept, forEver] = [90 * day, 9999 * day];
  for (const [key, windowSec] of [
    [1, 60],
    [2, kept],
    [3, forEver],
  ] as const) {
    capCommit(state, capReserve(state, key, key, 9, windowSec, now), now);
  }
  const counts = (at: number): number[] =>
    (
      [
        [1, 60],
        [2, kept],
        [3, forEver],
      ] as const
    ).map(([key, windowSec]) => capCounted(state, key, key, windowSec, at));
  let swept = 0;
  for (let days = 1; days <= 300; days++) {
    const at = now + days * day;
    swept = capSweep(state, swept, 16, at);
    expect([days, ...counts(at)]).toEqual([days, 0, days <= 90 ? 1 : 0, 1]);
  }
});

test("a window of more than 90 days never ends in this process", () => {
  const state = stateWith(16);
  const windowSec = 9999 * 86_400;
  capCommit(state, capReserve(state, 1, 1, 1, windowSec, now), now);
  for (const days of [1, 91, 120, 195, 400]) {
    expect(capReserve(state, 1, 1, 1, windowSec, now + days * 86_400)).toBe(CAPPED);
  }
});

/** Bids, bills and losses of three people by a slow model that keeps every impression's times. */
function slidingRun(seed: number): string[] {
  const random = new SeededRandom(seed);
  const state = stateWith(4);
  const wrong: string[] = [];
  const windowSec = 10 + random.below(200);
  const max = 1 + random.below(7);
  let time = now;
  let live: { person: number; entry: number; bidSec: number }[] = [];
  const shown: { person: number; bidSec: number; billSec: number }[] = [];
  for (let step = 0; step < 300; step++) {
    time += random.below(4) === 0 ? random.below(windowSec) : random.below(3);
    const person = 1 + random.below(3);
    const pending = live.filter((one) => one.person === person).length;
    const inWindow = shown.filter(
      (one) => one.person === person && time - one.billSec <= windowSec,
    );
    const entry = capReserve(state, person, person, max, windowSec, time);
    if (entry >= 0) {
      if (pending + inWindow.length >= max) wrong.push(`seed ${seed} step ${step}: above the cap`);
      live.push({ person, entry, bidSec: time });
    } else if (entry !== CAPPED) wrong.push(`seed ${seed} step ${step}: no place`);
    else if (max <= 4 && pending + inWindow.length < max) {
      wrong.push(`seed ${seed} step ${step}: capped too early`);
    }
    const resolved = live.filter(() => random.below(3) === 0);
    live = live.filter((one) => !resolved.includes(one));
    for (const one of resolved) {
      if (random.below(2) === 0) capRelease(state, one.entry);
      else {
        capCommit(state, one.entry, time);
        shown.push({ person: one.person, bidSec: one.bidSec, billSec: time });
      }
    }
  }
  // Wherever between bid and bill an impression was shown, no stretch of a window holds more than
  // max.
  for (const person of [1, 2, 3]) {
    const times = shown
      .filter((one) => one.person === person)
      .map((one) => one.bidSec + random.below(one.billSec - one.bidSec + 1))
      .sort((a, b) => a - b);
    for (let i = 0; i + max < times.length; i++) {
      if (times[i + max]! - times[i]! <= windowSec - 1)
        wrong.push(`seed ${seed}: a window overfull`);
    }
  }
  return wrong;
}

test("no stretch of a window shows more than the maximum, and up to four are not held back", () => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 400; seed++) wrong.push(...slidingRun(seed));
  expect(wrong).toEqual([]);
});

/**
 * What each thread does: pends every key over and over, from its own starting point, until it is
 * capped.
 */
const contender = `
  const { workerData, parentPort } = require("node:worker_threads");
  (async () => {
    const { capReserve, capRelease } = await import(workerData.cap);
    const { sharedStateFrom } = await import(workerData.shared);
    const state = sharedStateFrom(workerData.buffers, 0);
    const gate = new Int32Array(workerData.gate);
    const got = new Array(workerData.keys).fill(0);
    parentPort.postMessage("ready");
    Atomics.wait(gate, 0, 0);
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < workerData.keys; i++) {
        const entry = capReserve(state, 1000 + i, i, workerData.max, 60, workerData.now);
        if (entry >= 0) got[i]++;
        // A stranger with the same places comes and goes: the first free place differs from look to
        // look.
        const other = capReserve(state, (1000 + i) ^ workerData.stranger, i, 9, 60, workerData.now);
        if (other >= 0) capRelease(state, other);
      }
    }
    parentPort.postMessage(got);
  })();
`;

const compiled = new URL("../../dist/bid/cap.js", import.meta.url);

test.skipIf(!existsSync(compiled))(
  "threads that race for the same people never overrun the cap together",
  async () => {
    const keys = 2000;
    const max = 3;
    const buffers = createSharedBuffers({
      workers: 1,
      places: 1,
      slots: 1,
      ringRecords: 1,
      capEntries: 8192,
    });
    const state = sharedStateFrom(buffers, 0);
    // Every place once belonged to somebody else, so that the race runs over expired entries.
    for (let i = 0; i < 6000; i++) {
      const entry = capReserve(state, i * 7919, i, 1, 60, now - 1000);
      if (entry >= 0) capRelease(state, entry);
    }
    const gate = new SharedArrayBuffer(4);
    const data = {
      cap: compiled.href,
      shared: new URL("../../dist/bid/shared-state.js", import.meta.url).href,
      ...{ buffers, gate, keys, max, now, stranger: 8192 },
    };
    const threads = [0, 1, 2].map(() => new Worker(contender, { eval: true, workerData: data }));
    await Promise.all(threads.map((thread) => once(thread, "message")));
    const results = threads.map((thread) => once(thread, "message"));
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    const counts = (await Promise.all(results)).map(([got]) => got as number[]);
    const totals = Array.from({ length: keys }, (_, i) =>
      counts.reduce((sum, got) => sum + got[i]!, 0),
    );
    expect(Math.max(...totals)).toBe(max);
    expect(Math.min(...totals)).toBe(max);
    await Promise.all(threads.map((thread) => thread.terminate()));
  },
);
