import type { Level } from "./budget-level.js";

/** What ran dry is taken to have done so within this. */
const dryWithinSec = 0.05;

/** One line item's allowance in one unit, on the money thread's side. */
export class Account {
  readonly lineItem: number;
  readonly campaign: number;
  readonly place: number;
  /** Its own level; the levels above follow by `parent`. */
  readonly level: Level;
  /** The most that one bid can take. */
  bidMax = 1n;
  /** In the current plan and inside its flight; else its allowance is taken back. */
  live = false;
  /** Granted in a block that is not durable yet. */
  pending = 0n;
  /** Amount a second by which the allowance fell lately. */
  rate = 0;
  lastAllowance = 0n;
  /** Amount a second that pacing wants bid; Infinity = as soon as possible. */
  paceRate = Number.POSITIVE_INFINITY;

  constructor(lineItem: number, campaign: number, place: number, level: Level) {
    this.lineItem = lineItem;
    this.campaign = campaign;
    this.place = place;
    this.level = level;
  }

  tellLive(live: boolean): void {
    this.live = live;
    if (!live) return;
    for (let level: Level | null = this.level; level !== null; level = level.parent) level.live++;
  }

  granted(amount: bigint): void {
    for (let level: Level | null = this.level; level !== null; level = level.parent) {
      level.granted += amount;
    }
  }

  returned(amount: bigint): void {
    for (let level: Level | null = this.level; level !== null; level = level.parent) {
      level.returned += amount;
    }
  }

  /** What may still be granted: the least of all levels; null = no limit. */
  left(): bigint | null {
    let least: bigint | null = null;
    this.shares = 1;
    for (let level: Level | null = this.level; level !== null; level = level.parent) {
      const left = level.left();
      if (left === null || (least !== null && left >= least)) continue;
      least = left;
      this.shares = Math.max(1, level.live);
    }
    this.leftSeen = least;
    return least;
  }

  /** What `left` gave last. */
  leftSeen: bigint | null = null;

  /** After `left`: line items that share what is left. */
  shares = 1;

  /**
   * Quick up, slow down: a burst is funded at once, and kept for a few seconds. Nobody knows when
   * what ran dry did: taken for spread over the time between two looks, a first 8 bids grew to what
   * 1,500 requests a second need in 8 s where 10,000 line items are looked at twice a second.
   */
  measureRate(allowance: bigint, elapsedSec: number): void {
    const fell = this.lastAllowance - allowance;
    const overSec = allowance < this.bidMax ? Math.min(elapsedSec, dryWithinSec) : elapsedSec;
    const rate = fell > 0n ? Number(fell) / overSec : 0;
    this.rate =
      rate > this.rate ? rate : this.rate + (rate - this.rate) * Math.min(1, elapsedSec / 4);
  }

  /**
   * What the allowance should hold: 2 s of use, no more than 2 s of twice the pace, at most 1 % of
   * what is left, but several bids.
   */
  target(left: bigint | null, size: TopUpSize): bigint {
    let least = this.bidMax * BigInt(size.bidsMin);
    if (left !== null) {
      // Near the end of the budget line items share what is left, down to one bid each.
      const share = left / BigInt(4 * this.shares);
      if (share < least) least = share;
      if (least < this.bidMax) least = this.bidMax;
    }
    const rate = Math.min(this.rate, 2 * this.paceRate);
    let target = BigInt(Math.ceil(rate * size.aheadSec));
    if (left !== null && target > left / size.partOfLeft) target = left / size.partOfLeft;
    return target > least ? target : least;
  }
}

export type TopUpSize = {
  readonly aheadSec: number;
  readonly partOfLeft: bigint;
  readonly bidsMin: number;
};
