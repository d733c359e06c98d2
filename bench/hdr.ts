/**
 * Durations in log-linear buckets of whole nanoseconds, 128 an octave: a bucket is less than 0.8 %
 * of its value wide (base/histogram's, for counters in shared memory, are 6 %). The last one also
 * takes everything from 68 s on.
 */
const octaveBits = 7;
const perOctave = 1 << octaveBits;
const octavesMax = 36;
const bucketCount = (octavesMax - octaveBits + 1) * perOctave;

function bucketOf(ns: number): number {
  if (!(ns >= perOctave)) return ns > 0 ? Math.floor(ns) : 0;
  if (ns >= 2 ** octavesMax) return bucketCount - 1;
  const exponent = ns < 2 ** 31 ? 31 - Math.clz32(ns) : 47 - Math.clz32(ns / 65_536);
  const step = Math.floor(ns / 2 ** (exponent - octaveBits)) - perOctave;
  return (exponent - octaveBits + 1) * perOctave + step;
}

function bucketEndNs(bucket: number): number {
  if (bucket < perOctave) return bucket + 1;
  const exponent = Math.floor(bucket / perOctave) + octaveBits - 1;
  return (perOctave + (bucket % perOctave) + 1) * 2 ** (exponent - octaveBits);
}

/** Microseconds that a share of the durations stays below. */
export type Quantiles = {
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly p9999Us: number;
};

export class Hdr {
  total = 0;
  maxUs = 0;
  private sumUs = 0;
  private readonly counts = new Float64Array(bucketCount);

  note(us: number): void {
    const bucket = bucketOf(us * 1000);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total++;
    this.sumUs += us;
    if (us > this.maxUs) this.maxUs = us;
  }

  add(other: Hdr): void {
    for (let i = 0; i < bucketCount; i++) {
      this.counts[i] = (this.counts[i] ?? 0) + (other.counts[i] ?? 0);
    }
    this.total += other.total;
    this.sumUs += other.sumUs;
    this.maxUs = Math.max(this.maxUs, other.maxUs);
  }

  /** 0 without durations. */
  quantileUs(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    if (this.total === 0) return 0;
    let seen = 0;
    for (let i = 0; i < bucketCount; i++) {
      seen += this.counts[i] ?? 0;
      if (seen >= wanted) return Math.min(bucketEndNs(i) / 1000, this.maxUs);
    }
    return this.maxUs;
  }

  quantiles(): Quantiles {
    return {
      p50Us: this.quantileUs(0.5),
      p90Us: this.quantileUs(0.9),
      p99Us: this.quantileUs(0.99),
      p999Us: this.quantileUs(0.999),
      p9999Us: this.quantileUs(0.9999),
    };
  }

  /** The text that HdrHistogram's plotter reads: five steps for each halving of what is left. */
  hgrm(): string {
    const lines = ["       Value     Percentile TotalCount 1/(1-Percentile)", ""];
    const line = (share: number): string => {
      const cells = [this.quantileUs(share).toFixed(3).padStart(12), share.toFixed(12)];
      const inverse = share === 1 ? "inf" : (1 / (1 - share)).toFixed(2);
      return [...cells, String(Math.ceil(share * this.total)).padStart(10), inverse].join(" ");
    };
    for (let left = 1; this.total > 0 && left * this.total >= 1; left /= 2) {
      for (let step = 0; step < 5; step++) lines.push(line(1 - left + (left / 2) * (step / 5)));
    }
    lines.push(line(1));
    const mean = this.total === 0 ? 0 : this.sumUs / this.total;
    lines.push(`#[Mean    = ${mean.toFixed(3)}, unit = microseconds]`);
    lines.push(`#[Max     = ${this.maxUs.toFixed(3)}, Total count = ${this.total}]`);
    return `${lines.join("\n")}\n`;
  }
}
