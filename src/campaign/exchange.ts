import type { ExchangeId } from "../base/ids.js";
import type { NoticeKind } from "../base/lists.js";
import type { CurrencyCode } from "../base/units.js";

/** Paths of 0400 files of 32 bytes, or of their base64; from the config folder where relative. */
export type PriceKeyFiles = { readonly encryption: string; readonly integrity: string };

export type WinRateBand = { readonly min: number; readonly max: number };

/**
 * One exchange instance (config/exchanges/*.yaml on top of its profile), as plain data inside a
 * World. Times in ms; money in the unit its name says.
 */
export type Exchange = {
  readonly id: ExchangeId;
  /** Place in World.exchanges and bit in creativeApproved. */
  readonly index: number;
  /** The last part of the bid URL. */
  readonly name: string;
  readonly version: "2.5" | "2.6";
  /** Auction type where the request states none: 1 first price, 2 second price. */
  readonly atDefault: 1 | 2;
  /** The currency that we answer in when the request allows it. */
  readonly currency: CurrencyCode;
  /** base/identifier namespaces in the order in which they are looked up. */
  readonly identityOrder: readonly number[];
  readonly maxBidsPerImp: number;
  readonly maxBids: number;
  readonly noBid: "204" | "empty-object" | "empty-seatbid";
  readonly gzipRequests: boolean;
  /**
   * It sends requests on a connection before the last one is answered (RFC 9112 9.3.2): each is
   * answered on the spot then, not with the others of its turn. Absent = it does not.
   */
  readonly pipelining?: true;
  /** Taken off tmax for the network. */
  readonly networkMarginMs: number;
  readonly tmaxDefaultMs: number;
  /** Requests a second above which answers are 204; 0 = no limit, -1 = all are (stopped). */
  readonly queriesPerSecMax: number;
  readonly seatRequired: boolean;
  /** Price macro as the exchange wants it, e.g. "${AUCTION_PRICE}" or "${AUCTION_PRICE:B64}". */
  readonly priceMacro: string;
  /**
   * Files of the keys with which the exchange encrypts clearing prices (wire/token-price); absent
   * or empty = it sends them in clear.
   */
  readonly priceKeys?: readonly PriceKeyFiles[];
  /**
   * Wins per bid that are credible; outside of it a campaign is held there (ledger/win-rates).
   */
  readonly winRate?: WinRateBand;
  /** Click macro that the exchange replaces in markup, "" = none. */
  readonly clickMacro: string;
  readonly notices: readonly NoticeKind[];
  /** Which notice bills: the burl, the win notice, or the impression in the markup. */
  readonly billsBy: NoticeKind;
  /**
   * Answers are filled up with blanks to a multiple of so many bytes, so that who sees their length
   * learns less of which creative is inside; absent = as long as they are.
   */
  readonly padAnswersToBytes?: number;
  /** Requests with an incomplete or missing supply chain are not bid on. */
  readonly schainRequired: boolean;
  /**
   * SCHAIN_SELLER keys (lo, hi pairs) that are refused, and those that alone are let in (empty =
   * all).
   */
  readonly sellersBlocked: readonly number[];
  readonly sellersAllowed: readonly number[];
  /**
   * Seconds from bid to impression when imp.exp is absent, by media: banner, video, audio, native.
   */
  readonly expDefaultSec: number;
  /**
   * sha-256 (hex) of the shared secret, and addresses let in; both empty only on loopback demos.
   */
  readonly secretSha256: string;
  readonly addresses: readonly string[];
  /** Template dialect: exchanges with equal markup dialects share templates. */
  readonly dialect: number;
};
