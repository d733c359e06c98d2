import { bidSliceCount, bidSliceSec } from "../bid/bid-counts.js";

/**
 * Wins per bid of each campaign at each exchange, against the exchange's band. A win counts for the
 * time of its bid, so that neither a pause nor a peak looks like fraud. Outside of the band by more
 * than four standard deviations the campaign is held at that exchange until a person lets it go;
 * what it has reserved stays reserved.
 */
export type Band = {
  readonly exchange: number;
  readonly min: number;
  readonly max: number;
  /** Seconds after which a bid without a bill counts as not won. */
  readonly billedSec: number;
};

export type Held = {
  readonly campaign: number;
  readonly exchange: number;
  readonly sinceMs: number;
  /** Both 0 for one that was held before the process started. */
  readonly wins: number;
  readonly bids: number;
};

const sliceSec = bidSliceSec;
/** 1,024 s: the longest window behind the longest wait for bills. */
const slices = 512;
const longSlices = 150;
/**
 * The bids that are looked at for too many wins: those of so many slices, ending so many slices
 * ago. The bills of the newest bids are still under way: near 1 a band is left by older ones only.
 */
type Cohort = { readonly ago: number; readonly count: number };
const cohorts: readonly Cohort[] = [
  { ago: 0, count: 5 },
  { ago: 1, count: 3 },
  { ago: 2, count: 2 },
];
const longCohorts: readonly Cohort[] = [{ ago: 0, count: longSlices }];
const billedSlicesMax = slices - longSlices - 8;
const quickBidsMin = 100;
const longBidsMin = 1000;
const deviations = 4;

/**
 * A look that comes later than this cannot say in which slice bids were made; a worker stops to bid
 * long before (silenceSecMax). What a worker does in the meantime carries a time a little earlier.
 */
const lookMsMax = 5000;
const earlierMs = 500;

const sliceOf = (sec: number): number => Math.floor(sec / sliceSec);

/** Counts by slice, of the last `slices` of them. */
class Pair {
  readonly campaign: number;
  readonly exchange: number;
  readonly bids = new Uint32Array(slices);
  readonly wins = new Uint32Array(slices);
  /** The newest slice that has a place, and the newest that anything was counted in. */
  newest = 0;
  active = 0;
  changed = false;
  /** The slice in which the long windows were last summed. */
  judged = -1;
  /** Only later ones count. */
  sinceSlice: number;

  constructor(campaign: number, exchange: number, sinceSlice: number) {
    this.campaign = campaign;
    this.exchange = exchange;
    this.sinceSlice = sinceSlice;
  }

  turnTo(slice: number): void {
    if (slice <= this.newest) return;
    const from = Math.max(this.newest + 1, slice - slices + 1);
    for (let at = from; at <= slice; at++) this.bids[at % slices] = this.wins[at % slices] = 0;
    this.newest = slice;
  }

  add(of: Uint32Array, slice: number, count: number): void {
    this.turnTo(slice);
    if (slice <= this.newest - slices || slice <= this.sinceSlice) return;
    of[slice % slices]! += count;
    this.active = Math.max(this.active, slice);
    this.changed = true;
  }

  sum(of: Uint32Array, last: number, count: number): number {
    let sum = 0;
    const first = Math.max(last - count + 1, this.newest - slices + 1, 0);
    for (let at = first; at <= last; at++) sum += of[at % slices]!;
    return sum;
  }

  forget(slice: number): void {
    if (slice > this.newest || slice <= this.newest - slices) return;
    this.bids[slice % slices] = this.wins[slice % slices] = 0;
  }

  clear(sinceSlice: number): void {
    this.sinceSlice = sinceSlice;
    this.bids.fill(0);
    this.wins.fill(0);
  }
}

export class WinRates {
  private readonly pairs = new Map<number, Pair>();
  private readonly heldPairs = new Map<number, Held>();
  private readonly bands = new Map<number, Band & { readonly sinceSlice: number }>();
  /** By slice modulo `slices`: the slice that counts for nothing. */
  private readonly blind = new Int32Array(slices).fill(-1);
  /** Of the look: its slice, and the first one in which bids may have been made since the last. */
  private slice = 0;
  private first = 0;
  private lookedMs = Number.NaN;

  /** Campaign ids and exchange ids (16 bits) as one number. */
  private static key(campaign: number, exchange: number): number {
    return campaign * 65_536 + exchange;
  }

  /** What was bid at an exchange before it had a band was not counted, so its wins are not. */
  setBands(bands: readonly Band[]): void {
    const known = new Map(this.bands);
    this.bands.clear();
    for (const band of bands) {
      const sinceSlice = known.get(band.exchange)?.sinceSlice ?? this.slice;
      this.bands.set(band.exchange, { ...band, sinceSlice });
    }
    for (const [key, { exchange }] of this.pairs) {
      if (!this.bands.has(exchange)) this.pairs.delete(key);
    }
  }

  /** Pairs with counts in the last 17 minutes. */
  get size(): number {
    return this.pairs.size;
  }

  private pairOf(campaign: number, exchange: number, sinceSlice: number): Pair {
    const key = WinRates.key(campaign, exchange);
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = new Pair(campaign, exchange, sinceSlice);
      this.pairs.set(key, pair);
    }
    return pair;
  }

  /**
   * Looks at the bids: `count` tells by `addBids` those made since the last look; gives the pairs
   * that have left their band, held from here on. Some are `unjudged`, because not all of their
   * bids are known.
   */
  look(
    nowMs: number,
    count: () => void,
    unjudged?: (campaign: number, exchange: number) => boolean,
  ): Held[] {
    this.turnTo(nowMs);
    count();
    return this.judge(nowMs, unjudged);
  }

  private turnTo(nowMs: number): void {
    const { lookedMs, slice: before } = this;
    this.slice = sliceOf(nowMs / 1000);
    this.lookedMs = nowMs;
    this.first = sliceOf(((Number.isNaN(lookedMs) ? nowMs : lookedMs) - earlierMs) / 1000);
    if (this.slice < before - slices) this.pairs.clear();
    if (Number.isNaN(lookedMs) || (nowMs >= lookedMs && nowMs - lookedMs <= lookMsMax)) return;
    // The thread stood still or the clock was set: which bids belong to which wins is not known.
    const later = Math.max(before, this.slice) + bidSliceCount;
    const earlier = Math.max(Math.min(before, this.slice) - 1, later - slices + 1);
    for (let at = earlier; at <= later; at++) this.forget(at);
    for (let at = this.slice - 1; at <= this.slice + bidSliceCount; at++) this.forget(at);
  }

  private forget(slice: number): void {
    this.blind[slice % slices] = slice;
    for (const pair of this.pairs.values()) pair.forget(slice);
  }

  private isBlind(slice: number): boolean {
    return this.blind[slice % slices] === slice;
  }

  /** In a look: bids since the one before, by their slice modulo `bidSliceCount`. */
  addBids(campaign: number, exchange: number, sliceModulo: number, bids: number): void {
    const band = this.bands.get(exchange);
    if (band === undefined) return;
    const after = (sliceModulo + bidSliceCount - (this.first % bidSliceCount)) % bidSliceCount;
    const slice = this.first + after;
    if (this.isBlind(slice)) return;
    const pair = this.pairOf(campaign, exchange, band.sinceSlice);
    pair.add(pair.bids, slice, bids);
  }

  /** A bill of this process's bids, by the second of its bid. */
  addWin(campaign: number, exchange: number, bidSec: number): void {
    const slice = sliceOf(bidSec);
    const band = this.bands.get(exchange);
    if (band === undefined || this.isBlind(slice) || slice <= this.slice - slices) return;
    const pair = this.pairOf(campaign, exchange, band.sinceSlice);
    pair.add(pair.wins, slice, 1);
  }

  /** A pair without counts in the last `slices` is nothing: it is dropped. */
  private judge(nowMs: number, unjudged?: (campaign: number, exchange: number) => boolean): Held[] {
    const { slice } = this;
    const out: Held[] = [];
    for (const [key, pair] of this.pairs) {
      const { campaign, exchange } = pair;
      if (pair.active <= slice - slices) this.pairs.delete(key);
      if (this.heldPairs.has(key) || (!pair.changed && pair.judged === slice)) continue;
      const band = this.bands.get(exchange);
      if (band === undefined) continue;
      const found = judged(pair, slice, band);
      if (found === null || unjudged?.(campaign, exchange) === true) continue;
      const held: Held = { campaign, exchange, sinceMs: nowMs, ...found };
      this.heldPairs.set(key, held);
      out.push(held);
    }
    return out;
  }

  /** Held by a record of the journal. */
  restore(campaign: number, exchange: number, sinceMs: number): void {
    const held: Held = { campaign, exchange, sinceMs, wins: 0, bids: 0 };
    this.heldPairs.set(WinRates.key(campaign, exchange), held);
  }

  /** True when it was held; it is judged anew by the bids from here on. */
  letGo(campaign: number, exchange: number): boolean {
    const key = WinRates.key(campaign, exchange);
    this.pairs.get(key)?.clear(this.slice);
    return this.heldPairs.delete(key);
  }

  held(): Held[] {
    return [...this.heldPairs.values()];
  }

  /** Held where their exchange has no band any more. */
  heldWithoutBand(): Held[] {
    return this.held().filter(({ exchange }) => !this.bands.has(exchange));
  }
}

type Found = { readonly wins: number; readonly bids: number };

/** The long windows are summed once a slice. */
function judged(pair: Pair, slice: number, band: Band): Found | null {
  pair.turnTo(slice);
  pair.changed = false;
  const quick = tooMany(pair, slice, band, cohorts);
  if (pair.judged === slice) return quick;
  pair.judged = slice;
  return quick ?? tooMany(pair, slice, band, longCohorts) ?? tooFew(pair, slice, band);
}

function tooMany(pair: Pair, now: number, { max }: Band, looked: readonly Cohort[]): Found | null {
  if (max >= 1) return null;
  for (const { ago, count } of looked) {
    const bids = pair.sum(pair.bids, now - ago, count);
    if (bids < quickBidsMin) continue;
    const wins = pair.sum(pair.wins, now - ago, count);
    const spread = deviations * Math.sqrt(bids * max * (1 - max));
    if (wins > bids * max + spread) return { wins, bids };
  }
  return null;
}

/** Only bids whose bills must have come by now. */
function tooFew(pair: Pair, now: number, { min, billedSec }: Band): Found | null {
  const wait = Math.min(billedSlicesMax, Math.ceil(billedSec / sliceSec) + 1);
  const bids = pair.sum(pair.bids, now - wait, longSlices);
  if (bids < longBidsMin) return null;
  const wins = pair.sum(pair.wins, now - wait, longSlices);
  const spread = deviations * Math.sqrt(bids * min * (1 - min));
  return wins < bids * min - spread ? { wins, bids } : null;
}
