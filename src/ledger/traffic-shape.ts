import type { CountEntry } from "../journal/entry.js";

/**
 * How requests spread over a day: the mean of each UTC hour over the last seven days, folded from
 * COUNT records; until every hour of a day was seen, a built-in shape by local half-hours (least
 * at 03:30, most at 09:00 and in the evening).
 */
const builtIn: readonly number[] = [
  ...[70, 58, 48, 40, 34, 29, 26, 24, 26, 31, 40, 54, 72, 92, 112, 128, 140, 148, 152, 149],
  ...[144, 140, 138, 140, 143, 141, 136, 131, 128, 126, 126, 128, 131, 134, 137, 140, 143, 146],
  ...[149, 151, 151, 148, 142, 134, 123, 110, 96, 82],
];
const daysKept = 7;

export class TrafficShape {
  /** Requests by hour since 1970 UTC. */
  private readonly requests = new Map<number, number>();
  private newest = 0;
  private learnt: readonly number[] | null = null;
  private stale = true;

  /** A COUNT of this boot or an earlier one; those of line items say nothing of traffic. */
  note({ lineItem, hour, requests }: CountEntry): void {
    if (lineItem !== 0) return;
    this.requests.set(hour, (this.requests.get(hour) ?? 0) + requests);
    if (hour <= this.newest) return;
    this.newest = hour;
    this.stale = true;
    for (const old of this.requests.keys()) {
      if (old < hour - daysKept * 24) this.requests.delete(old);
    }
  }

  /** Relative traffic at a second, whose local time is `offsetSec` ahead. */
  weightAt(sec: number, offsetSec: number): number {
    const learnt = this.read();
    if (learnt === null) {
      const local = (((sec + offsetSec) % 86_400) + 86_400) % 86_400;
      return builtIn[Math.floor(local / 1800)]!;
    }
    // Between the middles of two hours the traffic goes from one to the other.
    const at = sec / 3600 - 0.5;
    const hour = Math.floor(at);
    const part = at - hour;
    return learnt[hour24(hour)]! * (1 - part) + learnt[hour24(hour + 1)]! * part;
  }

  /** The hour that still grows is left out. */
  private read(): readonly number[] | null {
    if (!this.stale) return this.learnt;
    this.stale = false;
    const sums = new Float64Array(24);
    const days = new Float64Array(24);
    for (const [hour, requests] of this.requests) {
      if (hour === this.newest) continue;
      sums[hour24(hour)]! += requests;
      days[hour24(hour)]! += 1;
    }
    this.learnt = days.every((count) => count > 0)
      ? Array.from(sums, (sum, hour) => Math.max(sum / days[hour]!, 1))
      : null;
    return this.learnt;
  }
}

const hour24 = (hour: number): number => ((hour % 24) + 24) % 24;
