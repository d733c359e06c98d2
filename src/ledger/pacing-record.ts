import { slotSec } from "./pacing-day.js";
import { pacingError } from "./pacing-figures.js";

/** A slot is whole where its first moment was seen within so many seconds. */
const edgeSec = 5;

/** What a paced budget planned and spent in each whole quarter of an hour of its day so far. */
export class PacingRecord {
  private readonly spent: number[] = [];
  private readonly planned: number[] = [];
  private day = Number.NaN;
  private slot = Number.NaN;
  private isWhole = false;
  private spentBefore = 0;

  /**
   * Once a second or so: what the day has spent so far, and `planned` for a span of seconds. A slot
   * that a stop of the process or a start cut is left out.
   */
  note(
    nowSec: number,
    day: number,
    spentToday: number,
    planned: (fromSec: number, toSec: number) => number,
  ): void {
    const slot = Math.floor(nowSec / slotSec);
    if (slot === this.slot && day === this.day) return;
    const fromSec = slot * slotSec;
    const isEdge = nowSec - fromSec <= edgeSec;
    if (day !== this.day) this.spent.length = this.planned.length = 0;
    else if (isEdge && this.isWhole && slot === this.slot + 1) {
      const wanted = planned(fromSec - slotSec, fromSec);
      const spent = spentToday - this.spentBefore;
      // Outside of flight and day-parts there is nothing to be wrong about.
      if (wanted > 0 || spent > 0) {
        this.planned.push(wanted);
        this.spent.push(spent);
      }
    }
    this.day = day;
    this.slot = slot;
    this.isWhole = isEdge;
    this.spentBefore = spentToday;
  }

  /** AvgErr of today (pacing-figures.ts), 0.1 = 10 %; null as long as nothing was planned. */
  error(): number | null {
    const error = pacingError(this.spent, this.planned);
    return Number.isFinite(error) ? error : null;
  }
}
