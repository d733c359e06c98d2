/**
 * The latest time that a clock has shown since any moment of its past, however it jumped: peaks in
 * order, each higher than all that follow.
 */
export class ClockPeaks {
  private readonly peaks: { readonly order: number; readonly ms: number }[] = [];
  private order = 0;

  /** The clock shows this now. Gives the moment's number. */
  note(ms: number): number {
    while ((this.peaks.at(-1)?.ms ?? Number.POSITIVE_INFINITY) <= ms) this.peaks.pop();
    this.peaks.push({ order: ++this.order, ms });
    return this.order;
  }

  /** The latest time shown at that moment or after it. */
  since(order: number): number {
    let [low, high] = [0, this.peaks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.peaks[middle]!.order >= order) high = middle;
      else low = middle + 1;
    }
    return this.peaks[low]?.ms ?? Number.NEGATIVE_INFINITY;
  }
}
