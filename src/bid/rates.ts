import { microsMax, mulDivCeil, mulDivFloor } from "../base/money.js";
import type { CurrencyCode, Micros, UnixMs } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import type { BidRequest } from "./request.js";

/**
 * Currency rates as rationals: one unit of the base buys numerator / denominator units of the
 * currency. From a dated file in config/; stale after 24 h unless the file is marked fixed.
 */
export type Rates = {
  readonly codes: readonly CurrencyCode[];
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
  readonly asOfMs: UnixMs;
  readonly fixed: boolean;
};

const staleAfterMs = 24 * 3600 * 1000;

export const ratesUsable = (rates: Rates, now: UnixMs): boolean =>
  rates.fixed || (now - rates.asOfMs <= staleAfterMs && rates.asOfMs - now <= staleAfterMs);

/**
 * -1 where either currency has no usable rate, or the amount is beyond what money here holds.
 * Rounds down; two exact steps through the base.
 */
export const convertFloor = (
  rates: Rates,
  now: UnixMs,
  amount: Micros,
  from: CurrencyCode,
  to: CurrencyCode,
): number => convert(rates, now, amount, from, to, false);

/** As `convertFloor`, rounded up: a bid floor in another currency. */
export const convertCeil = (
  rates: Rates,
  now: UnixMs,
  amount: Micros,
  from: CurrencyCode,
  to: CurrencyCode,
): number => convert(rates, now, amount, from, to, true);

function convert(
  rates: Rates,
  now: UnixMs,
  amount: Micros,
  from: CurrencyCode,
  to: CurrencyCode,
  up: boolean,
): number {
  if (from === to) return amount;
  const a = rates.codes.indexOf(from);
  const b = rates.codes.indexOf(to);
  if (a < 0 || b < 0 || !ratesUsable(rates, now)) return -1;
  const inBase = times(amount, rates.denominator[a]!, rates.numerator[a]!, up);
  return inBase < 0 ? -1 : times(inBase as Micros, rates.numerator[b]!, rates.denominator[b]!, up);
}

function times(amount: Micros, numerator: number, denominator: number, up: boolean): number {
  if (amount >= microsMax) return -1;
  return up
    ? mulDivCeil(amount, numerator, denominator)
    : mulDivFloor(amount, numerator, denominator);
}

const usDollar = 0x555344 as CurrencyCode;

/**
 * The currency of the whole answer: the exchange's own where the request allows it, else the first
 * allowed one that has a rate; 0 = none. A request without `cur` allows US dollars (what exchanges
 * in the field accept).
 */
export function answerCurrency(
  rates: Rates,
  request: BidRequest,
  exchange: Exchange,
): CurrencyCode {
  if (request.curCount === 0) return usDollar;
  for (let i = 0; i < request.curCount; i++) {
    if (request.cur[i] === exchange.currency) return exchange.currency;
  }
  for (let i = 0; i < request.curCount; i++) {
    const code = request.cur[i]! as CurrencyCode;
    if (rates.codes.includes(code)) return code;
  }
  return 0 as CurrencyCode;
}
