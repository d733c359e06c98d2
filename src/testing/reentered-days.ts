/**
 * Days that a clock enters again because it was set back over a midnight: what was outstanding then
 * may be billed on a day that was used up before. Of one level of budgets.
 */
export class ReenteredDays {
  private readonly dayOf: (ms: number) => number;
  private readonly outstanding = new Map<number, bigint>();
  private day = Number.NEGATIVE_INFINITY;
  private latestDay = Number.NEGATIVE_INFINITY;

  constructor(dayOf: (ms: number) => number) {
    this.dayOf = dayOf;
  }

  /** The clock shows this now; `open` is what may still be billed. */
  note(nowMs: number, open: bigint): void {
    const day = this.dayOf(nowMs);
    if (day !== this.day && this.latestDay >= day) {
      this.outstanding.set(day, (this.outstanding.get(day) ?? 0n) + open);
    }
    this.day = day;
    this.latestDay = Math.max(this.latestDay, day);
  }

  of(nowMs: number): bigint {
    return this.outstanding.get(this.dayOf(nowMs)) ?? 0n;
  }
}
