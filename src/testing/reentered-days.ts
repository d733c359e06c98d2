/**
 * Days that a clock enters again because it was set back over a midnight: what was outstanding then
 * may be billed on a day that was used up before.
 */
export class ReenteredDays {
  private readonly dayOf: (ms: number) => number;
  private readonly outstanding = new Map<string, bigint>();
  private day = Number.NEGATIVE_INFINITY;
  private latestDay = Number.NEGATIVE_INFINITY;

  constructor(dayOf: (ms: number) => number) {
    this.dayOf = dayOf;
  }

  /** The clock shows this now; `open` is what each campaign may still be billed for. */
  note(nowMs: number, open: ReadonlyMap<number, bigint>): void {
    const day = this.dayOf(nowMs);
    if (day !== this.day && this.latestDay >= day) {
      for (const [campaign, nanos] of open) {
        const key = `${campaign} ${day}`;
        this.outstanding.set(key, (this.outstanding.get(key) ?? 0n) + nanos);
      }
    }
    this.day = day;
    this.latestDay = Math.max(this.latestDay, day);
  }

  of(campaign: number, nowMs: number): bigint {
    return this.outstanding.get(`${campaign} ${this.dayOf(nowMs)}`) ?? 0n;
  }
}
