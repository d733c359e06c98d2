import type {
  AdvertiserId,
  AgencyId,
  CampaignId,
  CreativeId,
  ExchangeId,
  LineItemId,
} from "../base/ids.js";
import type { CurrencyCode, Micros, UnixMs } from "../base/units.js";
import type { Targeting } from "./targeting.js";

/**
 * What agencies want to buy, checked and resolved, as plain data: the form between the YAML files
 * (or the desk) and the compiled table. Money is in the advertiser's currency. Lists are sorted by
 * id.
 */
export type CampaignBook = {
  readonly agencies: readonly Agency[];
  readonly advertisers: readonly Advertiser[];
  readonly campaigns: readonly Campaign[];
  readonly lineItems: readonly LineItem[];
  readonly creatives: readonly CreativeModel[];
  readonly deals: readonly Deal[];
  /** Absent: no place is finer than a country for an audience. */
  readonly homeAreas?: HomeFinder;
};

export type Agency = {
  readonly id: AgencyId;
  readonly name: string;
  /** Seat id by exchange name; an exchange that is not named has no seat of ours. */
  readonly seats: Readonly<Record<string, string>>;
};

export type Advertiser = {
  readonly id: AdvertiserId;
  readonly agency: AgencyId;
  readonly name: string;
  /** Default `adomain` of its creatives, lower case. */
  readonly domains: readonly string[];
  readonly currency: CurrencyCode;
  /** IANA name. */
  readonly timeZone: string;
  /** Of all its line items together. */
  readonly frequency?: readonly FrequencyCap[];
  /** Of all its campaigns together. */
  readonly budget?: Budget;
};

/** At most `impressions` a person in any `windowSec` seconds. */
export type FrequencyCap = { readonly impressions: number; readonly windowSec: number };

export type Campaign = {
  readonly id: CampaignId;
  readonly advertiser: AdvertiserId;
  readonly name: string;
  readonly timeZone: string;
  /** Local midnight of the first day. */
  readonly startMs: UnixMs;
  /** Local midnight after the last day: the flight is [startMs, endMs). */
  readonly endMs: UnixMs;
  readonly budget: Budget;
  /** Of all its line items together. */
  readonly frequency?: readonly FrequencyCap[];
  readonly pacing?: Pacing;
};

/** Where people live, as far as audiences can be aimed at it (home-areas.ts). */
export type HomeFinder = {
  readonly clauseOf: (lineItem: Pick<LineItem, "audience" | "price" | "targeting">) => AreaClause;
};

export type AreaClause =
  /** Names of areas, sorted, each once; null = anywhere. */
  | { readonly ok: true; readonly areas: readonly string[] | null }
  /** `path` leads from the line item to what is wrong. */
  | { readonly ok: false; readonly path: readonly (string | number)[]; readonly why: string };

/**
 * Money in nano units (1e-9) of the advertiser's currency, as bids and reservations are. 0n or
 * absent = no limit.
 */
export type Budget = {
  readonly totalNanos: bigint;
  readonly dailyNanos: bigint;
  readonly totalImpressions?: bigint;
  readonly dailyImpressions?: bigint;
};

/** How a budget is spread over flight and day; absent = asap (as soon as possible). */
export type Pacing = "even" | "ahead" | "asap";

/** A segment name, or a condition over several: all (and), any (or), none (neither). */
export type AudienceExpression =
  | string
  | { readonly all: readonly AudienceExpression[] }
  | { readonly any: readonly AudienceExpression[] }
  | { readonly none: readonly AudienceExpression[] };

/** The same as it is written: parts may be audiences that are kept under an id. */
export type AudienceForm =
  | string
  | { readonly saved: number }
  | { readonly all: readonly AudienceForm[] }
  | { readonly any: readonly AudienceForm[] }
  | { readonly none: readonly AudienceForm[] };

export type SavedAudience = {
  readonly id: number;
  readonly agency: AgencyId;
  readonly name: string;
  readonly audience: AudienceExpression;
};

export type LineItem = {
  readonly id: LineItemId;
  readonly campaign: CampaignId;
  readonly name: string;
  readonly paused: boolean;
  readonly targeting: Targeting;
  /**
   * Where its targeting names deals: true = buys in the open auction beside them too. Default
   * false.
   */
  readonly openAuction?: boolean;
  readonly audience: AudienceExpression | null;
  readonly price: Price;
  /** All hold, beside those of its campaign and advertiser; empty = none. */
  readonly frequency: readonly FrequencyCap[];
  readonly withoutId: "skip" | "contextual";
  readonly budget?: Budget;
  /** Of its own budget; absent = its campaign's. */
  readonly pacing?: Pacing;
  readonly creatives: readonly { readonly id: CreativeId; readonly weight: number }[];
};

export type Price = {
  /** The base price; of goal CPC: what 1,000 clicks are worth. */
  readonly cpmMicros: Micros;
  /** What the base price is for; default "cpm". */
  readonly goal?: "cpm" | "cpc";
  /** How the value becomes a bid (bid/strategy); default "fixed". */
  readonly strategy?: "fixed" | "shade" | "linear";
  readonly maxMicros: Micros;
  /** Bounds of the product of the context modifiers. */
  readonly factorMinPermille: number;
  readonly factorMaxPermille: number;
  /** Context modifiers: each that applies multiplies. */
  readonly contextModifiers: readonly ContextModifier[];
  /** Person modifiers: the first whose audience is true applies, snapped to the ladder. */
  readonly personModifiers: readonly PersonModifier[];
};
export type ContextModifier = {
  readonly when: Targeting["include"];
  readonly factorPermille: number;
};
export type PersonModifier = {
  readonly when: AudienceExpression;
  readonly factorPermille: number;
};

export type Deal = {
  /** The text that exchanges send in pmp.deals[].id. */
  readonly deal: string;
  readonly exchange: ExchangeId;
  readonly name: string;
  readonly type: "private" | "preferred" | "open";
  /** The floor that our side agreed; 0 = none. */
  readonly floorMicros: Micros;
  readonly floorCurrency: CurrencyCode;
  /** Advertisers let in; empty = every one. */
  readonly inviteOnly: readonly AdvertiserId[];
};

export type Size = { readonly width: number; readonly height: number };

export type CreativeModel = {
  readonly id: CreativeId;
  readonly advertiser: AdvertiserId;
  readonly name: string;
  readonly markup: Markup;
  /** Banner: what it can be shown at. Video: of its frame, may be empty. Audio, native: empty. */
  readonly sizes: readonly Size[];
  /** https address that a click leads to. */
  readonly landingPage: string;
  /** `adomain`, lower case, never empty. */
  readonly domains: readonly string[];
  readonly categories: readonly Category[];
  /** AdCOM creative attributes, ascending. */
  readonly attributes: readonly number[];
  /** AdCOM API frameworks that the markup needs. */
  readonly apis: readonly number[];
  /** OpenRTB banner kind 1..4; 0 for other media. */
  readonly bannerType: number;
  /**
   * Of the markup (banner) or of the media files; any one of them must be offered. Native: empty.
   */
  readonly mimes: readonly string[];
  /** Two-letter language, "" = none stated. */
  readonly language: string;
  /** Bundle of the advertised app, "" = none. */
  readonly bundle: string;
  readonly expandable: boolean;
  /** Every address in it is https. */
  readonly secure: boolean;
  readonly dsa: Dsa | null;
  /** Names of exchanges that approved it; "all" in the demo. */
  readonly approvedBy: "all" | readonly string[];
};

/** A category id in its AdCOM taxonomy: 1 is IAB 1.0 ("IAB25-3"), 7 is IAB 3.0. */
export type Category = { readonly taxonomy: number; readonly id: string };

export type Dsa = {
  readonly behalf: string;
  readonly paid: string;
  readonly transparency: readonly {
    readonly domain: string;
    readonly params: readonly number[];
  }[];
  /** True = the markup itself shows the transparency information. */
  readonly adRender: boolean;
};

/** VAST as text versions; OpenRTB protocol number by version and form, see campaign/protocol. */
export type VastVersion = "2.0" | "3.0" | "4.0" | "4.1" | "4.2" | "4.3";

export type MediaFile = {
  readonly url: string;
  readonly mime: string;
  readonly width: number; // 0 for audio
  readonly height: number;
  readonly bitrateKbps: number; // 0 = not stated
};

export type Markup =
  | { readonly kind: "html"; readonly html: string }
  | { readonly kind: "thirdPartyTag"; readonly tag: string }
  | VastInline
  | VastWrapper
  | Native;

export type Timed = {
  readonly medium: "video" | "audio";
  readonly vast: VastVersion;
  /** AdCOM creative subtype of (vast, form): 3 = VAST 3.0, 6 = VAST 3.0 wrapper, ... */
  readonly protocol: number;
  readonly durationSec: number;
  readonly linearity: 1 | 2;
  /** Seconds after which the viewer may skip; -1 = not skippable. */
  readonly skipAfterSec: number;
  /** Of its first media file; 0 = not stated. */
  readonly bitrateKbps: number;
};
export type VastInline = Timed & {
  readonly kind: "vastInline";
  readonly title: string;
  readonly mediaFiles: readonly MediaFile[];
};
export type VastWrapper = Timed & { readonly kind: "vastWrapper"; readonly url: string };

export type NativeImage = { readonly url: string; readonly width: number; readonly height: number };
export type Native = {
  readonly kind: "native";
  readonly title: string;
  readonly icon: NativeImage | null; // image type 1
  readonly main: NativeImage | null; // image type 3
  /** Native data asset types 1..12 -> text. */
  readonly data: Readonly<Record<number, string>>;
  readonly privacy: string; // https address, "" = none
};

/** A campaign's money, for the ledger and the allowances. */
export type CampaignBudget = {
  readonly campaign: CampaignId;
  readonly advertiser: AdvertiserId;
  readonly agency: AgencyId;
  readonly currency: CurrencyCode;
  readonly timeZone: string;
  readonly startMs: UnixMs;
  readonly endMs: UnixMs;
  readonly budget: Budget;
  readonly pacing?: Pacing;
  readonly lineItems: readonly LineItemId[];
};
