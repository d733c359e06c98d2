import type { NoticeEntry } from "../journal/entry.js";
import { NoticeEffect } from "../journal/record.js";
import type { Terms } from "./terms.js";

/** A bill in cost lines, nanos of the advertiser's currency. */
export type CostLines = {
  readonly media: bigint;
  readonly margin: bigint;
  readonly data: bigint;
  readonly technical: bigint;
};

export const isBill = ({ effect }: NoticeEntry): boolean =>
  effect === NoticeEffect.BILLED ||
  effect === NoticeEffect.LATE ||
  effect === NoticeEffect.EARLIER_BOOT;

const million = 1_000_000n;
/** To the nearest nano, halves up. */
const share = (nanos: bigint, ppm: number): bigint =>
  (nanos * BigInt(ppm) + million / 2n) / million;

/** Margin and technical fee are shares of the media cost, the data fee is one an impression. */
export function costLinesOf(chargedNanos: number, terms: Terms): CostLines {
  const media = BigInt(chargedNanos);
  return {
    media,
    margin: share(media, terms.marginPpm),
    data: BigInt(terms.dataNanos),
    technical: share(media, terms.technicalPpm),
  };
}

/** What the customer pays. */
export const grossOf = ({ media, margin, data, technical }: CostLines): bigint =>
  media + margin + data + technical;

/**
 * What the exchange's invoice says, nanos of the bid's currency. Where the advertiser pays in
 * another one, a bid for several impressions at once (`qty`) counts as one.
 */
export function payableOf(entry: NoticeEntry, terms: Terms): bigint {
  if (entry.currency === terms.currency) return BigInt(entry.chargedNanos);
  const { clearingMicros, priceMicros } = entry;
  const cleared = clearingMicros >= 0 && clearingMicros < priceMicros;
  return BigInt(cleared ? Math.ceil(clearingMicros) : priceMicros);
}
