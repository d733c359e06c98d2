import type { SeededRandom } from "../base/random.js";

/**
 * What others bid, in US dollars CPM: a log-normal by format, place and hour, of which the highest
 * of a few competitors is what we meet. Prices of a format lie where those of the demo's line items
 * do, so that some auctions are won and some lost.
 */
export type MarketFormat = "banner" | "video" | "audio" | "native";

/** Median of one competitor's bid, and the spread of its logarithm. */
const landscape: Readonly<Record<MarketFormat, { median: number; sigma: number }>> = {
  banner: { median: 1.3, sigma: 0.7 },
  video: { median: 2.1, sigma: 0.6 },
  audio: { median: 1.6, sigma: 0.5 },
  native: { median: 1.4, sigma: 0.6 },
};
const competitorsMax = 4;

/** Requests of an hour (UTC) as a share of the mean hour: quiet nights, full evenings. */
const hourShares = [
  ...[0.86, 0.72, 0.61, 0.52, 0.46, 0.46, 0.53, 0.66, 0.8, 0.92, 1.0, 1.06],
  ...[1.12, 1.14, 1.12, 1.1, 1.12, 1.2, 1.32, 1.42, 1.46, 1.4, 1.24, 1.04],
];
const hourMs = 3_600_000;

/** Share of the mean rate at that moment: a line between the middles of hours. */
export function trafficShape(nowMs: number): number {
  const hours = nowMs / hourMs - 0.5;
  const hour = Math.floor(hours);
  const part = hours - hour;
  const at = (n: number): number => hourShares[((n % 24) + 24) % 24]!;
  return at(hour) * (1 - part) + at(hour + 1) * part;
}

/** Standard normal, by Box and Muller. */
export function normal(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.fraction()));
  return radius * Math.cos(2 * Math.PI * random.fraction());
}

/** The highest competing bid, USD CPM with four decimals; 0 = nobody else bids. */
export function competingPrice(
  random: SeededRandom,
  format: MarketFormat,
  /** 0 to 1: how much the place is sought after. */
  quality: number,
): number {
  const competitors = random.below(competitorsMax + 1);
  const { median, sigma } = landscape[format];
  let highest = 0;
  for (let n = 0; n < competitors; n++) {
    const price = median * (0.6 + 0.8 * quality) * Math.exp(sigma * normal(random));
    highest = Math.max(highest, price);
  }
  return Math.round(highest * 1e4) / 1e4;
}
