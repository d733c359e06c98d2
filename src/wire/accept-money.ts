import type { CurrencyCode } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { Rates } from "../bid/rates.js";
import type { Json } from "./accept-json.js";
import { numberOf, objectsOf, textOf } from "./accept-json.js";

/** A bid floor with its currency, as the request states it. */
type Floor = { readonly cpm: number; readonly currency: string };

/**
 * The floor that a bid must meet (OpenRTB 2.6 section 7.11). `media` is the imp's object of that
 * medium.
 */
export function floorOf(imp: Json, deal: Json | null, media: Json, durationSec: number): Floor {
  const flat = deal === null ? imp : deal;
  const timed = deal === null ? media : deal;
  const currency = textOf(flat["bidfloorcur"]) || "USD";
  const perSec = numberOf(timed["mincpmpersec"]) * durationSec;
  const ranges = objectsOf(timed["durfloors"]).filter((range) => {
    const to = numberOf(range["maxdur"], Infinity);
    return durationSec >= numberOf(range["mindur"]) && durationSec <= to;
  });
  const byDuration = Math.max(-1, ...ranges.map((range) => numberOf(range["bidfloor"])));
  const special = durationSec > 0 && (perSec > 0 || byDuration >= 0);
  return { cpm: special ? Math.max(perSec, byDuration) : numberOf(flat["bidfloor"]), currency };
}

/** "" when the price meets the floor; exact: no float is multiplied. */
export function floorProblem(
  price: number,
  currency: string,
  floor: Floor,
  rates: Rates | undefined,
): string {
  if (floor.cpm <= 0) return "";
  const bid = inBase(price, currency, rates, floor.currency === currency);
  const wanted = inBase(floor.cpm, floor.currency, rates, floor.currency === currency);
  if (bid === null || wanted === null) {
    return `price: no rate from ${currency} to ${floor.currency}, so the bid floor cannot be met`;
  }
  return bid.units * wanted.divisor >= wanted.units * bid.divisor
    ? ""
    : `price ${price} ${currency} is below the bid floor ${floor.cpm} ${floor.currency}`;
}

type Rational = { readonly units: bigint; readonly divisor: bigint };

function inBase(
  amount: number,
  currency: string,
  rates: Rates | undefined,
  same: boolean,
): Rational | null {
  const units = BigInt(amount.toFixed(12).replace(".", ""));
  if (same) return { units, divisor: 1n };
  const place = rates?.codes.indexOf(packAlpha3(currency) as CurrencyCode) ?? -1;
  if (rates === undefined || place < 0) return null;
  return {
    units: units * BigInt(rates.denominator[place] as number),
    divisor: BigInt(rates.numerator[place] as number),
  };
}
