import type { Arm } from "../../campaign/arms.js";
import type { Price } from "../../campaign/model.js";

/** Micros of CPM in the advertiser's currency. */
export type BidRange = { readonly lowMicros: number; readonly highMicros: number };

const one = 1000;

/**
 * The lowest and highest value that modifiers, ladder steps and ceilings allow. A bid floor raises
 * a bid up to the maximum, a strategy may bid a part of the value; a click price is worth anything
 * up to the maximum.
 */
export function bidRangeOf(
  price: Price,
  arms: readonly Arm[],
  ceilingMicros: number | null,
): BidRange {
  const ceiling = ceilingMicros ?? Number.POSITIVE_INFINITY;
  const maxMicros = Math.min(price.maxMicros, ceiling);
  if (price.goal === "cpc") return { lowMicros: 0, highMicros: maxMicros };
  const { factorMinPermille, factorMaxPermille } = price;
  let low = 1;
  let high = 1;
  for (const { factorPermille } of price.contextModifiers) {
    low *= Math.min(factorPermille, one) / one;
    high *= Math.max(factorPermille, one) / one;
  }
  low = Math.max(low, factorMinPermille / one);
  high = Math.min(high, factorMaxPermille / one);
  const steps = arms.map(({ factorPermille }) => factorPermille / one);
  const lowest = price.cpmMicros * Math.min(low, 1) * Math.min(...steps, Number.MAX_VALUE);
  const highest = price.cpmMicros * Math.max(high, 1) * Math.max(...steps, 0);
  const within = (micros: number): number => Math.round(Math.min(micros, maxMicros));
  return { lowMicros: within(steps.length === 0 ? 0 : lowest), highMicros: within(highest) };
}
