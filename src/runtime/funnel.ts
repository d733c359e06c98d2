import type { Clock } from "../base/clock.js";
import { crowdDelta, crowdEpsilonInverse, crowdMargin } from "../base/crowd-minimum.js";
import { DiscreteLaplace } from "../base/discrete-laplace.js";
import { Hash64, type SipKey } from "../base/hash.js";
import { personAnswersMax } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { isBehindPerson, Outcome, outcomeLabel } from "../base/outcome.js";
import { sipHash24Into } from "../base/siphash.js";
import { type CounterSums, type ExchangeSlots, NoticeResult } from "./counters.js";
import type { Log } from "./log.js";
import { reasonOf } from "./worker-messages.js";

/**
 * Counts that depend on people. Whoever may send requests and read /metrics could ask about
 * somebody and see the count behind it move: so they move every 15 minutes only, and with noise.
 */
export const funnelTickMs = 15 * 60_000;

/**
 * What one person can move in all counts of an exchange on one day: the groups answer so often, and
 * an answer is taken out of one count and put into another. With epsilon for all of it, the
 * counts of a whole day, all ticks together, tell epsilon = 0.1 of a person, as a verdict does.
 */
export const funnelShiftMax = 2 * personAnswersMax;
const scale = funnelShiftMax * crowdEpsilonInverse;

/** Made when it is needed: its table takes 3 MB. */
export const funnelNoise = (): DiscreteLaplace => {
  made ??= new DiscreteLaplace(scale, crowdMargin(1 / scale, crowdDelta));
  return made;
};
let made: DiscreteLaplace | null = null;

/** `ceiling` is a count of no person that this one cannot be above, such as requests. */
export type FunnelRow = {
  readonly series: string;
  readonly count: number;
  readonly ceiling: number;
};

export const noBidSeries = (slot: number, reason: string): string => `no_bids ${slot} ${reason}`;
export const exposuresSeries = "exposures";

const behindPerson = Object.values(Outcome).filter(isBehindPerson);

/** The counters behind the person's groups, by exchange and reason as they are shown. */
export function funnelRows(
  counters: CounterSums,
  slots: ExchangeSlots,
  exposures: number,
): FunnelRow[] {
  const rows: FunnelRow[] = [];
  let asked = 0;
  for (const [slot] of slots.entries()) {
    const ceiling = counters.requests(slot);
    asked += ceiling;
    const counts = new Map<string, number>();
    for (const outcome of behindPerson) {
      const reason = outcomeLabel(outcome);
      counts.set(reason, (counts.get(reason) ?? 0) + counters.noBids(slot, outcome));
    }
    for (const [reason, count] of counts) {
      rows.push({ series: noBidSeries(slot, reason), count, ceiling });
    }
  }
  for (const kind of Object.values(NoticeKind)) {
    asked += counters.notices(kind, NoticeResult.COUNTED);
  }
  rows.push({ series: exposuresSeries, count: exposures, ceiling: asked });
  return rows;
}

type Series = {
  /** True count and ceiling at the last tick. */
  readonly count: number;
  readonly ceiling: number;
  readonly shown: number;
  /** What noise below zero still has to be taken off: shown counts never fall. */
  readonly owed: number;
};

export type FunnelParts = {
  readonly key: SipKey;
  readonly clock: Pick<Clock, "nowMs">;
  readonly rows: () => readonly FunnelRow[];
  /** Before anything of a tick (its end, ISO 8601) is shown; throws where it must not be. */
  readonly note: (tick: string, counts: Readonly<Record<string, number>>) => void;
  readonly log: Pick<Log, "error">;
};

const lookEveryMs = 1000;

export class Funnel {
  private readonly parts: FunnelParts;
  private readonly timer: NodeJS.Timeout;
  private series: ReadonlyMap<string, Series> = new Map();
  private tick: number;

  constructor(parts: FunnelParts) {
    this.parts = parts;
    this.tick = this.tickNow();
    this.timer = setInterval(() => this.look(), lookEveryMs);
    this.timer.unref();
  }

  private tickNow(): number {
    return Math.floor(this.parts.clock.nowMs() / funnelTickMs);
  }

  /** As of the last tick; 0 before the first. */
  shown(series: string): number {
    return this.series.get(series)?.shown ?? 0;
  }

  readonly stop = (): void => clearInterval(this.timer);

  /** Takes the counts where a tick has ended. A clock that goes back shows nothing new. */
  look(): void {
    const tick = this.tickNow();
    if (tick <= this.tick) return;
    const next = new Map(this.series);
    const counts: Record<string, number> = {};
    for (const row of this.parts.rows()) {
      const before = this.series.get(row.series) ?? nothing;
      // Nobody asked: no noise, or an idle exchange would seem to be asked.
      if (row.ceiling === before.ceiling) continue;
      const after = stepOf(before, row, this.noiseOf(row.series, tick));
      next.set(row.series, after);
      counts[row.series] = after.shown;
    }
    try {
      const end = new Date(tick * funnelTickMs).toISOString();
      if (Object.keys(counts).length > 0) this.parts.note(end, counts);
    } catch (error) {
      const words = "a tick of counts is not in the release ledger, and is not shown";
      this.parts.log.error({ reason: reasonOf(error) }, words);
      return;
    }
    this.series = next;
    this.tick = tick;
  }

  /** The same for the same series and tick, whoever asks and however often. */
  private noiseOf(series: string, tick: number): number {
    const message = new TextEncoder().encode(`${domain}${tick} ${series}`);
    sipHash24Into(this.parts.key, message, 0, message.length, hash);
    return funnelNoise().at((BigInt(hash.hi) << 32n) | BigInt(hash.lo));
  }
}

/** Tells this use of the crowd minimum's key from its own. */
const domain = "funnel ";
const hash = new Hash64();
const nothing: Series = { count: 0, ceiling: 0, shown: 0, owed: 0 };

function stepOf(before: Series, { count, ceiling }: FunnelRow, noise: number): Series {
  const wanted = before.shown + before.owed + (count - before.count) + noise;
  const shown = Math.min(Math.max(wanted, before.shown), ceiling);
  return { count, ceiling, shown, owed: wanted - shown };
}
