import type { AdvertiserId, AgencyId } from "../../base/ids.js";

/**
 * What the bank is told, checked and expanded: the one value that its stages read. Made from
 * `config/bank.yaml`, `config/markets/`, `config/touchpoints/` and `config/segments/`.
 */
export type BankConfig = {
  readonly markets: ReadonlyMap<string, Market>;
  /** Home areas of all markets, in order of market and area; area number = place + 1, 0 unknown. */
  readonly areas: readonly string[];
  /** By name, which is also the name of the source folder. */
  readonly touchpoints: ReadonlyMap<string, Touchpoint>;
  readonly identity: IdentitySettings;
  readonly aipl: readonly AiplRules[];
  /** In file order, templates expanded, without the stages of `aipl`. */
  readonly segments: readonly SegmentRule[];
};

/** A country pack: another one is another file. */
export type Market = {
  /** "US", "EU": what a row's `market` says. */
  readonly name: string;
  readonly label: string;
  /** ISO 3166-1 alpha-3. */
  readonly countries: readonly string[];
  /** ISO 4217: amounts of this market's rows are in it. */
  readonly currency: string;
  /** optIn: nobody counts without a consent; optOut: everybody but who withdrew it. */
  readonly consent: "optIn" | "optOut";
  readonly areas: readonly Area[];
  /** Category words that rows of this market may carry; others are quarantined. Empty: any. */
  readonly categories: readonly string[];
};

export type Area = {
  /** "US-CA". */
  readonly name: string;
  readonly label: string;
  /** Inhabitants: areas below the crowd minimum are no areas. */
  readonly people: number;
};

/** What a touch-point's rows are used for; consent is given and withdrawn by purpose. */
export const purposes = ["advertising", "measurement"] as const;
export type Purpose = (typeof purposes)[number];

export type Touchpoint = {
  readonly name: string;
  readonly label: string;
  readonly purpose: Purpose;
  /** Rows older than this leave the bank. */
  readonly retentionDays: number;
  readonly markets: readonly string[];
  readonly columns: SourceColumns;
  /** Closed list; a row with another behaviour is quarantined. */
  readonly behaviours: readonly string[];
  /** In order: the first usable identifier of a row is whose row it is. */
  readonly identifiers: readonly IdentifierColumn[];
  readonly links: readonly Link[];
  /** Rows with an area say where a person lives. */
  readonly homeArea: boolean;
  /** Rows show that somebody is there: who has none of late counts towards no crowd minimum. */
  readonly evidence: boolean;
};

/** Names of source columns; "" = the source has none. */
export type SourceColumns = {
  readonly eventId: string;
  readonly time: { readonly column: string; readonly as: "timestamp" | "unixSec" | "unixMs" };
  /** A column, or the one market of every row. */
  readonly market: { readonly column: string } | { readonly always: string };
  readonly behaviour: { readonly column: string } | { readonly always: string };
  readonly category: string;
  readonly brand: string;
  readonly source: string;
  /** A decimal number of the market's currency. */
  readonly amount: string;
  readonly area: string;
};

/** What an identifier is, as config files and command lines call it. */
export const identifierKinds = [
  ...(["idfa", "aaid", "oaid", "tifa"] as const),
  ...(["idfaSha1", "idfaMd5", "aaidSha1", "aaidMd5", "oaidSha1", "oaidMd5"] as const),
  ...(["buyerUid", "eid"] as const),
  ...(["account", "email", "emailSha256", "phone", "phoneSha256"] as const),
  // An ordinal of the bank's own, as the exposure log holds it: the person's oldest identifier.
  "person",
] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

export type IdentifierColumn = {
  readonly column: string;
  /** One kind, or a column whose values name it. */
  readonly kind:
    | { readonly always: IdentifierKind }
    | { readonly column: string; readonly values: ReadonlyMap<string, IdentifierKind> };
  /** buyerUid: the exchange's id; eid: the source's number in privacy.yaml; 0 elsewhere. */
  readonly scope:
    | { readonly always: number }
    | { readonly column: string; readonly values: ReadonlyMap<string, number> };
};

/**
 * Two identifier columns of one row that name one person, with the OpenRTB `mm` value as evidence:
 * 3 (authenticated) merges, every other one only proposes.
 */
export type Link = { readonly a: string; readonly b: string; readonly mm: number };

export type IdentitySettings = {
  /** Identifiers that many people share: never anybody's. */
  readonly stopList: readonly { readonly kind: IdentifierKind; readonly value: string }[];
  readonly accountsPerEmailMax: number;
  readonly accountsPerDeviceMax: number;
  readonly devicesPerAccountMax: number;
  /** A component with more identifiers is dissolved and noted in the audit file. */
  readonly componentIdentifiersMax: number;
};

export const stages = ["awareness", "interest", "purchase", "loyalty"] as const;
export type Stage = (typeof stages)[number];
/** In files and memory a stage is 1 to 4; 0 = none. */
export const stageNumber = (stage: Stage): number => stages.indexOf(stage) + 1;

/** A person of the advertiser is in the highest stage of which one rule holds, and in no other. */
export type AiplRules = {
  readonly advertiser: AdvertiserId;
  readonly agency: AgencyId;
  /** Lower-case word: its segments are aipl.<word>.<stage>, seen by the agency alone. */
  readonly word: string;
  readonly label: string;
  readonly stages: Readonly<Record<Stage, readonly Behaviour[]>>;
};

/** `count` rows at least that match every non-empty list, within days before the day's start. */
export type Behaviour = {
  readonly touchpoints: readonly string[];
  readonly behaviours: readonly string[];
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly sources: readonly string[];
  readonly markets: readonly string[];
  readonly withinDays: number;
  /** 1 to 255. */
  readonly count: number;
  /** The rows' amounts together, by currency; rows of other currencies do not count. null: any. */
  readonly amountMicros: ReadonlyMap<string, number> | null;
};

export type Rule =
  | { readonly kind: "did"; readonly behaviour: Behaviour }
  | { readonly kind: "segment"; readonly name: string }
  | { readonly kind: "stage"; readonly advertiser: AdvertiserId; readonly stages: readonly Stage[] }
  | { readonly kind: "list"; readonly agency: AgencyId; readonly name: string }
  | { readonly kind: "area"; readonly areas: readonly string[] }
  | { readonly kind: "market"; readonly markets: readonly string[] }
  | { readonly kind: "all" | "any" | "none"; readonly of: readonly Rule[] };

export type SegmentRule = {
  /** Lower-case words with dots and hyphens: "interest.beauty". */
  readonly name: string;
  readonly label: string;
  /** Where the membership comes from: a touch-point's name, or "mixed". */
  readonly source: string;
  /** The longest look back of its rule. */
  readonly recencyDays: number;
  readonly method: "declared" | "observed" | "inferred";
  /** false: only for other rules, in no snapshot. */
  readonly outward: boolean;
  /** Agencies that may use it; empty = all. Invite-only segments and private ones name them. */
  readonly agencies: readonly AgencyId[];
  readonly rule: Rule;
};
