import { assert } from "../../base/assert.js";
import { secondsPerDay } from "../bank.js";
import type { BankConfig, Behaviour } from "../config/model.js";

/**
 * What has to be counted, a person, so that every behaviour can be decided: bits where one row is
 * enough, saturating bytes where several are needed, sums where an amount is.
 */
export type CountPlan = {
  readonly asks: readonly Ask[];
  /** Parallel to the behaviours. */
  readonly verdicts: readonly Verdict[];
  readonly bitCount: number;
  readonly byteCount: number;
  readonly sumCount: number;
};

/** Rows that match every non-empty list, from `fromSec` on, go into a counter. */
export type Ask = {
  readonly touchpoints: readonly string[];
  readonly words: Readonly<Record<WordColumn, readonly string[]>>;
  readonly fromSec: number;
  readonly into: { readonly kind: "bit" | "byte" | "sum"; readonly at: number };
};

/** Columns of `events.parquet` that a behaviour may ask for. */
export const wordColumns = ["behaviour", "category", "brand", "source", "market"] as const;
export type WordColumn = (typeof wordColumns)[number];

/** When a behaviour holds: the bit, or the byte and one of the sums; -1 = not asked. */
export type Verdict = {
  readonly bit: number;
  readonly byte: number;
  readonly count: number;
  readonly sums: readonly { readonly at: number; readonly least: number }[];
};

/** One text for behaviours that mean the same, whatever the order of their words. */
export function behaviourKey(behaviour: Behaviour): string {
  const { touchpoints, behaviours, categories, brands, sources, markets } = behaviour;
  const lists = [touchpoints, behaviours, categories, brands, sources, markets];
  const amounts = [...(behaviour.amountMicros ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const sorted = lists.map((list) => [...new Set(list)].sort());
  const { withinDays, count } = behaviour;
  return JSON.stringify([...sorted, withinDays, count, behaviour.amountMicros && amounts]);
}

export function countPlanOf(
  behaviours: readonly Behaviour[],
  config: BankConfig,
  asOfSec: number,
): CountPlan {
  const asks: Ask[] = [];
  const next = { bit: 0, byte: 0, sum: 0 };
  const ask = (b: Behaviour, kind: Ask["into"]["kind"], markets: readonly string[]): number => {
    const fromSec = Math.max(0, asOfSec - b.withinDays * secondsPerDay);
    const { behaviours: behaviour, categories: category, brands: brand, sources: source } = b;
    const words = { behaviour, category, brand, source, market: markets };
    const into = { kind, at: next[kind]++ };
    asks.push({ touchpoints: b.touchpoints, words, fromSec, into });
    return into.at;
  };
  const verdicts = behaviours.map((b): Verdict => {
    assert(b.count >= 1 && b.count <= 255, "a count is 1 to 255");
    if (b.amountMicros === null) {
      const bit = b.count === 1 ? ask(b, "bit", b.markets) : -1;
      const byte = b.count > 1 ? ask(b, "byte", b.markets) : -1;
      return { bit, byte, count: b.count, sums: [] };
    }
    const sums: { at: number; least: number }[] = [];
    const counted: string[] = [];
    for (const [currency, least] of b.amountMicros) {
      assert(least > 0, "an amount is above 0");
      const markets = marketsOf(config, currency, b.markets);
      if (markets.length === 0) continue;
      sums.push({ at: ask(b, "sum", markets), least });
      counted.push(...markets);
    }
    const byte = b.count > 1 && counted.length > 0 ? ask(b, "byte", counted) : -1;
    return { bit: -1, byte, count: b.count, sums };
  });
  return { asks, verdicts, bitCount: next.bit, byteCount: next.byte, sumCount: next.sum };
}

/** A row's currency is its market's; an empty `among` is every market. */
const marketsOf = (config: BankConfig, currency: string, among: readonly string[]): string[] =>
  [...config.markets.values()]
    .filter((market) => market.currency === currency)
    .map((market) => market.name)
    .filter((name) => among.length === 0 || among.includes(name));
