import { LoadWindow, type WindowFigures } from "./open-loop.js";

export type SlicedFigures = WindowFigures & {
  /** Of the window's slices, those whose latencies are left out since the host took a core. */
  readonly stolen: number;
};

/** How often the host is looked at. Seen: it takes 100 ms at a time, 10 to 20 times in 150 s. */
export const sliceMs = 100;
/**
 * A slice counts if the host took nothing in it nor in so many before and after it: the kernel
 * learns of what was taken when it is over, and what had queued up is answered after that.
 */
const apartSlices = 2;
/** With fewer slices left than this all count: the figure is then the noise's, and says so. */
const leftMin = 0.25;

/** A window of the open loop, without the latencies of slices that the host spoilt. */
export class WindowSlices {
  /** What was answered in all slices: none is left out of counts and errors. */
  private whole = new LoadWindow();
  private kept = new LoadWindow();
  private keptSlices = 0;
  private slices = 0;
  /** Slices whose followers are not known yet, oldest first. */
  private readonly pending: LoadWindow[] = [];
  /** Slices since the last one that was spoilt: it may belong to the window before. */
  private sinceStolen = apartSlices;

  /** Takes the slice that has just ended. */
  add(slice: LoadWindow, isStolen: boolean): void {
    this.whole.add(slice);
    this.slices++;
    if (isStolen) {
      this.pending.length = 0;
      this.sinceStolen = 0;
      return;
    }
    if (this.sinceStolen++ < apartSlices) return;
    this.pending.push(slice);
    if (this.pending.length > apartSlices) this.keepOldest();
  }

  /** Ends the window. */
  cut(): { readonly figures: SlicedFigures; readonly hgrm: string } {
    while (this.pending.length > 0) this.keepOldest();
    const { whole, kept, slices, keptSlices } = this;
    const counts = whole.figures();
    const isEnough = keptSlices >= leftMin * slices && kept.sinceDue.total > 0;
    const latencies = (isEnough ? kept : whole).latencies();
    const stolen = slices === 0 ? 0 : 1 - keptSlices / slices;
    this.whole = new LoadWindow();
    this.kept = new LoadWindow();
    this.slices = 0;
    this.keptSlices = 0;
    const hgrm = (isEnough ? kept : whole).sinceDue.hgrm();
    return { figures: { ...counts, ...latencies, stolen }, hgrm };
  }

  private keepOldest(): void {
    const slice = this.pending.shift();
    if (slice === undefined) return;
    this.kept.add(slice);
    this.keptSlices++;
  }
}
