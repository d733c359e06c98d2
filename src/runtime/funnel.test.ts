import { expect, test } from "vitest";
import { ManualClock } from "../base/clock.js";
import { sipKeyFrom } from "../base/hash.js";
import { Outcome } from "../base/outcome.js";
import { CounterSums, ExchangeSlots, newCounters, WorkerCounters } from "./counters.js";
import {
  Funnel,
  type FunnelRow,
  funnelNoise,
  funnelRows,
  funnelTickMs,
  noBidSeries,
} from "./funnel.js";

const start = Date.UTC(2026, 10, 26, 10, 7);
const key = (n: number) => sipKeyFrom(new Uint8Array(16).fill(n));
const complaints: unknown[] = [];

function funnelOver(rows: FunnelRow[], n = 1, note: (tick: string) => void = () => {}) {
  const clock = new ManualClock(start);
  const log = { error: (fields: object) => void complaints.push(fields) };
  const funnel = new Funnel({ key: key(n), clock, rows: () => rows, note, log });
  funnel.stop();
  const after = (ms: number): number => {
    clock.advance(ms);
    funnel.look();
    return funnel.shown("a");
  };
  return { funnel, after };
}
const row = (count: number, ceiling = 1e9): FunnelRow => ({ series: "a", count, ceiling });

test("a count moves at the end of a quarter of an hour, and not before", () => {
  const rows = [row(1e6)];
  const { after } = funnelOver(rows);
  expect([after(1000), after(7 * 60_000)]).toEqual([0, 0]);
  const first = after(60_000);
  expect(Math.abs(first - 1e6)).toBeLessThanOrEqual(funnelNoise().margin);
  expect(first).not.toBe(1e6);
  rows[0] = row(2e6, 2e9);
  expect([after(1000), after(600_000)]).toEqual([first, first]);
  expect(Math.abs(after(300_000) - 2e6)).toBeLessThanOrEqual(2 * funnelNoise().margin);
});

test("the noise is the same for one key, series and tick, and another for each other", () => {
  const shown = [1, 1, 2, 3].map((n) => funnelOver([row(1e6)], n).after(funnelTickMs));
  expect(shown[0]).toBe(shown[1]);
  expect(new Set(shown).size).toBe(3);
  const { funnel, after } = funnelOver([row(1e6), { ...row(1e6), series: "b" }]);
  expect(after(funnelTickMs)).not.toBe(funnel.shown("b"));
});

test("a shown count never falls, is never above what was asked, and idle ones stay", () => {
  let asked = 0;
  const rows = [row(0)];
  const { after } = funnelOver(rows, 5);
  let before = 0;
  let steps = 0;
  for (let tick = 1; tick <= 200; tick++) {
    asked += tick % 3 === 0 ? 0 : 5000;
    rows[0] = row(asked / 2, asked);
    const shown = after(funnelTickMs);
    expect(shown).toBeGreaterThanOrEqual(before);
    expect(shown).toBeLessThanOrEqual(asked);
    if (tick % 3 === 0) expect(shown).toBe(before);
    if (shown > before) steps++;
    before = shown;
  }
  expect(steps).toBeGreaterThan(20);
});

test("over many ticks the noise cancels out", () => {
  const rows = [row(0)];
  const { after } = funnelOver(rows, 6);
  let shown = 0;
  for (let tick = 1; tick <= 400; tick++) {
    rows[0] = row(tick * 1e5, tick * 1e6);
    shown = after(funnelTickMs);
  }
  expect(Math.abs(shown - 4e7)).toBeLessThan(20 * 4000 * 8);
});

test("a tick that the release ledger does not take is not shown until it does", () => {
  let full = true;
  const ticks: string[] = [];
  const { after } = funnelOver([row(1e6)], 1, (tick) => {
    if (full) throw new Error("ENOSPC");
    ticks.push(tick);
  });
  expect(after(funnelTickMs)).toBe(0);
  expect(complaints).toHaveLength(1);
  full = false;
  expect(after(1000)).toBeGreaterThan(0);
  expect(ticks).toEqual(["2026-11-26T10:15:00.000Z"]);
});

test("reasons of a person are summed, and context's reasons are not in the funnel", () => {
  const buffer = newCounters();
  const worker = new WorkerCounters(buffer);
  const slots = new ExchangeSlots();
  worker.useSlots(slots.slotsFor([{ id: 4, name: "openrtb26" }]));
  worker.request(0);
  for (const outcome of Object.values(Outcome)) worker.noBid(0, outcome);
  const rows = funnelRows(new CounterSums([buffer]), slots, 9);
  const counts = new Map(rows.map(({ series, count }) => [series, count]));
  expect(counts.get(noBidSeries(1, "person"))).toBe(3);
  expect(counts.get(noBidSeries(1, "no_allowance"))).toBe(1);
  expect(counts.has(noBidSeries(1, "targeting"))).toBe(false);
  expect(counts.get("exposures")).toBe(9);
});
