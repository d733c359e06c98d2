import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { countBelow } from "../base/histogram.js";
import { NoticeKind } from "../base/lists.js";
import { isBehindPerson, Outcome, outcomeLabel } from "../base/outcome.js";
import { type RefusalCode, refusalCodes } from "../index/verify.js";
import type { AskingAlarm } from "./asking-alarm.js";
import type { CapFacts } from "./cap-alarm.js";
import type { ClockFacts } from "./clock-alarm.js";
import {
  type CounterSums,
  type ExchangeSlots,
  NoticeResult,
  refusalStatuses,
  Single,
} from "./counters.js";
import { exposuresSeries, type Funnel, noBidSeries } from "./funnel.js";
import { type FoldName, foldNames } from "./guarded-fold.js";

/** What the metrics show beside the workers' counters, asked at each scrape. */
export type MetricSources = {
  readonly counters: CounterSums;
  readonly slots: ExchangeSlots;
  /** Numbers that depend on people, as they are shown; absent = not at all. */
  readonly funnel?: Pick<Funnel, "shown">;
  readonly generation: () => number;
  readonly epoch: () => number;
  /** null on epoch 0, which has no age. */
  readonly epochAgeSeconds: () => number | null;
  /** Counted notices that had come before: of the money thread's totals. */
  readonly repeatedNotices?: () => number;
  /** Frequency caps and the exposure log. */
  readonly caps?: () => CapFacts;
  /** By which tokens expire. */
  readonly moneyClock?: () => ClockFacts;
  /** Refused snapshots since the start. */
  readonly snapshotsRefused?: () => ReadonlyMap<RefusalCode, number>;
  readonly asking?: () => readonly AskingAlarm[];
  readonly ghostsLost?: () => number;
  /** What keeps a part of the World from bidding; see the names of the gauges. */
  readonly health?: () => {
    readonly configErrors: number;
    readonly audiencesCertified: number;
    readonly audiencesRefused: number;
    readonly journalFailed: number;
    readonly ledgerFailed: number;
    readonly campaignsHeld: number;
    readonly exchangesHeld: number;
    readonly bidsUncounted: number;
    readonly foldsFailed: readonly FoldName[];
  };
};

const prefix = "crowdbid_";
/** Powers of two in microseconds: there the histogram's buckets end, so the counts are exact. */
const durationLimitsUs = Array.from({ length: 17 }, (_, i) => 2 ** (i + 4));
const contextOutcomes = Object.values(Outcome).filter(
  (outcome) => outcome !== Outcome.BID && !isBehindPerson(outcome),
);
const behindPersonLabels = new Set(Object.values(Outcome).filter(isBehindPerson).map(outcomeLabel));

const lower = <T extends Record<string, number>>(names: T): [string, T[keyof T]][] =>
  Object.entries(names).map(([name, value]) => [name.toLowerCase(), value as T[keyof T]]);

const durationName = `${prefix}request_duration_seconds`;
const durationHelp = "Time from the arrival of a bid request's head to its answer.";

/** Comes ready counted from the workers: prom-client's own way is to observe one by one. */
class DurationHistogram extends Histogram {
  private readonly counters: CounterSums;

  constructor(registry: Registry, counters: CounterSums) {
    super({ name: durationName, help: durationHelp, registers: [registry] });
    this.counters = counters;
  }

  /** Where prom-client's registry and its own `get` take the rows from (not in its types). */
  async getForPromString() {
    const counts = this.counters.latencyCounts();
    const count = counts.reduce((sum, bucket) => sum + bucket, 0);
    const row = (suffix: string, labels: Record<string, number | string>, value: number) => ({
      metricName: `${durationName}_${suffix}`,
      labels,
      value,
    });
    const values = [
      ...durationLimitsUs.map((us) => row("bucket", { le: us / 1e6 }, countBelow(counts, us))),
      row("bucket", { le: "+Inf" }, count),
      // Whole milliseconds: the time of one request is nobody's business.
      row("sum", {}, Math.floor(this.counters.latencySumUs() / 1e3) / 1e3),
      row("count", {}, count),
    ];
    return { name: durationName, help: durationHelp, type: "histogram", aggregator: "sum", values };
  }
}

type Row = readonly [labels: Record<string, string>, value: number];

/** A counter whose rows are read anew at each scrape; rows without a count are left out. */
function counter(registry: Registry, name: string, help: string, rows: () => Iterable<Row>): void {
  new Counter({
    name: `${prefix}${name}`,
    help,
    labelNames: ["exchange", "reason", "kind", "result", "status", "code"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of rows()) if (value > 0) this.inc(labels, value);
    },
  });
}

function gauge(registry: Registry, name: string, help: string, value: () => number | null): void {
  new Gauge({
    name: `${prefix}${name}`,
    help,
    registers: [registry],
    collect() {
      const now = value();
      if (now === null) this.remove();
      else this.set(now);
    },
  });
}

function trafficMetrics(registry: Registry, sources: MetricSources): void {
  const { counters, slots } = sources;
  counter(registry, "requests_total", "Bid requests that were decided.", function* () {
    for (const [slot, exchange] of slots.entries()) yield [{ exchange }, counters.requests(slot)];
  });
  counter(registry, "bids_total", "Bids in answers.", function* () {
    for (const [slot, exchange] of slots.entries()) yield [{ exchange }, counters.bids(slot)];
  });
  const noBidHelp =
    "Bid requests without a bid, by reason; all that a person causes is one reason, and what " +
    "comes behind the person's groups is shown every 15 minutes, with noise.";
  counter(registry, "no_bids_total", noBidHelp, function* () {
    for (const [slot, exchange] of slots.entries()) {
      for (const outcome of contextOutcomes) {
        const reason = outcomeLabel(outcome);
        yield [{ exchange, reason }, counters.noBids(slot, outcome)];
      }
      for (const reason of behindPersonLabels) {
        yield [{ exchange, reason }, sources.funnel?.shown(noBidSeries(slot, reason)) ?? 0];
      }
    }
  });
  counter(registry, "notices_total", "Win, billing, loss and other notices.", function* () {
    for (const [kind, kindNumber] of lower(NoticeKind)) {
      for (const [result, resultNumber] of lower(NoticeResult)) {
        yield [{ kind, result }, counters.notices(kindNumber, resultNumber)];
      }
    }
  });
  const repeatedHelp = "Counted notices that had come before: they changed nothing.";
  counter(registry, "notices_repeated_total", repeatedHelp, () => [
    [{}, sources.repeatedNotices?.() ?? 0],
  ]);
  counter(registry, "refusals_total", "Requests refused before a decision.", function* () {
    for (const [place, status] of [...refusalStatuses, "other"].entries()) {
      yield [{ status: String(status) }, counters.refusals(place)];
    }
  });
}

function workerMetrics(registry: Registry, { counters }: MetricSources): void {
  const single = (name: string, help: string, field: Single): void =>
    counter(registry, name, help, () => [[{}, counters.single(field)]]);
  single("worlds_adopted_total", "Worlds adopted, summed over workers.", Single.WORLDS_ADOPTED);
  single("ring_full_total", "Bids and notices dropped on a full ring.", Single.RING_FULL);
  single("counts_lost_total", "Requests and bids that reports miss.", Single.COUNTS_LOST);
  single("shed_total", "Requests answered 204 under overload.", Single.SHED);
  single("failures_total", "Broken invariants while answering.", Single.FAILED);
  const highest = (field: Single): number => Math.max(0, ...counters.levels(field));
  gauge(registry, "worker_heap_bytes", "Heap of the largest worker.", () =>
    highest(Single.HEAP_BYTES),
  );
  gauge(
    registry,
    "worker_lag_seconds",
    "Event loop lag of the slowest worker.",
    () => highest(Single.LAG_MS) / 1e3,
  );
}

function healthMetrics(registry: Registry, { health, snapshotsRefused }: MetricSources): void {
  const refusedHelp = "Snapshots that were refused, by reason; the last good one stays.";
  counter(registry, "snapshot_refused_total", refusedHelp, function* () {
    const counts = snapshotsRefused?.();
    for (const code of refusalCodes) yield [{ code }, counts?.get(code) ?? 0];
  });
  if (health === undefined) return;
  const gauges = [
    ["config_errors", "Errors of the last read config; above 0 the one before is served."],
    ["audiences_certified", "Audiences that may bid in the served epoch."],
    ["audiences_refused", "Audiences that may not: too small, or of an unknown segment."],
    ["campaigns_held", "Campaigns held at an exchange whose wins are not credible: an alarm."],
    ["exchanges_held", "Exchanges held for every campaign: a hold found no room: an alarm."],
    ["bids_uncounted", "Bids without room in the counts by campaign and exchange: an alarm."],
    ["journal_failed", "1 = billing has stopped: notices get 503 and nothing is bid."],
    ["ledger_failed", "1 = the running ledger does not balance: reports read the journal anew."],
  ] as const;
  const fields = [
    "configErrors",
    "audiencesCertified",
    "audiencesRefused",
    "campaignsHeld",
    "exchangesHeld",
    "bidsUncounted",
    "journalFailed",
    "ledgerFailed",
  ] as const;
  gauges.forEach(([name, help], i) => {
    gauge(registry, name, help, () => health()[fields[i] ?? "configErrors"]);
  });
  new Gauge({
    name: `${prefix}fold_failed`,
    help: "1 = a fold of the journal has stopped, billing goes on: an alarm.",
    labelNames: ["fold"],
    registers: [registry],
    collect() {
      const failed = health().foldsFailed;
      for (const fold of foldNames) this.set({ fold }, failed.includes(fold) ? 1 : 0);
    },
  });
}

function capMetrics(
  registry: Registry,
  caps: () => CapFacts,
  funnel: MetricSources["funnel"],
): void {
  const fullHelp = "Bids that were not made because the table of frequency caps was full.";
  counter(registry, "cap_table_full_total", fullHelp, () => [[{}, caps().tableFull]]);
  const rowsHelp = "Rows of the exposure log; every 15 minutes, with noise.";
  counter(registry, "exposures_total", rowsHelp, () => [[{}, funnel?.shown(exposuresSeries) ?? 0]]);
  const lostHelp = "Exposures that the disk did not take.";
  counter(registry, "exposures_lost_total", lostHelp, () => [[{}, caps().exposuresLost]]);
  const heldHelp = "Frequency caps that bid for nobody while something is not counted or written.";
  gauge(registry, "cap_rules_held", heldHelp, () => caps().rulesHeld);
  const failedHelp = "1 = the exposure log cannot be written or read, or what writes it threw.";
  gauge(registry, "exposure_log_failed", failedHelp, () => (caps().failure === "" ? 0 : 1));
}

function clockMetrics(registry: Registry, clock: () => ClockFacts): void {
  const aheadHelp = "Seconds by which the clock was set ahead and is not believed; 0 = it is.";
  gauge(registry, "clock_doubted_seconds", aheadHelp, () => clock().aheadSec);
  const doubtedHelp = "Notices that only that clock calls expired: answered 503.";
  counter(registry, "notices_doubted_total", doubtedHelp, () => [[{}, clock().doubted]]);
}

/** 1 = on; absent = off. */
function askingMetrics(registry: Registry, { asking, ghostsLost }: MetricSources): void {
  if (ghostsLost !== undefined) {
    const help = "Bids not made for control groups that the exposure log misses.";
    counter(registry, "ghosts_lost_total", help, () => [[{}, ghostsLost()]]);
  }
  if (asking === undefined) return;
  new Gauge({
    name: `${prefix}asking_alarm`,
    help: "1 = an exchange's requests look like probing for what we know of people.",
    labelNames: ["exchange", "kind"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { exchange, kind } of asking()) this.set({ exchange, kind }, 1);
    },
  });
}

/** The registry that `GET /metrics` prints. Labels come from closed lists and the config alone. */
export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry();
  trafficMetrics(registry, sources);
  healthMetrics(registry, sources);
  if (sources.caps !== undefined) capMetrics(registry, sources.caps, sources.funnel);
  if (sources.moneyClock !== undefined) clockMetrics(registry, sources.moneyClock);
  askingMetrics(registry, sources);
  new DurationHistogram(registry, sources.counters);
  workerMetrics(registry, sources);
  gauge(registry, "generation", "Number of the published World.", sources.generation);
  gauge(registry, "epoch", "Number of the segment snapshot; 0 is the empty one.", sources.epoch);
  const ageHelp = "Age of the segment snapshot; absent on epoch 0.";
  gauge(registry, "epoch_age_seconds", ageHelp, sources.epochAgeSeconds);
  collectDefaultMetrics({ register: registry, prefix });
  return registry;
}
