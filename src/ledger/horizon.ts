import { shareOne } from "../bid/learnt.js";

/**
 * The share that a `linear` campaign bids of its values: such that what is left of its budget lasts
 * to the end of the day and of the flight, and no more than the value. Of the last bids it looks
 * for the share at which their mean cost is the money left over the bids left; where too little is
 * known of prices it follows the spend of the last minute.
 */
export type BidSample = {
  /** What the bid would have been at a share of 1, micros CPM in the bid's currency. */
  readonly valueMicros: number;
  /** Nanos of the advertiser's currency that one micro of the bid costs. */
  readonly nanosPerMicro: number;
  readonly exchange: number;
  readonly format: number;
  readonly size: number;
};

/** Mean cost of a bid, micros; null = not known. */
export type CostOf = (sample: BidSample, bidMicros: number) => number | null;

const samplesKept = 128;
const samplesMin = 32;
const shareMin = 0.02;
const steps = 18;

export class Horizon {
  share = 1;
  private readonly samples: BidSample[] = [];
  private next = 0;

  add(sample: BidSample): void {
    this.samples[this.next] = sample;
    this.next = (this.next + 1) % samplesKept;
  }

  /**
   * `nanosPerBid`: money left over bids left; `spentPerBid`: what bids have cost lately, null = too
   * few. Gives the new share, parts of `shareOne`.
   */
  turn(nanosPerBid: number, spentPerBid: number | null, costOf: CostOf): number {
    const wanted = this.bisect(nanosPerBid, costOf);
    if (wanted !== null) this.share += (wanted - this.share) / 2;
    else if (spentPerBid !== null && spentPerBid > 0) {
      this.share *= Math.min(1.25, Math.max(0.8, nanosPerBid / spentPerBid));
    }
    this.share = Math.min(1, Math.max(shareMin, this.share));
    return Math.round(this.share * shareOne);
  }

  private bisect(nanosPerBid: number, costOf: CostOf): number | null {
    if (this.samples.length < samplesMin) return null;
    let low = shareMin;
    let high = 1;
    for (let step = 0; step < steps; step++) {
      const middle = (low + high) / 2;
      const cost = this.meanCost(middle, costOf);
      if (cost === null) return null;
      if (cost > nanosPerBid) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  }

  private meanCost(share: number, costOf: CostOf): number | null {
    let sum = 0;
    let known = 0;
    for (const sample of this.samples) {
      const micros = costOf(sample, sample.valueMicros * share);
      if (micros === null) continue;
      sum += micros * sample.nanosPerMicro;
      known++;
    }
    return known < samplesMin ? null : sum / known;
  }
}
