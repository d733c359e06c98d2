const weightBits = 58n;
const fractionBits = 64n;

/**
 * Noise in whole numbers: P(Z = z) proportional to e^(-|z| / scale) for z in [-margin, margin].
 * Cumulative weights in integers, e^(-1 / scale) from its series: no float decides a draw, so every
 * machine draws the same. With a margin of 18 scales the smallest weight is 2^58 e^-18 = 4e9, so
 * rounding changes no probability by more than 1e-9 of itself times the margin.
 */
export class DiscreteLaplace {
  readonly margin: number;
  private readonly cumulative: readonly bigint[];
  private readonly total: bigint;

  constructor(scale: number, margin: number) {
    this.margin = margin;
    this.cumulative = cumulativeWeights(scale, margin);
    this.total = this.cumulative[2 * margin]!;
  }

  /** The probability of one value of the noise, for those who check it. */
  probability(noise: number): number {
    const place = noise + this.margin;
    if (place < 0 || place >= this.cumulative.length) return 0;
    const before = place === 0 ? 0n : this.cumulative[place - 1]!;
    return Number(this.cumulative[place]! - before) / Number(this.total);
  }

  /** The noise at a uniform number of 64 bits: rising from -margin at 0 to margin at the end. */
  at(uniform: bigint): number {
    const point = (uniform * this.total) >> 64n;
    let low = 0;
    let high = this.cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.cumulative[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low - this.margin;
  }
}

function cumulativeWeights(scale: number, margin: number): bigint[] {
  const one = 1n << fractionBits;
  let ratio = 0n;
  let term = one;
  for (let k = 1n; term !== 0n; k++) {
    ratio += term;
    term = -term / (k * BigInt(scale));
  }
  const falling = [1n << weightBits];
  for (let z = 0; z < margin; z++) falling.push((falling[z]! * ratio) >> fractionBits);
  let sum = 0n;
  const sums: bigint[] = [];
  for (let z = -margin; z <= margin; z++) {
    sum += falling[Math.abs(z)]!;
    sums.push(sum);
  }
  return sums;
}
