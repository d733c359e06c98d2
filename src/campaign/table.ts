import { mix32 } from "../base/hash.js";
import type { Steps } from "../base/steps.js";
import type { ColumnInput, ColumnsOf } from "./columns.js";
import { columnsFrom, packColumns, packSteps } from "./columns.js";

/**
 * WHAT: every live rule of every agency as columns, immutable, one SharedArrayBuffer inside a
 * World. Compiled by campaign/compile off the hot path; read by bid/*. A "range" is two columns,
 * Start and Count, into a pool.
 */

/**
 * Targeting dimensions. 1..31 are the text kinds of bid/request KeyKind (values = dictionary ids).
 */
export const Dimension = {
  /** DOMAIN and BUNDLE values share KeyKind.DOMAIN's number: "sites and apps" is one list. */
  PROPERTY: 9,
  PLACEMENT: 13,
  KEY_VALUE: 22,
  DEAL: 23,
  EXCHANGE: 32, // exchange id
  COUNTRY: 33, // packed alpha-3
  DEVICE_TYPE: 34,
  OS: 35,
  BROWSER: 36,
  CONNECTION_TYPE: 37,
  CHANNEL_KIND: 38, // site 1, app 2, dooh 3
  LIVESTREAM: 39,
  // imp level from here
  MEDIA: 40, // bid/request Media
  SIZE: 41, // width << 16 | height
  POSITION: 42,
  INSTL: 43,
  REWARDED: 44,
  PLCMT: 45,
  VIDEO_PLACEMENT: 46,
  START_DELAY: 47, // StartDelay below
  SKIPPABLE: 48,
  LINEARITY: 49,
  PLAYBACK: 50,
  POD: 51,
  /** The set is 6 words: bit h = hour h of the week, Monday 00:00 first, in `predZone`'s zone. */
  DAYPART: 52,
} as const;
export type Dimension = (typeof Dimension)[keyof typeof Dimension];
export const dimensionsMax = 64;
export const StartDelay = { PRE: 1, MID: 2, POST: 3 } as const;

/** True where one request's imps may differ in the value. */
export const isImpLevel = (dimension: number): boolean =>
  dimension >= Dimension.MEDIA ||
  dimension === Dimension.PLACEMENT ||
  dimension === Dimension.KEY_VALUE ||
  dimension === Dimension.DEAL;

/**
 * Access keys: each line item is posted under exactly one include-dimension (or, if it has none
 * that is selective, under shape x country), so that matching costs what matches. lo/hi of the key:
 *   by value:  lo = dictionary id,  hi = dimension
 *              (DEAL, PLACEMENT, PROPERTY, SITE_APP, PUBLISHER, KEY_VALUE)
 *   by shape:  lo = shape,          hi = shapeAccess | country code (0 = any country)
 * DEAL is an access dimension only where lineItemDealOnly = 1: a line item that also buys openly is
 * met in the open. A DEAL include is a predicate like others, but it selects deals rather than
 * refusing the imp (bid/decide).
 */
export const shapeAccess = 0x0100_0000;
export const shapeOfSize = (width: number, height: number): number =>
  ((width << 16) | height) >>> 0;
export const shapeVideo = 0x8000_0001;
export const shapeAudio = 0x8000_0002;
export const shapeNative = 0x8000_0003;

export const NO_AUDIENCE = 0xffff_ffff;

/**
 * An audience is one run of `demand`: what its terms want of one word of the row each, term by
 * term. One array and one loop: 2.3 times as fast as columns of terms and of their words (15 ns an
 * expression where those took 35, both memoised, on a busy machine). `WORD` is the row's word; a
 * bit that is wanted and not looked at is never there.
 */
export const Demand = { WORD: 0xff, LAST_OF_TERM: 0x100, LAST_OF_AUDIENCE: 0x200 } as const;

/** Why a line item in the table cannot bid at all (column `live`). Explain shows it. */
export const Live = {
  ...{ LIVE: 0, PAUSED: 1, UNCERTIFIED: 2, NO_CREATIVE: 3, HELD: 4 },
  /** An audience of it found no place of the day: it opens with the next UTC day. */
  OPENS_TOMORROW: 5,
} as const;
/** How a line item bids (bid/strategy), and what its base price is for. */
export const StrategyKind = { FIXED: 0, SHADE: 1, LINEAR: 2 } as const;
export type StrategyKind = (typeof StrategyKind)[keyof typeof StrategyKind];
export const Goal = { CPM: 0, CPC: 1 } as const;
export const WithoutId = { SKIP: 0, CONTEXTUAL: 1 } as const;

export const tableSpec = {
  // dictionary of text keys: open addressing from (lo ^ hi) & (size - 1), linear probing, size a
  // power of two and at least twice the names; ids dense from 1; value 0 = free place
  dictLo: "u32",
  dictHi: "u32",
  dictValue: "u32",
  // access keys: open addressing from mix32(lo, hi) & (size - 1), linear probing, size a power of
  // two and at least twice the keys; count 0 = free place
  accessLo: "u32",
  accessHi: "u32",
  accessStart: "u32",
  accessCount: "u32",
  postings: "u32", // line item indexes, ascending in each list: the best first
  // predicates, shared between line items that say the same
  predDimension: "u8",
  predExclude: "u8",
  predZone: "u8", // zone index, DAYPART only
  predSetStart: "u32",
  predSetCount: "u32",
  setValues: "u32", // each set sorted ascending
  // line items, in the order of campaign/best-first
  lineItemId: "u32",
  /**
   * The most that it bids in the open auction where no floor lifts it, micros of the rates' base
   * currency; descending. Infinity = nobody can tell, -1 = it does not bid.
   */
  lineItemBound: "f64",
  lineItemForAll: "u8", // 1 = it bids at one price, whatever groups a person is in
  lineItemCampaign: "u32", // campaign id
  lineItemAdvertiser: "u32", // advertiser id
  lineItemAgency: "u32", // agency id
  lineItemLive: "u8",
  /** Place in the shared allowances; kept for the line item's whole life in a process. */
  lineItemAllowance: "u32",
  /** Place of its allowance in impressions, plus one; 0 = none of its levels has such a limit. */
  lineItemImpressions: "u32",
  lineItemStartMs: "f64",
  lineItemEndMs: "f64",
  lineItemCurrency: "u32", // CurrencyCode of the advertiser
  /** CPM in the advertiser's currency; of goal CPC: the CPM at a click rate of 1. */
  lineItemBaseMicros: "f64",
  lineItemGoal: "u8",
  lineItemStrategy: "u8",
  lineItemMaxMicros: "f64",
  lineItemFactorMin: "u32", // permille bounds of the product of context modifiers
  lineItemFactorMax: "u32",
  /** Caps: its own, its campaign's, its advertiser's; at most capsPerBidMax. */
  lineItemCapStart: "u32",
  lineItemCapCount: "u8",
  capPlace: "u32", // place of the rule, see bid/cap-rule
  capImpressions: "u32",
  capWindowSec: "u32",
  lineItemWithoutId: "u8",
  /**
   * 1 = buys only in the deals that it names; 0 = buys openly, and in the deals that it names (if
   * any).
   */
  lineItemDealOnly: "u8",
  lineItemPredStart: "u32",
  lineItemPredCount: "u16",
  predRefs: "u32",
  lineItemModStart: "u32", // context modifiers
  lineItemModCount: "u16",
  modPredicate: "u32",
  modFactorPermille: "u32",
  /**
   * Arms: first whose audience is true wins; the factor is a ladder step. One arm with NO_AUDIENCE
   * = contextual.
   */
  lineItemArmStart: "u32",
  lineItemArmCount: "u16",
  armAudience: "u32",
  armFactorPermille: "u32",
  lineItemCreativeStart: "u32",
  lineItemCreativeCount: "u16",
  lineItemCreative: "u32", // creative index
  lineItemCreativeWeight: "u32",
  // audiences: disjunctive normal form over the projected row
  audienceLive: "u8", // 1 = certified in this World, with a place of the day
  audienceAgency: "u32", // agency index
  audiencePlace: "u32", // on its agency's circle of the day, see campaign/roster
  audienceDemand: "u32", // place in `demand` of its first
  demand: "u32", // threes: word of the row with the marks above, bits looked at, wanted ones
  // creatives
  creativeId: "u32",
  creativeAdvertiser: "u32",
  creativeMedia: "u8", // one bit of bid/request Media
  creativeSizeStart: "u32",
  creativeSizeCount: "u16",
  sizeValue: "u32", // width << 16 | height
  creativeDurationSec: "u16",
  creativeProtocol: "u8", // AdCOM creative subtype of the VAST, 0 = none
  creativeApiMask: "u32", // APIs that the markup needs (each must be offered)
  creativeAttrMask: "u32", // bit n = attribute n
  creativeBtype: "u8", // banner kind 1..4, 0 = not stated
  creativeLinearity: "u8",
  creativeSkippable: "u8",
  creativeBitrateKbps: "u32",
  creativeSecure: "u8", // 1 = every URL is https
  creativeLanguage: "u32", // dictionary id, 0 = none stated
  creativeBundle: "u32", // dictionary id (BUNDLE) of the advertised app, 0 = none
  creativeApproved: "u32", // bit e = approved by exchange index e
  creativeExpandable: "u8",
  /** Own category and its parents, dictionary ids (CATEGORY), in each taxonomy given. */
  creativeCatStart: "u32",
  creativeCatCount: "u16",
  creativeTaxonomies: "u32", // bit n = it states a category of taxonomy n
  creativeDomainStart: "u32", // adomain and its parent domains, dictionary ids (ADVERTISER_DOMAIN)
  creativeDomainCount: "u16",
  /** Dictionary ids (MIME); banner: of the markup; video: of its media files. */
  creativeMimeStart: "u32",
  creativeMimeCount: "u16",
  refs: "u32", // pool of the three above
  creativeHasDsa: "u8",
  creativeDsaAdvertiserRenders: "u8",
  /** Index into the native creatives of wire's template table, else 0xffffffff. */
  creativeNative: "u32",
  // agencies by exchange: seat of agency a at exchange index e = seatValue[e * agencies + a],
  // dictionary id (SEAT), 0 = none
  agencyId: "u32",
  agencyPlaces: "u32", // of its circle of the day; askedAudiencesMax = everybody is asked all
  seatValue: "u32",
  lineItemAgencyIndex: "u32",
  // invite-only deals: dictionary id (DEAL) -> advertisers let in; sorted by deal
  inviteDeal: "u32",
  inviteExchange: "u32", // exchange id
  inviteStart: "u32",
  inviteCount: "u32",
  inviteAdvertiser: "u32",
  inviteFloorMicros: "f64", // agreed floor of our side, 0 = none
  inviteFloorCurrency: "u32",
  // zones of day-parts: offsets from UTC by transition, see campaign/zone
  zoneTransitionStart: "u32",
  zoneTransitionCount: "u32",
  transitionSec: "f64", // from this second on
  transitionOffsetSec: "f64", // local = UTC + offset
} as const;

export type CampaignTable = ColumnsOf<typeof tableSpec>;
export type CampaignTableInput = ColumnInput<typeof tableSpec>;

export const packTable = (input: CampaignTableInput): SharedArrayBuffer =>
  packColumns(tableSpec, input);
export const packTableSteps = (input: CampaignTableInput): Steps<SharedArrayBuffer> =>
  packSteps(tableSpec, input);
export const tableFrom = (buffer: SharedArrayBuffer): CampaignTable =>
  columnsFrom(tableSpec, buffer);

/** The dictionary id of a text key, 0 = no rule or creative of this World names it. */
export function dictionaryIdOf(table: CampaignTable, lo: number, hi: number): number {
  const { dictLo, dictHi, dictValue } = table;
  const mask = dictValue.length - 1;
  for (let at = (lo ^ hi) & mask; dictValue[at]! !== 0; at = (at + 1) & mask) {
    if (dictLo[at] === lo && dictHi[at] === hi) return dictValue[at]!;
  }
  return 0;
}

/** The place of an access key in accessStart and accessCount, -1 = nothing is posted under it. */
export function accessSlotOf(table: CampaignTable, lo: number, hi: number): number {
  const { accessLo, accessHi, accessCount } = table;
  const mask = accessCount.length - 1;
  for (let at = mix32(lo, hi) & mask; accessCount[at]! !== 0; at = (at + 1) & mask) {
    if (accessLo[at] === lo && accessHi[at] === hi) return at;
  }
  return -1;
}
