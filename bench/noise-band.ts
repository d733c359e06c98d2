import { SeededRandom } from "../src/base/random.js";

const draws = 2000;

export type Band = { readonly middle: number; readonly low: number; readonly high: number };

/**
 * The median of paired ratios and the band that 95 of 100 medians of as many pairs, drawn from
 * these, fall into (bootstrap, seeded). Fewer than four pairs tell nothing: the band is endless.
 */
export function bandOf(ratios: readonly number[]): Band {
  const middle = medianOf(ratios);
  if (ratios.length < 4) return { middle, low: 0, high: Number.POSITIVE_INFINITY };
  const random = new SeededRandom(5);
  const medians = Array.from({ length: draws }, () =>
    medianOf(ratios.map(() => random.pick(ratios))),
  ).sort((a, b) => a - b);
  const at = (share: number): number => medians[Math.floor(share * draws)] ?? middle;
  return { middle, low: at(0.025), high: at(0.975) };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half] ?? Number.NaN;
  return ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2;
}
