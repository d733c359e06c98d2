import type { LineItemPace } from "../admin/desk/line-item-now.js";
import { LineItemSums } from "../admin/desk/line-item-sums.js";
import type { ContextSample } from "./context-sampler.js";

/** What the money thread and the workers tell of line items, as it stands. */
export class LineItemNumbers {
  readonly sums = new LineItemSums();
  private newest: Float64Array = new Float64Array();
  private read: ReadonlyMap<number, LineItemPace> | null = null;

  readonly takeSums = (rows: Float64Array): void => this.sums.take(rows);

  /** Nobody wants them until the desk's facts do. */
  onSample: ((sample: ContextSample) => void) | null = null;
  readonly takeSample = (sample: ContextSample): void => this.onSample?.(sample);

  /** Threes of line item, planned, day budget (ledger/pacing-desk). */
  readonly takePaces = (rows: Float64Array): void => {
    this.newest = rows;
    this.read = null;
  };

  /** Read when it is asked for: the numbers come every second, whoever looks. */
  paces(): ReadonlyMap<number, LineItemPace> {
    if (this.read === null) {
      const paces = new Map<number, LineItemPace>();
      for (let at = 0; at < this.newest.length; at += 3) {
        const [lineItem, plannedToday, dayBudget] = this.newest.subarray(at, at + 3);
        paces.set(lineItem!, { plannedToday: plannedToday!, dayBudget: dayBudget! });
      }
      this.read = paces;
    }
    return this.read;
  }
}
