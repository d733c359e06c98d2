import { NaiveLevel } from "./naive-ledger.js";
import { ReenteredDays } from "./reentered-days.js";
import type { Simulation } from "./simulated-money.js";
import type { Bound, SimulatedLevel } from "./simulated-tree.js";

type Watched = {
  readonly level: SimulatedLevel;
  readonly naive: NaiveLevel;
  /** By unit. */
  readonly reentered: readonly ReenteredDays[];
};

/** What may still be billed of a line item: nanos, and impressions. */
export type Open = ReadonlyMap<number, readonly [bigint, bigint]>;

/** Nothing is above a limit of any level, in nanos or impressions, but bills that came late. */
export class SimulatedBudgets {
  readonly naive: readonly NaiveLevel[];
  private readonly watched: readonly Watched[];
  private readonly result: Simulation;

  constructor(levels: readonly SimulatedLevel[], result: Simulation) {
    this.result = result;
    this.watched = levels.map((level) => ({
      ...{ level, naive: new NaiveLevel(level.key, level.dayOf) },
      reentered: [new ReenteredDays(level.dayOf), new ReenteredDays(level.dayOf)],
    }));
    this.naive = this.watched.map(({ naive }) => naive);
  }

  check(nowMs: number, open: Open): void {
    for (const watched of this.watched) {
      const { level, reentered } = watched;
      const sums: [bigint, bigint] = [0n, 0n];
      for (const lineItem of level.lineItems) {
        const own = open.get(lineItem);
        if (own === undefined) continue;
        sums[0] += own[0];
        sums[1] += own[1];
      }
      reentered[0]!.note(nowMs, sums[0]);
      reentered[1]!.note(nowMs, sums[1]);
      for (const bound of level.bounds()) this.checkBound(watched, bound, nowMs, sums[bound.unit]);
    }
  }

  private checkBound(watched: Watched, bound: Bound, nowMs: number, open: bigint): void {
    const { unit, totalMax, dailyMax } = bound;
    if (totalMax === null && dailyMax === null) return;
    const { naive, reentered } = watched;
    const spent = naive.spent[unit];
    if (totalMax !== null) {
      this.tellAbove(watched, "its total", spent + open - totalMax - naive.late[unit]);
      if (10n * spent > 9n * totalMax) this.tellUsedUp(bound, false);
    }
    if (dailyMax === null) return;
    const today = naive.onDay(nowMs);
    const excused = today.excused[unit] + reentered[unit]!.of(nowMs);
    this.tellAbove(watched, "its day", today.spent[unit] - dailyMax - excused);
    if (10n * today.spent[unit] > 9n * dailyMax) this.tellUsedUp(bound, true);
  }

  private tellAbove({ level }: Watched, what: string, above: bigint): void {
    const { result } = this;
    if (above > result.overspent) result.overspent = above;
    if (above > 0n) result.wrong.push(`level ${level.key}: ${above} above ${what}`);
  }

  private tellUsedUp({ unit, what }: Bound, day: boolean): void {
    const { result } = this;
    if (day) result.daysUsedUp++;
    else result.totalsUsedUp++;
    if (unit === 1) result.impressionsUsedUp++;
    else if (what === "lineItem") result.lineItemsUsedUp++;
    else if (what === "advertiser") result.advertisersUsedUp++;
    else if (what === "ceiling") result.ceilingsUsedUp++;
  }
}
