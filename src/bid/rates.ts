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
 * What conversions between two currencies of one World have in common, and the last floor that was
 * converted: nearly every candidate asks for the same. Directly mapped by the pair, so that nothing
 * has to be cleared.
 */
export class RateMemo {
  readonly from = new Uint32Array(pairsKept);
  readonly to = new Uint32Array(pairsKept);
  /** Four a pair: numerator and denominator into the base, then out of it. */
  readonly parts = new Float64Array(4 * pairsKept);
  readonly floor = new Float64Array(pairsKept);
  readonly floorIn = new Float64Array(pairsKept);
}
const pairsKept = 64;

/**
 * -1 where either currency has no usable rate, or the amount is beyond what money here holds.
 * Rounds down; two exact steps through the base.
 */
export function convertFloor(
  memo: RateMemo,
  rates: Rates,
  now: UnixMs,
  amount: Micros,
  from: CurrencyCode,
  to: CurrencyCode,
): number {
  if (from === to) return amount;
  const pair = ratesUsable(rates, now) ? pairOf(memo, rates, from, to) : -1;
  return pair < 0 ? -1 : timesPair(memo, pair, amount, false);
}

/** As `convertFloor`, rounded up and remembered: a bid floor in another currency. */
export function convertCeil(
  memo: RateMemo,
  rates: Rates,
  now: UnixMs,
  amount: Micros,
  from: CurrencyCode,
  to: CurrencyCode,
): number {
  if (from === to) return amount;
  const pair = ratesUsable(rates, now) ? pairOf(memo, rates, from, to) : -1;
  if (pair < 0) return -1;
  if (memo.floor[pair] !== amount) {
    memo.floor[pair] = amount;
    memo.floorIn[pair] = timesPair(memo, pair, amount, true);
  }
  return memo.floorIn[pair]!;
}

/** The pair's place in the memo, -1 where either currency has no rate. */
function pairOf(memo: RateMemo, rates: Rates, from: CurrencyCode, to: CurrencyCode): number {
  const pair = (from ^ (from >>> 9) ^ (to << 1) ^ (to >>> 7)) & (pairsKept - 1);
  if (memo.from[pair] === from && memo.to[pair] === to) return pair;
  const a = rates.codes.indexOf(from);
  const b = rates.codes.indexOf(to);
  if (a < 0 || b < 0) return -1;
  memo.from[pair] = from;
  memo.to[pair] = to;
  memo.parts[4 * pair] = rates.denominator[a]!;
  memo.parts[4 * pair + 1] = rates.numerator[a]!;
  memo.parts[4 * pair + 2] = rates.numerator[b]!;
  memo.parts[4 * pair + 3] = rates.denominator[b]!;
  memo.floor[pair] = -1;
  return pair;
}

function timesPair({ parts }: RateMemo, pair: number, amount: Micros, up: boolean): number {
  const at = 4 * pair;
  const inBase = times(amount, parts[at]!, parts[at + 1]!, up);
  return inBase < 0 ? -1 : times(inBase as Micros, parts[at + 2]!, parts[at + 3]!, up);
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
