import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import {
  CounterSums,
  ExchangeSlots,
  NoticeResult,
  newCounters,
  Single,
  WorkerCounters,
} from "./counters.js";
import { createMetrics } from "./metrics.js";

function setUp(epochAgeSeconds: number | null, shown: Record<string, number> = {}) {
  const buffer = newCounters();
  const worker = new WorkerCounters(buffer);
  const slots = new ExchangeSlots();
  worker.useSlots(slots.slotsFor([{ id: 4, name: "openrtb26" }]));
  const registry = createMetrics({
    counters: new CounterSums([buffer]),
    slots,
    funnel: { shown: (series) => shown[series] ?? 0 },
    generation: () => 12,
    epoch: () => 3,
    epochAgeSeconds: () => epochAgeSeconds,
    repeatedNotices: () => 7,
    snapshotsRefused: () => new Map([["not_newer" as const, 2]]),
  });
  return { worker, scrape: () => registry.metrics() };
}

test("a scrape prints what the workers counted, and again what they counted since", async () => {
  const { worker, scrape } = setUp(60);
  worker.request(0);
  worker.bids(0, 3);
  worker.noBid(0, Outcome.NO_CONSENT);
  worker.notice(NoticeKind.WIN, NoticeResult.FORGED);
  worker.refused(413);
  worker.add(Single.SHED, 2);
  expect(await scrape()).toContain('crowdbid_requests_total{exchange="openrtb26"} 1\n');
  worker.request(0);
  const text = await scrape();
  for (const line of [
    'crowdbid_requests_total{exchange="openrtb26"} 2',
    'crowdbid_bids_total{exchange="openrtb26"} 3',
    'crowdbid_no_bids_total{exchange="openrtb26",reason="no_consent"} 1',
    'crowdbid_notices_total{kind="win",result="forged"} 1',
    'crowdbid_refusals_total{status="413"} 1',
    "crowdbid_shed_total 2",
    "crowdbid_notices_repeated_total 7",
    'crowdbid_snapshot_refused_total{code="not_newer"} 2',
    "crowdbid_generation 12",
    "crowdbid_epoch 3",
    "crowdbid_epoch_age_seconds 60",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).toMatch(/^crowdbid_process_cpu_seconds_total /m);
});

test("what depends on people is shown as the funnel shows it, in one reason for all of them", async () => {
  const { worker, scrape } = setUp(60, { "no_bids 1 person": 7, "no_bids 1 below_floor": 5 });
  for (const outcome of Object.values(Outcome)) worker.noBid(0, outcome);
  const rows = (await scrape()).split("\n").filter((line) => /reason="/.test(line));
  const values = new Map(rows.map((row) => [/reason="(\w+)"/.exec(row)?.[1], row.split(" ")[1]]));
  expect([values.get("person"), values.get("below_floor")]).toEqual(["7", "5"]);
  for (const reason of ["no_creative", "no_allowance", "paced", "table_full", "audience"]) {
    expect(values.has(reason), reason).toBe(false);
  }
  expect(values.get("rate_missing")).toBe("1");
  expect(rows.join()).not.toMatch(/audience|identifier|capped/);
});

test("the histogram is cumulative, and its last bucket is its count", async () => {
  const { worker, scrape } = setUp(null);
  for (const durationUs of [10, 15, 16, 100, 5000, 3e7]) worker.latency(durationUs);
  const lines = (await scrape()).split("\n");
  const name = "crowdbid_request_duration_seconds";
  expect(lines).toContain(`# TYPE ${name} histogram`);
  const counts = lines
    .filter((line) => line.startsWith(`${name}_bucket`))
    .map((line) => Number(line.split(" ")[1]));
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(lines).toContain(`${name}_bucket{le="0.000016"} 2`);
  expect(lines).toContain(`${name}_bucket{le="0.000128"} 4`);
  expect(lines).toContain(`${name}_bucket{le="+Inf"} 6`);
  expect(lines).toContain(`${name}_count 6`);
  expect(lines.find((line) => line.startsWith(`${name}_sum`))).toBe(`${name}_sum 30.005`);
});

test("the empty snapshot has no age", async () => {
  const { scrape } = setUp(null);
  const values = (await scrape()).split("\n").filter((line) => /^crowdbid_epoch_age/.test(line));
  expect(values).toEqual([]);
});

test("alarms of holds, counts and folds are printed", async () => {
  const registry = createMetrics({
    counters: new CounterSums([newCounters()]),
    ...{ slots: new ExchangeSlots(), generation: () => 1, epoch: () => 0 },
    epochAgeSeconds: () => null,
    health: () => ({
      ...{ configErrors: 1, audiencesCertified: 2, audiencesRefused: 3, journalFailed: 0 },
      ...{ ledgerFailed: 0, campaignsHeld: 4, exchangesHeld: 5, bidsUncounted: 6 },
      foldsFailed: ["wins"],
    }),
  });
  const lines = (await registry.metrics()).split("\n");
  expect(lines).toContain("crowdbid_campaigns_held 4");
  expect(lines).toContain("crowdbid_exchanges_held 5");
  expect(lines).toContain("crowdbid_bids_uncounted 6");
  expect(lines).toContain('crowdbid_fold_failed{fold="wins"} 1');
  expect(lines).toContain('crowdbid_fold_failed{fold="exposures"} 0');
});
