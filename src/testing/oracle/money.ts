import type { Fraction } from "./decimal.js";
import { compare, fractionOf, larger, over, times, zero } from "./decimal.js";
import type { Doubt, Plain } from "./plain.js";
import { has, numberAt, objectsAt, textAt } from "./plain.js";
import type { WorldFacts } from "./world-facts.js";

export type Money = { readonly amount: Fraction; readonly currency: string };

/** The same money in another currency, by exact fractions; undefined where a rate is missing. */
export function convert(facts: WorldFacts, money: Money, to: string): Fraction | undefined {
  if (money.currency === to) return money.amount;
  const from = facts.rates.get(money.currency);
  const into = facts.rates.get(to);
  if (from === undefined || into === undefined) return undefined;
  return times(over(money.amount, from), into);
}

/**
 * Currencies that may be answered in: `cur`, or USD where none is stated. Empty = none that we
 * know.
 */
export function allowedCurrencies(request: Plain, facts: WorldFacts, doubt: Doubt): string[] {
  const { cur } = request;
  if (cur === undefined || cur === null) return ["USD"];
  if (!Array.isArray(cur)) {
    doubt.add("cur is not a list");
    return ["USD"];
  }
  if (cur.length === 0) return ["USD"];
  const texts = cur.filter((code): code is string => typeof code === "string");
  if (texts.length !== cur.length) doubt.add("cur holds other things than text");
  return texts.filter((code) => facts.rates.has(code));
}

/**
 * The bid floor that a creative of `durationSec` must reach (OpenRTB 2.6, section 7.11): floors by
 * second or by duration stand in place of the plain one. `strict` takes the highest of all, as a
 * careful bidder may. Undefined = a floor that nobody can reach.
 */
export function floorOf(
  holder: Plain,
  timed: Plain | undefined,
  durationSec: number,
  strict: boolean,
  doubt: Doubt,
): Money | undefined {
  const stated = textAt(holder, "bidfloorcur") ?? "";
  const currency = stated === "" ? "USD" : stated.toUpperCase();
  if (has(holder, "bidfloorcur") && stated !== currency) doubt.add("odd bidfloorcur");
  const plain = amountAt(holder, "bidfloor", doubt);
  const byTime = timed === undefined ? [] : timedFloors(timed, durationSec, doubt);
  const all = [...(byTime.length === 0 || strict ? [plain] : []), ...byTime];
  let amount = zero;
  for (const floor of all) {
    if (floor === undefined) return undefined;
    amount = larger(amount, floor);
  }
  return { amount, currency };
}

/**
 * The floors by second and by duration that apply; undefined inside = one that nobody can reach.
 */
function timedFloors(timed: Plain, durationSec: number, doubt: Doubt): (Fraction | undefined)[] {
  const floors: (Fraction | undefined)[] = [];
  const perSecond = amountAt(timed, "mincpmpersec", doubt);
  const seconds = fractionOf(durationSec) ?? zero;
  if (perSecond === undefined) floors.push(undefined);
  else if (compare(perSecond, zero) > 0) floors.push(times(perSecond, seconds));
  for (const entry of objectsAt(timed, "durfloors")) {
    const from = numberAt(entry, "mindur") ?? 0;
    const until = numberAt(entry, "maxdur") ?? Number.POSITIVE_INFINITY;
    if (durationSec >= from && durationSec <= until)
      floors.push(amountAt(entry, "bidfloor", doubt));
  }
  return floors;
}

/** 0 when absent; undefined when nobody can mean it (then nothing may be bid). */
function amountAt(holder: Plain, key: string, doubt: Doubt): Fraction | undefined {
  if (!has(holder, key)) return zero;
  const value = numberAt(holder, key);
  if (value === undefined) {
    doubt.add(`wrong type: ${key}`);
    return zero;
  }
  if (!Number.isFinite(value)) return undefined;
  if (value < 0) doubt.add(`negative ${key}`);
  const amount = fractionOf(value);
  return amount === undefined || value > 1e9 ? undefined : amount;
}
