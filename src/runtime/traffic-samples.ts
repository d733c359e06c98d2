import type { ErrorCount, ExchangeCounts } from "../admin/desk/exchange-facts.js";
import { lateTolerancePercent } from "../admin/desk/exchange-facts.js";
import { histogramBuckets, quantileUs } from "../base/histogram.js";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import {
  type CounterSums,
  type ExchangeSlots,
  NoticeResult,
  refusalStatuses,
  Single,
} from "./counters.js";

const lookEveryMs = 5000;
const minuteMs = 60_000;
const minutesOfErrors = 60;
const minutesOfLatency = 6 * 60;
const hoursOfLatency = 14 * 24;
/** The time of few requests is nobody's business: whose they were could be known. */
const requestsMin = 100;

type Latency = {
  readonly atMs: number;
  readonly requests: number;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
};
type Look = { readonly atMs: number; readonly counts: ReadonlyMap<string, number> };

/** Every count that an exchange's page shows, by name; those of no exchange alone end in ` *`. */
const shared = {
  wrongCredential: "401 without its credential *",
  unknownExchange: "404 no such exchange *",
  tooLarge: "413 body too large *",
  wrongType: "415 wrong content type *",
  otherRefusals: "other refusals *",
  forged: "notices that are not ours *",
  expired: "notices too late to count *",
  unavailable: "notices answered 503 *",
  shed: "shed under overload *",
} as const;
const own = {
  late: "too late to answer",
  overRate: "above the agreed requests a second",
  unreadable: "400 body cannot be read",
} as const;

/**
 * What the workers' counters were at the ends of the last minutes: what differs is what happened in
 * between. Nothing in it is of one person: latencies of few requests are left out.
 */
export class TrafficSamples {
  private readonly counters: CounterSums;
  private readonly slots: ExchangeSlots;
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;
  private readonly minutes: Look[] = [];
  private last: Look;
  private before: Look;
  private readonly latencies: Latency[] = [];
  private readonly hours: Latency[] = [];
  private minuteCounts: Float64Array;
  private hourCounts: Float64Array;

  constructor(counters: CounterSums, slots: ExchangeSlots, nowMs: () => number) {
    this.counters = counters;
    this.slots = slots;
    this.nowMs = nowMs;
    this.last = this.before = this.lookNow();
    this.minutes.push(this.last);
    this.minuteCounts = this.hourCounts = counters.latencyCounts();
    this.timer = setInterval(() => this.look(), lookEveryMs);
    this.timer.unref();
  }

  readonly stop = (): void => clearInterval(this.timer);

  private lookNow(): Look {
    const { counters } = this;
    const counts = new Map<string, number>();
    for (const [slot] of this.slots.entries()) {
      counts.set(`${slot} requests`, counters.requests(slot));
      counts.set(`${slot} ${own.late}`, counters.noBids(slot, Outcome.DEADLINE));
      counts.set(`${slot} ${own.overRate}`, counters.noBids(slot, Outcome.EXCHANGE_QPS));
      counts.set(`${slot} ${own.unreadable}`, counters.unreadable(slot));
    }
    const refused = (...statuses: number[]): number =>
      statuses.reduce((sum, status) => {
        const place = refusalStatuses.indexOf(status as (typeof refusalStatuses)[number]);
        return sum + counters.refusals(place);
      }, 0);
    counts.set(shared.wrongCredential, refused(401));
    counts.set(shared.unknownExchange, refused(404));
    counts.set(shared.tooLarge, refused(413));
    counts.set(shared.wrongType, refused(415));
    counts.set(
      shared.otherRefusals,
      refused(405, 408, 411) + counters.refusals(refusalStatuses.length),
    );
    const notices = (result: NoticeResult): number =>
      Object.values(NoticeKind).reduce((sum, kind) => sum + counters.notices(kind, result), 0);
    counts.set(shared.forged, notices(NoticeResult.FORGED));
    counts.set(shared.expired, notices(NoticeResult.EXPIRED));
    counts.set(shared.unavailable, notices(NoticeResult.UNAVAILABLE));
    counts.set(shared.shed, counters.single(Single.SHED));
    return { atMs: this.nowMs(), counts };
  }

  /** Every few seconds; a minute that has ended is kept. */
  look(): void {
    const now = this.lookNow();
    this.before = this.last;
    this.last = now;
    const newest = this.minutes.at(-1)!;
    // A clock that goes back begins a minute anew.
    if (Math.floor(now.atMs / minuteMs) === Math.floor(newest.atMs / minuteMs)) return;
    this.minutes.push(now);
    while (this.minutes.length > minutesOfErrors + 1) this.minutes.shift();
    const counts = this.counters.latencyCounts();
    push(this.latencies, latencyOf(newest.atMs, counts, this.minuteCounts), minutesOfLatency);
    this.minuteCounts = counts;
    if (Math.floor(now.atMs / 3_600_000) === Math.floor(newest.atMs / 3_600_000)) return;
    push(this.hours, latencyOf(newest.atMs, counts, this.hourCounts), hoursOfLatency);
    this.hourCounts = counts;
  }

  /** Hours up to where the minutes begin, then minutes. */
  latency(): readonly Latency[] {
    const first = this.latencies[0]?.atMs ?? Number.POSITIVE_INFINITY;
    return [...this.hours.filter(({ atMs }) => atMs < first), ...this.latencies];
  }

  of(exchange: number): Omit<ExchangeCounts, "wins"> {
    const slot = this.slots.slotOf(exchange);
    const now = this.lookNow();
    const hourAgo = this.minutes[0]!;
    const error = (kind: string, name: string, tolerancePercent: number | null): ErrorCount => {
      const sinceStart = now.counts.get(name) ?? 0;
      const lastHour = sinceStart - (hourAgo.counts.get(name) ?? 0);
      return { kind, lastHour, sinceStart, tolerancePercent };
    };
    const requests = `${slot} requests`;
    const sec = Math.max(1, (this.last.atMs - this.before.atMs) / 1000);
    const asked = (look: Look): number => look.counts.get(requests) ?? 0;
    return {
      requests: this.counters.requests(slot),
      bids: this.counters.bids(slot),
      queriesPerSecond: Math.round(((asked(this.last) - asked(this.before)) / sec) * 10) / 10,
      errors: [
        error(own.late, `${slot} ${own.late}`, lateTolerancePercent),
        error(own.overRate, `${slot} ${own.overRate}`, null),
        error(own.unreadable, `${slot} ${own.unreadable}`, null),
        ...Object.values(shared).map((name) => error(name.replace(" *", " (all)"), name, null)),
      ],
    };
  }
}

function push(list: Latency[], latency: Latency, most: number): void {
  list.push(latency);
  while (list.length > most) list.shift();
}

function latencyOf(atMs: number, counts: Float64Array, before: Float64Array): Latency {
  const between = new Float64Array(histogramBuckets);
  let requests = 0;
  for (let i = 0; i < histogramBuckets; i++) {
    between[i] = counts[i]! - before[i]!;
    requests += between[i]!;
  }
  const quantile = (share: number): number | null =>
    requests < requestsMin ? null : quantileUs(between, share);
  return { atMs, requests, p50Us: quantile(0.5), p99Us: quantile(0.99) };
}
