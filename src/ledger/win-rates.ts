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

const sliceSec = 2;
/** 1,024 s: the longest window behind the longest wait for bills. */
const slices = 512;
const longSlices = 150;
/**
 * The bids that are looked at for too many wins: those of so many slices, ending so many slices
 * ago. The bills of the newest bids are still under way: near 1 a band is left by older ones only.
 */
const cohorts = [
  { ago: 0, count: 5 },
  { ago: 1, count: 3 },
  { ago: 2, count: 2 },
  { ago: 0, count: longSlices },
] as const;
const billedSlicesMax = slices - longSlices - 8;
const quickBidsMin = 100;
const longBidsMin = 1000;
const deviations = 4;

class Pair {
  readonly campaign: number;
  readonly exchange: number;
  readonly bids = new Uint32Array(slices);
  readonly wins = new Uint32Array(slices);
  newest = 0;

  constructor(campaign: number, exchange: number) {
    this.campaign = campaign;
    this.exchange = exchange;
  }

  turnTo(slice: number): void {
    if (slice <= this.newest) return;
    const from = Math.max(this.newest + 1, slice - slices + 1);
    for (let at = from; at <= slice; at++) this.bids[at % slices] = this.wins[at % slices] = 0;
    this.newest = slice;
  }

  sum(of: Uint32Array, last: number, count: number): number {
    let sum = 0;
    const first = Math.max(last - count + 1, this.newest - slices + 1, 0);
    for (let at = first; at <= last; at++) sum += of[at % slices]!;
    return sum;
  }

  clear(): void {
    this.bids.fill(0);
    this.wins.fill(0);
  }
}

export class WinRates {
  private readonly pairs = new Map<number, Pair>();
  private readonly heldPairs = new Map<number, Held>();
  private readonly bands = new Map<number, Band>();

  /** Campaign ids and exchange ids (16 bits) as one number. */
  private static key(campaign: number, exchange: number): number {
    return campaign * 65_536 + exchange;
  }

  setBands(bands: readonly Band[]): void {
    this.bands.clear();
    for (const band of bands) this.bands.set(band.exchange, band);
  }

  private pairOf(campaign: number, exchange: number, sec: number): Pair {
    const key = WinRates.key(campaign, exchange);
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = new Pair(campaign, exchange);
      this.pairs.set(key, pair);
    }
    pair.turnTo(Math.floor(sec / sliceSec));
    return pair;
  }

  /** Bids since the last call, seen at `sec`. */
  addBids(campaign: number, exchange: number, bids: number, sec: number): void {
    if (!this.bands.has(exchange)) return;
    const pair = this.pairOf(campaign, exchange, sec);
    const slice = Math.floor(sec / sliceSec);
    if (slice > pair.newest - slices) pair.bids[slice % slices]! += bids;
  }

  /** A bill of this process's bids, by the second of its bid. */
  addWin(campaign: number, exchange: number, bidSec: number): void {
    if (!this.bands.has(exchange)) return;
    const pair = this.pairOf(campaign, exchange, bidSec);
    const slice = Math.floor(bidSec / sliceSec);
    if (slice > pair.newest - slices) pair.wins[slice % slices]! += 1;
  }

  /** The pairs that have left their band and are not held yet; they are held from here on. */
  judge(nowMs: number): Held[] {
    const out: Held[] = [];
    const slice = Math.floor(nowMs / 1000 / sliceSec);
    for (const [key, pair] of this.pairs) {
      const band = this.bands.get(pair.exchange);
      if (band === undefined || this.heldPairs.has(key)) continue;
      pair.turnTo(slice);
      const found = tooMany(pair, slice, band) ?? tooFew(pair, slice, band);
      if (found === null) continue;
      const { campaign, exchange } = pair;
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
    this.pairs.get(key)?.clear();
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

function tooMany(pair: Pair, now: number, { max }: Band): Found | null {
  if (max >= 1) return null;
  for (const { ago, count } of cohorts) {
    const bids = pair.sum(pair.bids, now - ago, count);
    const wins = pair.sum(pair.wins, now - ago, count);
    const spread = deviations * Math.sqrt(bids * max * (1 - max));
    if (bids >= quickBidsMin && wins > bids * max + spread) return { wins, bids };
  }
  return null;
}

/** Only bids whose bills must have come by now. */
function tooFew(pair: Pair, now: number, { min, billedSec }: Band): Found | null {
  const wait = Math.min(billedSlicesMax, Math.ceil(billedSec / sliceSec) + 1);
  const bids = pair.sum(pair.bids, now - wait, longSlices);
  const wins = pair.sum(pair.wins, now - wait, longSlices);
  const spread = deviations * Math.sqrt(bids * min * (1 - min));
  return bids >= longBidsMin && wins < bids * min - spread ? { wins, bids } : null;
}
