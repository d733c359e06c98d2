import fc from "fast-check";
import { expect, test } from "vitest";
import { RingReader, RingWriter, ringBytes } from "../base/ring.js";
import type { CountEntry } from "../journal/entry.js";
import { countEntries } from "../journal/ring-entry.js";
import { addCount, CountTable, flushCounts } from "./counts.js";

function worker(records: number, max: number) {
  const buffer = new SharedArrayBuffer(ringBytes(records));
  const ring = new RingWriter(buffer, new Int32Array(new SharedArrayBuffer(4)));
  const reader = new RingReader(buffer);
  const table = new CountTable(max);
  const taken: CountEntry[] = [];
  const take = (): void => {
    const to = reader.published();
    for (let at = reader.consumed(); at !== to; at = (at + 1) | 0) {
      countEntries(reader, reader.offsetOf(at), 1, taken);
    }
    reader.consumeTo(to);
  };
  return { ring, table, taken, take };
}

/** Sums by hour, cell and line item as text: requests, bids, no-bids. */
function sumsOf(entries: readonly CountEntry[]): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const { hour, cell, lineItem, requests, bids, noBids } of entries) {
    const key = `${hour}:${cell}:${lineItem}`;
    const sum = sums[key] ?? [0, 0, 0];
    sums[key] = sum;
    for (const [i, n] of [requests, bids, noBids].entries()) sum[i] = sum[i]! + n;
  }
  return sums;
}

test("an hour's requests and bids come out as one record of sums", () => {
  const { ring, table, taken, take } = worker(4, 16);
  for (let i = 0; i < 3; i++) addCount(table, ring, 7, 5, 0, i === 0 ? 1 : 0);
  addCount(table, ring, 7, 9, 101, 0);
  addCount(table, ring, 7, 9, 101, 0);
  expect(flushCounts(table, ring)).toBe(true);
  take();
  expect(sumsOf(taken)).toEqual({ "7:5:0": [3, 0, 1], "7:9:101": [0, 2, 0] });
  expect([table.count, flushCounts(table, ring)]).toEqual([0, true]);
  take();
  expect(taken).toHaveLength(2);
});

test("a new hour hands the old one over first", () => {
  const { ring, table, taken, take } = worker(4, 16);
  addCount(table, ring, 7, 5, 0, 0);
  addCount(table, ring, 8, 5, 0, 0);
  flushCounts(table, ring);
  take();
  expect(sumsOf(taken)).toEqual({ "7:5:0": [1, 0, 0], "8:5:0": [1, 0, 0] });
});

test("whatever the ring takes and when, every count comes out once", () => {
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.record({ cell: fc.nat(19), lineItem: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.constant("take" as const) },
    { weight: 1, arbitrary: fc.constant("flush" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { ring, table, taken, take } = worker(2, 32);
      const wanted: CountEntry[] = [];
      for (const one of steps) {
        if (one === "take") take();
        else if (one === "flush") flushCounts(table, ring);
        else {
          const { cell, lineItem } = one;
          const lost = table.lost;
          addCount(table, ring, 0, cell, lineItem, cell & 1);
          if (table.lost > lost) continue;
          const counts = lineItem === 0 ? { requests: 1, bids: 0 } : { requests: 0, bids: 1 };
          wanted.push({ kind: 8, boot: 1, hour: 0, cell, lineItem, ...counts, noBids: cell & 1 });
        }
      }
      for (let i = 0; i < 4; i++) {
        flushCounts(table, ring);
        take();
      }
      expect(table.count).toBe(0);
      expect(sumsOf(taken)).toEqual(sumsOf(wanted));
    }),
  );
});

test("what a nearly full ring does not take stays, and only that", () => {
  const { ring, table, taken, take } = worker(1, 16);
  for (let cell = 1; cell <= 10; cell++) addCount(table, ring, 7, cell, 0, 0);
  expect(flushCounts(table, ring)).toBe(false);
  expect(table.count).toBe(3);
  addCount(table, ring, 8, 1, 0, 0);
  take();
  expect(flushCounts(table, ring)).toBe(true);
  take();
  const requests = taken.reduce((sum, entry) => sum + entry.requests, 0);
  expect([requests, taken.every(({ hour }) => hour === 7)]).toEqual([11, true]);
});

test("a table that is full while the ring is too loses new places, and says how many", () => {
  const { ring, table } = worker(1, 4);
  ring.publish(false);
  for (let cell = 1; cell <= 6; cell++) addCount(table, ring, 0, cell, 0, 0);
  addCount(table, ring, 0, 1, 0, 0);
  expect([table.count, table.lost]).toEqual([4, 2]);
});
