import { type Fact, sqlFact } from "./facts.js";
import { stageShift, traitBit } from "./traits.js";

/**
 * What recipes are written in: SQL over the table `person` (person-table.ts). A recipe makes one
 * row of one touch-point for each person of whom `when` holds.
 */
export type TouchpointKind =
  | "commerce"
  | "search"
  | "social"
  | "payment"
  | "video"
  | "store"
  | "cookie"
  | "map"
  | "ad"
  | "consent";

export type Recipe = {
  readonly touchpoint: TouchpointKind;
  /** SQL texts: `word("order")`, or a choice. */
  readonly behaviour: string;
  readonly category?: string;
  readonly brand?: string;
  readonly source?: string;
  /** Drawn between, in US dollars at `currencyOf`'s flat rates; [a, b] with a < b. */
  readonly usd?: readonly [number, number];
  /** Full days before today: rows lie in [from, to) of them. */
  readonly days: readonly [number, number];
  readonly by: By;
  /** Its area is the person's home. */
  readonly area?: true;
  readonly when: string;
};

/**
 * A word of the closed vocabulary: an ENUM, whose dictionary Parquet files take over as it is (0.23
 * us a row against 0.6 us for texts, which are hashed one by one; 1 core, DuckDB 1.5.6).
 */
export const word = (text: string): string => `'${text}'::word`;
/** Words that SQL texts name. */
export const wordsIn = (sql: string): readonly string[] =>
  Array.from(sql.matchAll(/'([^']*)'::word/g), ([, text]) => text ?? "");

/** SQL conditions. */
export const has = (segment: string): string =>
  `(traits & ${1n << BigInt(traitBit(segment))}) <> 0`;
export const hasNoneOf = (segments: readonly string[]): string => {
  const mask = segments.reduce((bits, name) => bits | (1n << BigInt(traitBit(name))), 0n);
  return `(traits & ${mask}) = 0`;
};
export const not = (condition: string): string => `NOT (${condition})`;
export const all = (...conditions: readonly string[]): string =>
  conditions.map((condition) => `(${condition})`).join(" AND ");
export const any = (...conditions: readonly string[]): string =>
  conditions.map((condition) => `(${condition})`).join(" OR ");
export const fact = (name: Fact): string => `${sqlFact(name)} <> 0`;
/** 0 none, 1 awareness .. 4 loyalty. */
export const stageIs = (brand: string, ...stages: readonly number[]): string =>
  `((traits >> ${stageShift(brand)}) & 7) IN (${stages.join(", ")})`;

/**
 * Holds for a share of the people, in steps of 1/1024: ten bits of the key, which say nothing of
 * traits and identifiers, since those are mixed from all of it. (A mix a row took half of the
 * time.)
 * Other bits in each recipe.
 */
export const sometimes = (share: number): string => `((key >> $s) & 1023) < ${steps(share)}`;
/** The same people in several recipes that give the same number. */
export const shared = (number: number, share: number): string =>
  `((key >> ${number % 23}) & 1023) < ${steps(share)}`;
const steps = (share: number): number => Math.round(share * 1024);
/** Two or four words, by two bits of the person's key. */
export function oneOf(...words: readonly string[]): string {
  const whens = words.map((text, i) => `WHEN ${i} THEN ${word(text)}`);
  return `CASE (key >> $s) & ${words.length - 1} ${whens.join(" ")} END`;
}
export const either = (condition: string, yes: string, no: string): string =>
  `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`;

/** Identifier columns of a row; a missing one is NULL. SQL. */
export type By = {
  readonly account?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly ifa?: string;
  readonly ifaKind?: string;
  readonly cookie?: string;
  readonly exchange?: string;
};

/** The phone alone: how most rows come, and all rows of people without an account. */
export const byPhone: By = { ifa: "phone", ifaKind: "phone_kind" };
/** The phone, logged in where there is an account. */
export const byLogin: By = { account: "account", ...byPhone };
export const byAccount: By = { account: "account" };
export const byTablet: By = { ifa: "uuid_of(key, 2)", ifaKind: word("oaid") };
export const byTabletLogin: By = { account: "account", ...byTablet };
export const byCookie: By = { cookie: "cookie", exchange: "exchange" };
export const byCookieLogin: By = { account: "account", ...byCookie };
const household = `(2 * ((n - 1) // 5) + ${sqlFact("half")})`;
const tvOfHousehold = `uuid_of(household_key(${household}), 1)`;
const onTv = fact("tvLogin");
/** The television, logged in; the phone of those who are not. */
export const byTv: By = {
  account: either(onTv, "account", "NULL"),
  ifa: either(onTv, tvOfHousehold, "phone"),
  ifaKind: either(onTv, word("tifa"), "phone_kind"),
};
/** The own browser for one row in eight, else the phone. */
const inBrowser = "own_browser AND ((key >> $s) & 7) = 0";
export const byBrowsing: By = {
  ifa: either(inBrowser, "NULL", "phone"),
  ifaKind: either(inBrowser, "NULL", "phone_kind"),
  cookie: either(inBrowser, "cookie", "NULL"),
  exchange: either(inBrowser, "exchange", "NULL"),
};
export const tvUuid = tvOfHousehold;
