import { assert } from "../base/assert.js";
import { mix32 } from "../base/hash.js";
import { BidCounts, bidCountsBytes } from "./bid-counts.js";
import { HoldTable, holdExchangesMax } from "./hold-table.js";
import { LearntTable, learntTableBytes } from "./learnt-table.js";
import { gridBins } from "./strategy/price-grid.js";

/**
 * What the money thread has learnt from notices, for the bids of the workers; and how often each
 * worker bid, for the money thread. Everything is empty at the start of a process and learnt again
 * from the journal.
 */
export type LearntBuffers = {
  readonly lives: SharedArrayBuffer;
  readonly holds: SharedArrayBuffer;
  readonly exchangeHolds: SharedArrayBuffer;
  readonly shades: SharedArrayBuffer;
  readonly shadeRows: SharedArrayBuffer;
  readonly clicks: SharedArrayBuffer;
  readonly horizons: SharedArrayBuffer;
  /** One a worker, written by it alone. */
  readonly bids: readonly SharedArrayBuffer[];
};

const powerOfTwo = (most: number, wanted: number): number => {
  let size = 64;
  while (size < wanted && size < most) size *= 2;
  return size;
};

/** Sized by the line items of one process' life; memory is used as far as it is touched. */
export function createLearntBuffers(workers: number, places: number): LearntBuffers {
  const table = (most: number): SharedArrayBuffer =>
    new SharedArrayBuffer(learntTableBytes(powerOfTwo(most, 2 * places)));
  return {
    lives: table(1024),
    holds: table(2 ** 14),
    exchangeHolds: new SharedArrayBuffer(holdExchangesMax),
    shades: table(2 ** 13),
    shadeRows: new SharedArrayBuffer(2 * gridBins * (powerOfTwo(2 ** 13, 2 * places) / 2)),
    clicks: table(2 ** 18),
    horizons: new SharedArrayBuffer(4 * places),
    bids: Array.from(
      { length: workers },
      () => new SharedArrayBuffer(bidCountsBytes(powerOfTwo(2 ** 16, 2 * places))),
    ),
  };
}

/** How many contexts have a row of shares. */
export const shadeRowsOf = ({ shadeRows }: LearntBuffers): number =>
  shadeRows.byteLength / (2 * gridBins);

/** A click rate of 1. */
export const rateOne = 2 ** 25;
/** A share of 1: bid the whole value. */
export const shareOne = 1_000_000;

export class Learnt {
  /** (exchange id, media) -> seconds within which bills come. */
  readonly lives: LearntTable;
  /** Campaigns that do not bid at an exchange. */
  readonly holds: HoldTable;
  /** Context -> row of `shadeRows`, see `shadeKey`; 0 = the row is not to be used yet. */
  readonly shades: LearntTable;
  /** By row and bin of the value: permille of the value to bid, 0 = not learnt. */
  readonly shadeRows: Uint16Array;
  /** Clicks per impression of a context, see `clickKey`: parts of `rateOne`. */
  readonly clicks: LearntTable;
  /** By place: share of the value to bid, parts of `shareOne`; 0 = not learnt. */
  readonly horizons: Uint32Array;
  /** By worker. */
  readonly bids: readonly BidCounts[];

  constructor(buffers: LearntBuffers) {
    this.lives = new LearntTable(buffers.lives);
    this.holds = new HoldTable(buffers.holds, buffers.exchangeHolds);
    this.shades = new LearntTable(buffers.shades);
    this.shadeRows = new Uint16Array(buffers.shadeRows);
    this.clicks = new LearntTable(buffers.clicks);
    this.horizons = new Uint32Array(buffers.horizons);
    this.bids = buffers.bids.map((buffer) => new BidCounts(buffer));
  }
}

/** Levels of contexts: the first that was learnt counts. */
export const Level = { WHOLE: 0, FORMAT: 1, SIZE: 2 } as const;
export type Level = (typeof Level)[keyof typeof Level];

/** The second word of a shading context; the first is the exchange's id. */
export function shadeKey(level: Level, format: number, size: number): number {
  if (level === Level.WHOLE) return 0;
  if (level === Level.FORMAT) return format;
  return (mix32(format, size) | 0x8000_0000) >>> 0;
}

/** A context of clicks: the creative, at an exchange, at a property. No person, no group. */
export class ClickKey {
  lo = 0;
  hi = 0;

  ofCreative(creative: number): this {
    assert(creative > 0);
    this.lo = creative;
    this.hi = 0;
    return this;
  }

  ofExchange(creative: number, exchange: number): this {
    this.lo = mix32(creative, exchange) || 1;
    this.hi = 1;
    return this;
  }

  ofProperty(creative: number, exchange: number, lo: number, hi: number): this {
    this.lo = mix32(mix32(creative, exchange), lo) || 1;
    this.hi = (mix32(hi, creative) | 2) >>> 0;
    return this;
  }
}
