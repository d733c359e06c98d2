import type { Learnt } from "../bid/learnt.js";
import { Level, shadeKey } from "../bid/learnt.js";
import { binOf, edgeOf, gridBins } from "../bid/strategy/price-grid.js";

/**
 * The prices that a bid must beat, by context, out of wins, losses and minimum-to-win. A loss with
 * its minimum is a price; a win says that the price was at most ours, a loss without minimum that
 * it was at least ours. The distribution that explains all three best is Turnbull's (1976), the
 * Kaplan-Meier estimate for both kinds of censoring, found by fixed-point steps over the bins of
 * price-grid.
 */
const samplesMin = 200;
const samplesMax = 20_000;
const stepsMax = 30;
const levelsKeptMax = 65_536;
/** One sample's worth, spread over all bins: what was never seen is not impossible. */
const priorWeight = 1 / gridBins;

class Context {
  readonly exchange: number;
  readonly hi: number;
  /** Row in the shared table, 0 = none yet. */
  row = 0;
  samples = 0;
  dirty = false;
  readonly exact = new Float64Array(gridBins);
  readonly wonAt = new Float64Array(gridBins);
  readonly lostAt = new Float64Array(gridBins);
  /** Chance of a price in each bin. */
  readonly chance = new Float64Array(gridBins).fill(1 / gridBins);

  constructor(exchange: number, hi: number) {
    this.exchange = exchange;
    this.hi = hi;
  }
}

export class MarketPrices {
  private readonly contexts = new Map<number, Context>();
  private readonly levels = new Map<number, readonly Context[]>();
  private readonly dirty = new Set<Context>();
  private readonly rowsMax: number;
  private rows = 0;

  constructor(rowsMax: number) {
    this.rowsMax = rowsMax;
  }

  /** A price that would have won, or was paid as the second one. */
  addPrice(exchange: number, format: number, size: number, micros: number): void {
    this.note(exchange, format, size, (context) => context.exact, binOf(micros));
  }

  addWin(exchange: number, format: number, size: number, bidMicros: number): void {
    this.note(exchange, format, size, (context) => context.wonAt, binOf(bidMicros));
  }

  addLoss(exchange: number, format: number, size: number, bidMicros: number): void {
    this.note(exchange, format, size, (context) => context.lostAt, binOf(bidMicros));
  }

  private note(
    exchange: number,
    format: number,
    size: number,
    histogram: (context: Context) => Float64Array,
    bin: number,
  ): void {
    for (const context of this.levelsOf(exchange, format, size)) {
      histogram(context)[bin]!++;
      context.samples++;
      if (context.samples >= samplesMax) halve(context);
      this.dirty.add(context);
    }
  }

  /** The contexts of a notice, at every level that there is room for: one look for all of them. */
  private levelsOf(exchange: number, format: number, size: number): readonly Context[] {
    // 16, 4 and 32 bits.
    const key = (size * 65_536 + exchange) * 16 + format;
    let levels = this.levels.get(key);
    if (levels === undefined) {
      levels = [Level.WHOLE, Level.FORMAT, Level.SIZE].flatMap(
        (level) => this.contextOf(exchange, shadeKey(level, format, size)) ?? [],
      );
      if (this.levels.size < levelsKeptMax) this.levels.set(key, levels);
    }
    return levels;
  }

  private contextOf(exchange: number, hi: number): Context | null {
    // Exchange ids have 16 bits; the product stays below 2^49.
    const key = hi * 65_536 + exchange;
    const known = this.contexts.get(key);
    if (known !== undefined) return known;
    if (this.contexts.size + 1 >= this.rowsMax) return null;
    const context = new Context(exchange, hi);
    this.contexts.set(key, context);
    return context;
  }

  /** Writes the shares of up to `most` contexts that have changed where the bids read them. */
  publish(learnt: Learnt, most: number): void {
    let left = most;
    for (const context of this.dirty) {
      if (left-- === 0) return;
      this.dirty.delete(context);
      if (context.samples < samplesMin) continue;
      estimate(context);
      if (context.row === 0) context.row = ++this.rows;
      sharesInto(context.chance, learnt.shadeRows, context.row * gridBins);
      learnt.shades.put(context.exchange, context.hi, context.row);
    }
  }

  /**
   * What a bid costs on average, micros: the chance to win times what is paid. Null where too
   * little is known of the exchange.
   */
  costOf(exchange: number, format: number, size: number, bidMicros: number): number | null {
    for (const level of [Level.SIZE, Level.FORMAT, Level.WHOLE]) {
      const context = this.contexts.get(shadeKey(level, format, size) * 65_536 + exchange);
      if (context === undefined || context.samples < samplesMin) continue;
      let chance = 0;
      for (let bin = 0; bin < binOf(bidMicros); bin++) chance += context.chance[bin]!;
      return chance * bidMicros;
    }
    return null;
  }
}

function halve(context: Context): void {
  context.samples /= 2;
  for (const histogram of [context.exact, context.wonAt, context.lostAt]) {
    for (let bin = 0; bin < gridBins; bin++) histogram[bin] = histogram[bin]! / 2;
  }
}

const next = new Float64Array(gridBins);

/** Fixed-point steps from the last estimate: each spreads censored samples over what fits them. */
function estimate({ exact, wonAt, lostAt, chance }: Context): void {
  for (let step = 0; step < stepsMax; step++) {
    for (let bin = 0; bin < gridBins; bin++) next[bin] = exact[bin]! + priorWeight;
    // A win at bin w is spread over the bins up to w: bin k gets chance[k] x sum of won[w] / F(w).
    let below = 1;
    let weight = 0;
    for (let bin = gridBins - 1; bin >= 0; bin--) {
      if (wonAt[bin] !== 0) weight += wonAt[bin]! / Math.max(below, 1e-12);
      next[bin]! += chance[bin]! * weight;
      below -= chance[bin]!;
    }
    let above = 1;
    weight = 0;
    for (let bin = 0; bin < gridBins; bin++) {
      if (lostAt[bin] !== 0) weight += lostAt[bin]! / Math.max(above, 1e-12);
      next[bin]! += chance[bin]! * weight;
      above -= chance[bin]!;
    }
    if (normalised(chance)) return;
  }
}

/** `next` becomes the estimate; true when it has hardly moved. */
function normalised(chance: Float64Array): boolean {
  let sum = 0;
  for (let bin = 0; bin < gridBins; bin++) sum += next[bin]!;
  let moved = 0;
  for (let bin = 0; bin < gridBins; bin++) {
    const now = next[bin]! / sum;
    moved += Math.abs(now - chance[bin]!);
    chance[bin] = now;
  }
  return moved < 1e-4;
}

/** The grid's edges and what lies between them: a power each is most of what a context costs. */
const edges = Float64Array.from({ length: gridBins }, (_, bin) => edgeOf(bin));
const middles = Float64Array.from({ length: gridBins }, (_, bin) => edgeOf(bin + 0.5));

/** For a value in each bin the bid at an edge with the greatest (value - bid) x chance to win. */
function sharesInto(chance: Float64Array, rows: Uint16Array, at: number): void {
  for (let bin = 0; bin < gridBins; bin++) {
    const value = middles[bin]!;
    let best = 0;
    let bid = value;
    let wins = 0;
    for (let edge = 1; edge <= bin; edge++) {
      wins += chance[edge - 1]!;
      const surplus = (value - edges[edge]!) * wins;
      if (surplus <= best) continue;
      best = surplus;
      bid = edges[edge]!;
    }
    rows[at + bin] = Math.max(1, Math.min(1000, Math.round((1000 * bid) / value)));
  }
}
