import { ClickKey, type Learnt, rateOne } from "../bid/learnt.js";
import { rateUnknown } from "../bid/value.js";
import type { CellFact } from "./cell-facts.js";

/**
 * Clicks per impression of a creative, at an exchange, at a property: each level is a beta prior of
 * `priorImpressions` for the one below, so that a few clicks move little. By context alone.
 */
const priorImpressions = 1000;
const contextsMax = 2 ** 16;

class Rate {
  readonly lo: number;
  readonly hi: number;
  readonly above: Rate | null;
  impressions = 0;
  clicks = 0;

  constructor(lo: number, hi: number, above: Rate | null) {
    this.lo = lo;
    this.hi = hi;
    this.above = above;
  }

  /** Parts of `rateOne`. */
  value(): number {
    const prior = this.above?.value() ?? rateUnknown;
    const { clicks, impressions } = this;
    return (
      (Math.min(clicks, impressions) * rateOne + priorImpressions * prior) /
      (impressions + priorImpressions)
    );
  }
}

export class ClickRates {
  private readonly rates = new Map<number, Rate>();
  private readonly dirty = new Set<Rate>();
  private readonly key = new ClickKey();

  addImpression(creative: number, cell: CellFact): void {
    for (let rate = this.narrowest(creative, cell); rate !== null; rate = rate.above) {
      rate.impressions++;
      this.dirty.add(rate);
    }
  }

  addClick(creative: number, cell: CellFact): void {
    for (let rate = this.narrowest(creative, cell); rate !== null; rate = rate.above) {
      rate.clicks++;
      this.dirty.add(rate);
    }
  }

  /** The rate of the property, or of the narrowest context that there is room for. */
  private narrowest(creative: number, cell: CellFact): Rate | null {
    const { key } = this;
    const one = this.rateAt(key.ofCreative(creative), null);
    if (one === null) return null;
    const there = this.rateAt(key.ofExchange(creative, cell.exchange), one);
    if (there === null) return one;
    const { propertyLo, propertyHi } = cell;
    return (
      this.rateAt(key.ofProperty(creative, cell.exchange, propertyLo, propertyHi), there) ?? there
    );
  }

  private rateAt({ lo, hi }: ClickKey, above: Rate | null): Rate | null {
    const place = lo * 2 ** 21 + (hi % 2 ** 21);
    const known = this.rates.get(place);
    if (known !== undefined) return known;
    if (this.rates.size >= contextsMax) return null;
    const rate = new Rate(lo, hi, above);
    this.rates.set(place, rate);
    return rate;
  }

  /** Writes up to `most` changed rates where the bids read them. */
  publish(learnt: Learnt, most: number): void {
    let left = most;
    for (const rate of this.dirty) {
      if (left-- === 0) return;
      this.dirty.delete(rate);
      learnt.clicks.put(rate.lo, rate.hi, Math.max(1, Math.round(rate.value())));
    }
  }
}
