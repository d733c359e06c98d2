/**
 * How long bills take, by exchange and format: from the bid to the notice, in bins of an eighth of
 * an octave of seconds. What is old weighs less: at `samplesMax` every bin is halved.
 */
const binsPerOctave = 8;
const octaves = 18; // 2^18 s = 72.8 h, a token's life
const samplesMax = 200_000;
/** Below this nothing is said of one bill in a thousand. */
export const samplesMin = 1000;
/** Beyond the slowest that was seen: a quarter, and some seconds. */
const marginSec = 5;

export class NoticeDelays {
  private readonly histograms = new Map<number, Float64Array>();

  /** `seconds` from bid to bill; `format` is one bit of Media. */
  add(exchange: number, format: number, seconds: number): void {
    const key = exchange * 16 + format;
    let bins = this.histograms.get(key);
    if (bins === undefined) {
      bins = new Float64Array(binsPerOctave * octaves + 1);
      this.histograms.set(key, bins);
    }
    bins[binOf(seconds)]!++;
    bins[bins.length - 1]!++;
    if (bins.at(-1)! < samplesMax) return;
    for (let i = 0; i < bins.length; i++) bins[i] = bins[i]! / 2;
  }

  /**
   * Seconds within which all but one bill in a thousand come, chosen so high that the bills seen
   * rule a larger share out with three standard deviations; 0 = too few bills.
   */
  lifeSec(exchange: number, format: number): number {
    const bins = this.histograms.get(exchange * 16 + format);
    const samples = bins?.at(-1) ?? 0;
    if (bins === undefined || samples < samplesMin) return 0;
    const expected = samples / 1000;
    let beyond = Math.max(0, expected - 3 * Math.sqrt(expected));
    let bin = bins.length - 2;
    while (bin > 0 && bins[bin]! <= beyond) beyond -= bins[bin--]!;
    return Math.ceil(2 ** ((bin + 1) / binsPerOctave) * 1.25) + marginSec;
  }

  each(visit: (exchange: number, format: number, lifeSec: number) => void): void {
    for (const key of this.histograms.keys()) {
      const exchange = Math.floor(key / 16);
      visit(exchange, key % 16, this.lifeSec(exchange, key % 16));
    }
  }
}

/** Seconds below one are in the first bin. */
const binOf = (seconds: number): number =>
  seconds <= 1
    ? 0
    : Math.min(binsPerOctave * octaves - 1, Math.floor(binsPerOctave * Math.log2(seconds)));
