import { Media } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import type { Decision } from "../bid/decision.js";
import { createLearntBuffers, Learnt, shadeRowsOf, shareOne } from "../bid/learnt.js";
import { fixed } from "../bid/strategy/fixed.js";
import { edgeOf, gridBins } from "../bid/strategy/price-grid.js";
import { shade } from "../bid/strategy/shade.js";
import type { Strategy } from "../bid/strategy/strategy.js";
import { MarketPrices } from "../ledger/market-prices.js";

/**
 * A seeded first-price market: each context (exchange, format, size) has log-normal prices of its
 * own, values are log-uniform. Losses tell the minimum to win in one case of two, wins nothing but
 * that they won.
 */
type Context = {
  readonly exchange: number;
  readonly format: number;
  readonly width: number;
  readonly mu: number;
  readonly sigma: number;
};

export type ShadingResult = {
  readonly strategy: string;
  /** Sum of value - bid over the wins, over what an oracle gets who bids the price itself. */
  readonly surplusShare: number;
  readonly winRate: number;
  /** Micros. */
  readonly meanPaid: number;
};

const minimumTold = 0.5;
/** Notices become shares this often. */
const publishEvery = 200;

export function contextsOf(random: SeededRandom, count: number): Context[] {
  return Array.from({ length: count }, (_, i) => ({
    exchange: 1 + (i % 4),
    format: random.pick([Media.BANNER, Media.VIDEO]),
    width: 100 + i,
    mu: Math.log(0.6e6) + 2 * random.fraction(),
    sigma: 0.15 + 0.5 * random.fraction(),
  }));
}

function normal(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log(random.fraction() + 2 ** -33));
  return radius * Math.cos(2 * Math.PI * random.fraction());
}

/** As much of a decision as strategies read: one creative, its size, a seed set by the caller. */
export function decisionOf(learnt: Learnt): Decision & { readonly creativeSize: Uint32Array } {
  const creativeSize = new Uint32Array(1);
  return {
    ...{ learnt, creativeSize, scratch: { creativeSize } },
    table: { creativeMedia: new Uint8Array(1), lineItemAllowance: new Uint32Array(1) },
    exchange: { id: 1, atDefault: 1 },
    request: { at: 0, dealAt: new Uint8Array(1), seed: { lo: 0, hi: 0 } },
    imp: { index: 0 },
  } as unknown as Decision & { readonly creativeSize: Uint32Array };
}

type Seen = { readonly context: Context; readonly value: number; readonly price: number };

/** The same auctions for every strategy. */
function auctionsOf(seed: number, contexts: number, count: number): Seen[] {
  const random = new SeededRandom(seed);
  const all = contextsOf(random, contexts);
  return Array.from({ length: count }, () => {
    const context = random.pick(all);
    const value = Math.exp(Math.log(0.5e6) + 3 * random.fraction());
    const price = Math.exp(context.mu + context.sigma * normal(random));
    return { context, value, price };
  });
}

/** Surplus of a rule over the auctions after the first `learning` ones. */
function scored(
  strategy: string,
  auctions: readonly Seen[],
  learning: number,
  bidOf: (auction: Seen, at: number) => number,
): ShadingResult {
  let surplus = 0;
  let best = 0;
  let wins = 0;
  let paid = 0;
  auctions.forEach((auction, at) => {
    const bid = bidOf(auction, at);
    if (at < learning) return;
    best += Math.max(0, auction.value - auction.price);
    if (bid < auction.price) return;
    surplus += auction.value - bid;
    wins++;
    paid += bid;
  });
  const winRate = wins / (auctions.length - learning);
  return { strategy, surplusShare: surplus / best, winRate, meanPaid: paid / Math.max(1, wins) };
}

function learner(strategy: Strategy, seed: number): (auction: Seen, at: number) => number {
  const buffers = createLearntBuffers(1, 4096);
  const learnt = new Learnt(buffers);
  const prices = new MarketPrices(shadeRowsOf(buffers));
  const decision = decisionOf(learnt);
  const random = new SeededRandom(seed);
  return ({ context, value, price }, at) => {
    const { exchange, format, width } = context;
    const size = width * 65_536 + 250;
    Object.assign(decision.exchange, { id: exchange });
    decision.table.creativeMedia[0] = format;
    decision.creativeSize[0] = size;
    decision.request.seed.lo = random.nextU32();
    const bid = (value * strategy(decision, 0, -1, 0, value)) / shareOne;
    if (bid >= price) prices.addWin(exchange, format, size, bid);
    else if (random.fraction() < minimumTold) prices.addPrice(exchange, format, size, price);
    else prices.addLoss(exchange, format, size, bid);
    if (at % publishEvery === 0) prices.publish(learnt, 4096);
    return bid;
  };
}

/** Shares of the oracle's surplus: fixed, the best constant share in hindsight, learnt shading. */
export function runShadingMarket(seed: number, contexts: number, count: number): ShadingResult[] {
  const auctions = auctionsOf(seed, contexts, count);
  const learning = Math.floor(count / 4);
  const constants = [0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9].map((share) =>
    scored(`constant ${share}`, auctions, learning, ({ value }) => share * value),
  );
  constants.sort((a, b) => b.surplusShare - a.surplusShare);
  return [
    scored("fixed", auctions, learning, learner(fixed, seed)),
    constants[0]!,
    scored("shade", auctions, learning, learner(shade, seed)),
    scored("told the distribution", auctions, learning, ({ context, value }) =>
      bestBid(context, value),
    ),
  ];
}

/** The best that anybody can do who knows each context's distribution but not the price. */
function bestBid({ mu, sigma }: Context, value: number): number {
  let best = 0;
  let bid = value;
  for (let bin = 0; bin < 4 * gridBins; bin++) {
    const at = edgeOf(bin / 4);
    if (at >= value) break;
    const surplus = (value - at) * cumulative((Math.log(at) - mu) / sigma);
    if (surplus <= best) continue;
    best = surplus;
    bid = at;
  }
  return bid;
}

/** The standard normal distribution function (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function cumulative(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const poly =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return x >= 0 ? 1 - tail : tail;
}
