import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/**
 * The bank's rules once more, as simply as they can be said: from config files to what is true of
 * one person's rows. What the real stages find is compared with this.
 */
export type NaiveRow = {
  readonly touchpoint: string;
  /** Days before today, fractional. */
  readonly age: number;
  readonly market: string;
  readonly behaviour: string;
  readonly category: string | null;
  readonly brand: string | null;
  readonly source: string | null;
  readonly amount: number | null;
};

type Words = string | readonly string[];
type Did = {
  readonly did: Words;
  readonly behaviour?: Words;
  readonly category?: Words;
  readonly brand?: Words;
  readonly source?: Words;
  readonly within?: number;
  readonly count?: number;
  readonly amount?: Readonly<Record<string, number>>;
};
type Rule =
  | Did
  | { readonly segment: string }
  | { readonly stage: { readonly advertiser: number; readonly in: readonly string[] } }
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly none: readonly Rule[] };
type Segment = { readonly name: string; readonly rule: Rule; readonly outward?: boolean };
type Aipl = {
  readonly advertiser: number;
  readonly word: string;
  readonly brands: readonly string[];
  readonly stages?: Readonly<Record<string, readonly Did[]>>;
};
export type NaiveRules = { readonly segments: readonly Segment[]; readonly aipl: readonly Aipl[] };

const stages = ["loyalty", "purchase", "interest", "awareness"] as const;
const withinOf = { awareness: 15, interest: 15, purchase: 365, loyalty: 365 } as const;
const orders = { did: ["commerce", "payment", "store"], behaviour: "order" } as const;
/** As src/bank/README.md writes them. */
const stagesByDefault: Readonly<Record<string, readonly Did[]>> = {
  awareness: [
    { did: "ad", behaviour: "exposure" },
    { did: "search", behaviour: "categorySearch" },
  ],
  interest: [
    { did: "ad", behaviour: "click" },
    { did: "commerce", behaviour: ["view", "favourite", "cart"] },
  ],
  purchase: [orders],
  loyalty: [{ ...orders, count: 2 }],
};
const currencyOf: Readonly<Record<string, string>> = { US: "USD", CN: "CNY", IN: "INR", EU: "EUR" };

/** The rules of a config folder's segments/, templates expanded. */
export function naiveRules(configFolder: string): NaiveRules {
  const folder = join(configFolder, "segments");
  const files = readdirSync(folder).map(
    (name) => parse(readFileSync(join(folder, name), "utf8")) as Partial<NaiveRules>,
  );
  return {
    segments: files.flatMap(({ segments = [] }) => segments.flatMap(expanded)),
    aipl: files.flatMap(({ aipl = [] }) => aipl),
  };
}

function expanded(segment: Segment & { each?: { word: readonly string[] } }): readonly Segment[] {
  const words = segment.each?.word ?? [""];
  return words.map(
    (word) => JSON.parse(JSON.stringify(segment).replaceAll("{word}", word)) as Segment,
  );
}

/** Names of the stages and segments that a person with these rows is in, sorted. */
export function naiveSegments({ segments, aipl }: NaiveRules, rows: readonly NaiveRow[]): string[] {
  const stageOf = (brand: Aipl): string | undefined =>
    stages.find((stage) => {
      const rules = brand.stages?.[stage] ?? stagesByDefault[stage] ?? [];
      return rules.some((rule) =>
        did({ within: withinOf[stage], brand: brand.brands, ...rule }, rows),
      );
    });
  const holds = (rule: Rule): boolean => {
    if ("all" in rule) return rule.all.every(holds);
    if ("any" in rule) return rule.any.some(holds);
    if ("none" in rule) return !rule.none.some(holds);
    if ("segment" in rule) return holds(segments.find(({ name }) => name === rule.segment)!.rule);
    if ("did" in rule) return did(rule, rows);
    const { advertiser, in: wanted } = rule.stage;
    return wanted.includes(stageOf(aipl.find((one) => one.advertiser === advertiser)!) ?? "");
  };
  const inside = segments.filter(({ rule, outward }) => outward !== false && holds(rule));
  const staged = aipl.flatMap((brand) => {
    const stage = stageOf(brand);
    return stage === undefined ? [] : [`aipl.${brand.word}.${stage}`];
  });
  return [...inside.map(({ name }) => name), ...staged].sort();
}

function did(rule: Did, rows: readonly NaiveRow[]): boolean {
  const says = (words: Words | undefined, word: string | null): boolean =>
    words === undefined || (word !== null && [words].flat().includes(word));
  const found = rows.filter(
    (row) =>
      says(rule.did, row.touchpoint) &&
      says(rule.behaviour, row.behaviour) &&
      says(rule.category, row.category) &&
      says(rule.brand, row.brand) &&
      says(rule.source, row.source) &&
      row.age <= (rule.within ?? 0),
  );
  if (found.length < (rule.count ?? 1)) return false;
  return Object.entries(rule.amount ?? { USD: 0, CNY: 0, INR: 0, EUR: 0 }).some(
    ([currency, least]) => {
      const paid = found.filter(({ market }) => currencyOf[market] === currency);
      return paid.length > 0 && paid.reduce((sum, { amount }) => sum + (amount ?? 0), 0) >= least;
    },
  );
}
