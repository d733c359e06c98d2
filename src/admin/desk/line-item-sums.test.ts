import { expect, test } from "vitest";
import type { Entry } from "../../journal/entry.js";
import { ReportState } from "../../ledger/checkpoint.js";
import type { Measures } from "../../ledger/cube.js";
import { LineSums, minuteMs, SumField, sumFields } from "../../ledger/line-sums.js";
import { type ReportNames, reportOf } from "../../ledger/report.js";
import { randomJournal } from "../../testing/random-journal.js";
import { LineItemSums } from "./line-item-sums.js";
import { SumRows } from "./sum-rows.js";

const lineItems = [101, 102, 103, 201];
/** Half-hour and quarter-hour offsets are where days are easily cut wrongly. */
const zones = ["Asia/Kathmandu", "America/St_Johns", "UTC"];
const none = new Map();
const names = (zone: string): ReportNames => ({
  ...{ agency: none, advertiser: none, campaign: none, lineItem: none, creative: none },
  ...{ exchange: none, deal: none, owner: none, zoneOf: new Map([10, 20].map((id) => [id, zone])) },
});

/** What `crowdbid report --by line-item` says, of one day where one is given. */
function reported(state: ReportState, zone: string, day: string): Map<number, Measures> {
  const ask = { by: ["line-item" as const], from: day, to: day, timeZone: zone, only: {} };
  const { rows } = reportOf([...state.cube.rows()], names(zone), ask);
  const sums = new Map<number, Measures>();
  for (const { cells, measures } of rows) {
    const id = Number(cells[0]?.id);
    const before = sums.get(id);
    if (before === undefined) sums.set(id, { ...measures });
    else {
      for (const name of ["bids", "wins", "billed", "impressions", "clicks"] as const) {
        before[name] += measures[name];
      }
      for (const name of ["media", "margin", "data", "technical"] as const) {
        before[name] += measures[name];
      }
    }
  }
  sums.delete(0);
  return sums;
}

const shown = (measures: Measures) => ({
  bids: measures.bids,
  wins: measures.wins,
  billed: measures.billed,
  impressions: measures.impressions,
  clicks: measures.clicks,
  media: measures.media,
  gross: measures.media + measures.margin + measures.data + measures.technical,
});

const lastMs = (entries: readonly Entry[]): number =>
  entries.reduce((last, entry) => {
    if ("receivedMs" in entry) return Math.max(last, entry.receivedMs);
    return "timeMs" in entry ? Math.max(last, entry.timeMs) : last;
  }, 0);

test("totals and today of every line item are those of the report, to the nano", () => {
  for (const seed of [1, 2]) {
    const entries = randomJournal(seed, 1600);
    const nowMs = lastMs(entries);
    const zone = zones[seed % zones.length]!;
    const state = new ReportState();
    state.takeBlock({ sequence: 1, headCrc: 0 }, entries);
    // A part is replayed at a start in the middle, the rest comes while the program runs.
    const fold = new LineSums(nowMs);
    const sums = new LineItemSums();
    const zoneOf = new Map(lineItems.map((id) => [id, zone]));
    for (const [i, entry] of entries.entries()) {
      if (i < 800) fold.replay(entry);
      else fold.take(entry);
      if (i === 800) sums.todayOf(zoneOf, nowMs);
      if (i % 700 === 0) sums.take(fold.drain() ?? new Float64Array());
    }
    sums.take(fold.drain() ?? new Float64Array());
    const total = reported(state, zone, "");
    expect(total.size).toBe(lineItems.length);
    for (const [id, measures] of total) expect(sums.totalOf(id)).toEqual(shown(measures));
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(nowMs);
    const today = reported(state, zone, day);
    expect(today.size).toBeGreaterThan(0);
    for (const at of [nowMs, nowMs]) {
      const got = sums.todayOf(new Map(zoneOf), at);
      for (const [id, measures] of today) {
        const { media, gross, ...counts } = shown(measures);
        expect(got.get(id)).toEqual({ ...counts, media: Number(media), gross: Number(gross) });
      }
    }
  }
});

test("a plot's points add up to what its hours and minutes hold, without one twice", () => {
  const nowMs = 500_000 * 3_600_000 + 34 * minuteMs;
  const now = nowMs / minuteMs;
  const sums = new LineItemSums();
  const row = (minute: number): number[] => {
    const numbers = new Array<number>(sumFields).fill(0);
    numbers[SumField.id] = 7;
    numbers[SumField.minute] = minute;
    numbers[SumField.bids] = 1;
    return numbers;
  };
  const minutes = Array.from({ length: 20 * 60 }, (_, i) => now - i).reverse();
  sums.take(Float64Array.from(minutes.flatMap(row)));
  const points = sums.seriesOf((id) => id === 7, nowMs);
  expect(points.reduce((sum, point) => sum + point.sums.bids, 0)).toBe(minutes.length);
  expect(points.filter(({ sums: { bids } }) => bids === 1).length).toBeGreaterThan(300);
  expect(points.map(({ atMs }) => atMs)).toEqual(
    [...new Set(points.map(({ atMs }) => atMs))].sort((a, b) => a - b),
  );
  expect(sums.seriesOf((id) => id === 8, nowMs).every(({ sums: { bids } }) => bids === 0)).toBe(
    true,
  );
});

test("rows are bounded: the oldest slots go where more come than there is room for", () => {
  const rows = new SumRows(1, 1000, 4096);
  const one = { bids: 1, wins: 0, billed: 0, impressions: 0, clicks: 0, media: 5, gross: 6 };
  for (let minute = 0; minute < 200; minute++) {
    for (let id = 0; id < 100; id++) rows.add(minute, id, one);
    for (let id = 0; id < 100; id++) rows.add(minute, id, one);
  }
  expect(rows.rows).toBeLessThanOrEqual(4096);
  let newest = 0;
  const seen = new Set<number>();
  rows.each(0, (minute, _, { bids, media, gross }) => {
    expect([bids, media, gross]).toEqual([2, 10, 12]);
    seen.add(minute);
    if (minute === 199) newest++;
  });
  expect(newest).toBe(100);
  expect(seen.size).toBeGreaterThan(20);
});
