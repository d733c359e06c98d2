import { suggestion } from "../../campaign/issue.js";
import { wordPattern } from "../../campaign/schema-market.js";
import { below, type Findings, type Place } from "./findings.js";
import type { Behaviour, Market, Touchpoint } from "./model.js";
import { purposes } from "./model.js";
import type { StageRuleForm } from "./schema-segments.js";
import { filled, type Words } from "./template.js";
import { consentName } from "./touchpoints.js";

/** What rules may name. */
export type Known = {
  readonly markets: ReadonlyMap<string, Market>;
  readonly touchpoints: ReadonlyMap<string, Touchpoint>;
  readonly areas: ReadonlySet<string>;
  /** Areas that are none, for being below the crowd minimum. */
  readonly smallAreas: ReadonlySet<string>;
  /** By market; an empty one lets every word in. */
  readonly categories: ReadonlyMap<string, ReadonlySet<string>>;
  readonly findings: Findings;
};

/** One word or several, filled in, each with its place. */
export function wordsAt(
  form: string | readonly string[] | undefined,
  words: Words,
  place: Place,
): (readonly [word: string, at: Place])[] {
  if (form === undefined) return [];
  if (typeof form === "string") return [[filled(form, words), place]];
  return form.map((text, i) => [filled(text, words), below(place, i)] as const);
}

const only = (pairs: readonly (readonly [string, Place])[]): readonly string[] => [
  ...new Set(pairs.map(([word]) => word)),
];

/** The rows that a rule counts, everything that it names looked up. */
export function behaviourOf(
  form: Omit<StageRuleForm, "within"> & { readonly within: number },
  words: Words,
  place: Place,
  known: Known,
): Behaviour {
  const { findings } = known;
  const named = wordsAt(form.did, words, below(place, "did"));
  const touchpoints = named.flatMap(([name, at]) => {
    const touchpoint = known.touchpoints.get(name);
    if (touchpoint !== undefined) return [touchpoint];
    findings.error(at, name, () => {
      return `there is no touch-point "${name}": ${suggestion(name, known.touchpoints.keys())}`;
    });
    return [];
  });
  const behaviours = wordsAt(form.behaviour, words, below(place, "behaviour"));
  const categories = wordsAt(form.category, words, below(place, "category"));
  const markets = wordsAt(form.market, words, below(place, "market"));
  // With an unknown touch-point among them, what the others lack says nothing.
  if (touchpoints.length === named.length) {
    checkBehaviours(behaviours, touchpoints, below(place, "did"), findings);
    checkMarkets(markets, touchpoints, known);
    checkCategories(categories, touchpoints, only(markets), known);
  }
  checkWindow(form.within, touchpoints, place, findings);
  return {
    touchpoints: only(named),
    behaviours: behaviours.length > 0 ? only(behaviours) : shownBehaviours(touchpoints),
    categories: only(categories),
    brands: only(wordsAt(form.brand, words, place)),
    sources: only(wordsAt(form.source, words, place)),
    markets: only(markets),
    withinDays: form.within,
    count: form.count ?? 1,
    amountMicros: amountOf(form.amount, below(place, "amount"), known),
  };
}

/** What was not shown (ad: ghost) is nobody's behaviour: only a rule that names it sees it. */
const notShown = "ghost";

/** [] = any. */
function shownBehaviours(touchpoints: readonly Touchpoint[]): string[] {
  const all = new Set(touchpoints.flatMap(({ behaviours }) => behaviours));
  return all.delete(notShown) ? [...all] : [];
}

function checkBehaviours(
  behaviours: readonly (readonly [string, Place])[],
  touchpoints: readonly Touchpoint[],
  did: Place,
  findings: Findings,
): void {
  const all = touchpoints.flatMap((touchpoint) => touchpoint.behaviours);
  const where = touchpoints.map(({ name }) => name).join(" or ");
  let sound = true;
  for (const [word, at] of behaviours) {
    if (all.includes(word)) continue;
    sound = false;
    findings.error(at, word, () => {
      return `"${word}" is no behaviour of ${where}: ${suggestion(word, new Set(all))}`;
    });
  }
  if (behaviours.length === 0 || !sound) return;
  for (const { name, behaviours: own } of touchpoints) {
    if (behaviours.some(([word]) => own.includes(word))) continue;
    findings.error(did, name, () => {
      return `none of these behaviours is one of ${name} (${own.join(", ")}): drop ${name}`;
    });
  }
}

function checkMarkets(
  markets: readonly (readonly [string, Place])[],
  touchpoints: readonly Touchpoint[],
  known: Known,
): void {
  const there = new Set(touchpoints.flatMap((touchpoint) => touchpoint.markets));
  for (const [name, at] of markets) {
    if (there.has(name)) continue;
    known.findings.error(at, name, () =>
      known.markets.has(name)
        ? `no touch-point of this rule has rows of ${name}: ${suggestion(name, there)}`
        : `there is no market "${name}": ${suggestion(name, known.markets.keys())}`,
    );
  }
}

/** A word must be able to stand in a row of one of the markets. */
function checkCategories(
  categories: readonly (readonly [string, Place])[],
  touchpoints: readonly Touchpoint[],
  wanted: readonly string[],
  known: Known,
): void {
  if (categories.length === 0) return;
  const purposeWords: readonly string[] = purposes;
  const consent = touchpoints.some(({ name }) => name === consentName);
  const there = new Set(touchpoints.flatMap((touchpoint) => touchpoint.markets));
  const markets = wanted.length === 0 ? [...there] : wanted.filter((name) => there.has(name));
  const lists = markets.flatMap((name) => known.categories.get(name) ?? []);
  for (const [word, at] of categories) {
    if (consent && purposeWords.includes(word)) continue;
    if (lists.some((list) => list.has(word))) continue;
    if (lists.some((list) => list.size === 0)) {
      if (wordPattern.test(word)) continue;
      known.findings.error(at, word, () => {
        return `"${word}" is no category: write lower-case words with dots and hyphens`;
      });
      continue;
    }
    known.findings.error(at, word, () => {
      const all = new Set(lists.flatMap((list) => [...list]));
      return `"${word}" is no category of ${markets.join(", ")}: ${suggestion(word, all)}`;
    });
  }
}

function checkWindow(
  within: number,
  touchpoints: readonly Touchpoint[],
  place: Place,
  findings: Findings,
): void {
  for (const { name, retentionDays } of touchpoints) {
    if (within <= retentionDays) continue;
    findings.error(below(place, "within"), name, () => {
      const kept = `rows of ${name} leave after ${retentionDays} (retentionDays)`;
      return `looks back ${within} days, but ${kept}: write at most ${retentionDays}`;
    });
  }
}

/** Amounts are numbers of at most six decimals below 1e9: the micros of each are exact. */
function amountOf(
  form: StageRuleForm["amount"],
  place: Place,
  { markets, findings }: Known,
): ReadonlyMap<string, number> | null {
  if (form === undefined) return null;
  const currencies = new Set([...markets.values()].map(({ currency }) => currency));
  if (Object.keys(form).length === 0) {
    findings.error(place, "none", () => "names no sum: write one such as {USD: 1000}");
  }
  for (const currency of Object.keys(form)) {
    if (currencies.has(currency)) continue;
    findings.error(below(place, currency), currency, () => {
      return `no market counts in "${currency}": ${suggestion(currency, currencies)}`;
    });
  }
  return new Map(Object.entries(form).map(([code, amount]) => [code, Math.round(amount * 1e6)]));
}
