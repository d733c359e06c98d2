import type { SeededRandom } from "../base/random.js";
import { normal } from "./fake-exchange-market.js";

/** A notice to be sent: the path and query of the address that the bid gave. */
export type FakeNotice = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly dueMs: number;
  /** Made up by somebody who has no key: must change nothing. */
  readonly forged: boolean;
};

/** What an auction fills into the addresses of a bid. CPM in the request's currency. */
export type AuctionValues = {
  readonly requestId: string;
  readonly bidId: string;
  readonly impId: string;
  readonly seat: string;
  readonly adId: string;
  readonly currency: string;
  readonly price: number;
  /** OpenRTB loss reason; 0 = won. */
  readonly loss: number;
  readonly minToWin: number;
};

/** As exchanges write prices: up to six decimals, no exponent. */
export const priceText = (price: number): string =>
  price.toFixed(6).replace(/0+$/, "").replace(/\.$/, "");

/** Every macro of OpenRTB 2.6 section 4.4 that a bid's addresses may hold. */
export function fillMacros(text: string, values: AuctionValues): string {
  const price = values.loss === 0 ? priceText(values.price) : "";
  const known: Readonly<Record<string, string>> = {
    AUCTION_ID: values.requestId,
    AUCTION_BID_ID: values.bidId,
    AUCTION_IMP_ID: values.impId,
    AUCTION_SEAT_ID: values.seat,
    AUCTION_AD_ID: values.adId,
    AUCTION_CURRENCY: values.currency,
    AUCTION_PRICE: price,
    AUCTION_LOSS: String(values.loss),
    AUCTION_MIN_TO_WIN: priceText(values.minToWin),
    AUCTION_MBR: "",
    AUCTION_MULTIPLIER: "1",
  };
  return text.replaceAll(/\$\{([A-Z_]+)(:B64)?\}/g, (macro, name: string, encoded?: string) => {
    const value = known[name];
    if (value === undefined) return macro;
    return encoded === undefined ? value : Buffer.from(value).toString("base64url");
  });
}

/** The path and query of an address; "" where it is none. */
export function pathOf(address: string): string {
  return /^https?:\/\/[^/]+(\/[^\s]*)$/.exec(address)?.[1] ?? "";
}

/** Our impression and click addresses in markup, whatever the markup escapes. */
export function pathsInMarkup(markup: string, kind: "impression" | "click"): string {
  const found = new RegExp(
    `https?://[^\\s"'<>]*?(/${kind}\\?t=[A-Za-z0-9_-]{88}[^\\s"'<>\\]\\\\]*)`,
  );
  return (found.exec(markup)?.[1] ?? "").replaceAll("&amp;", "&");
}

/** How unreliable the way of a notice is, in a thousand; delays in ms. */
export const notices = {
  lost: 10,
  twice: 30,
  posted: 100,
  forged: 10,
  medianDelayMs: 1500,
  delaySpread: 1.1,
  delayMsMax: 240_000,
} as const;

/** The sendings of one notice: none, one, or two; now and then a forged one beside. */
export function sendings(random: SeededRandom, path: string, nowMs: number): FakeNotice[] {
  if (path === "") return [];
  const sent: FakeNotice[] = [];
  const add = (of: string, forged: boolean): void => {
    const delay = notices.medianDelayMs * Math.exp(notices.delaySpread * normal(random));
    const dueMs = nowMs + Math.min(notices.delayMsMax, Math.round(delay));
    const method = random.below(1000) < notices.posted ? "POST" : "GET";
    sent.push({ method, path: of, dueMs, forged });
  };
  if (random.below(1000) >= notices.lost) add(path, false);
  if (sent.length > 0 && random.below(1000) < notices.twice) add(path, false);
  if (random.below(1000) < notices.forged) add(forgedPath(random, path), true);
  return sent;
}

/** The same address with one character of its token changed. */
function forgedPath(random: SeededRandom, path: string): string {
  const start = path.indexOf("t=") + 2;
  const at = start + random.below(88);
  const char = path[at] === "A" ? "B" : "A";
  return path.slice(0, at) + char + path.slice(at + 1);
}
