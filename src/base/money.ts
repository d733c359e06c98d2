import { assert } from "./assert.js";
import type { Micros } from "./units.js";

/** Rates are rationals with both parts below this, so that `mulDiv` stays exact in doubles. */
export const ratePartMax = 2 ** 26;
/** Powers of ten as they stand: `10 ** n` is a call (m: 72 ns, a read 15). */
const tenTo = Float64Array.from({ length: 16 }, (_, n) => Number(`1e${n}`));
/** The largest price that arithmetic here accepts: 140,737 currency units CPM. */
export const microsMax = 2 ** 47;

/**
 * amount x numerator / denominator, exact, rounded down. amount < 2^47, both parts of the rate <
 * 2^26. Splits the amount at 2^20, so that every product stays below 2^53: no BigInt on the bid
 * path.
 */
export function mulDivFloor(amount: Micros, numerator: number, denominator: number): Micros {
  assert(amount >= 0 && amount < microsMax && numerator < ratePartMax && denominator < ratePartMax);
  const high = Math.floor(amount / 1_048_576);
  const low = amount - high * 1_048_576;
  const highProduct = high * numerator;
  const highQuotient = Math.floor(highProduct / denominator);
  const rest = highProduct - highQuotient * denominator;
  const lowQuotient = Math.floor((rest * 1_048_576 + low * numerator) / denominator);
  return (highQuotient * 1_048_576 + lowQuotient) as Micros;
}

/** As `mulDivFloor`, rounded up: what a bid floor must become in our own currency. */
export function mulDivCeil(amount: Micros, numerator: number, denominator: number): Micros {
  const floor = mulDivFloor(amount, numerator, denominator);
  return (isExact(amount, numerator, denominator, floor) ? floor : floor + 1) as Micros;
}

function isExact(
  amount: number,
  numerator: number,
  denominator: number,
  quotient: number,
): boolean {
  // Equality of amount x numerator and quotient x denominator modulo 2^26 and 2^25-1 style limbs
  // would do; two limbs of 20 bits are enough because the difference is below one denominator (<
  // 2^26).
  const limb = 1_048_576;
  const ah = Math.floor(amount / limb);
  const qh = Math.floor(quotient / limb);
  const high = ah * numerator - qh * denominator;
  const low = (amount - ah * limb) * numerator - (quotient - qh * limb) * denominator;
  return high * limb + low === 0;
}

/**
 * Parses a JSON number's bytes as micros (six decimals kept), rounded up when `up`, else down: a
 * bid floor rounds up, so that a bid is never below it. Gives -1 for a negative value, NaN-like
 * text or one above `microsMax`. Accepts every JSON number form (fraction, exponent).
 */
export function microsFromDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  up: boolean,
): number {
  let at = start;
  if (at < end && bytes[at] === 45) return isZeroDecimal(bytes, at + 1, end) ? 0 : -1;
  let digits = 0;
  let digitCount = 0;
  let scale = 0;
  let point = false;
  let sticky = false;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 46) point = true;
    else if (byte >= 48 && byte <= 57) {
      if (digitCount < 15) {
        digits = digits * 10 + (byte - 48);
        if (digits > 0) digitCount++;
        if (point) scale--;
      } else {
        if (byte !== 48) sticky = true;
        if (!point) scale++;
      }
    } else break;
  }
  if (at < end) {
    if (bytes[at] !== 101 && bytes[at] !== 69) return -1;
    scale += exponentOf(bytes, at + 1, end);
  }
  return scaleToMicros(digits, scale + 6, sticky, up);
}

function exponentOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 45;
  if (negative || bytes[at] === 43) at++;
  let exponent = 0;
  for (; at < end; at++) exponent = Math.min(100_000, exponent * 10 + (bytes[at]! - 48));
  return negative ? -exponent : exponent;
}

function scaleToMicros(digits: number, power: number, sticky: boolean, up: boolean): number {
  if (digits === 0) return up && sticky ? 1 : 0;
  if (power >= 0) {
    if (power > 15) return -1;
    const value = digits * tenTo[power]!;
    return value < microsMax ? value + (up && sticky ? 1 : 0) : -1;
  }
  if (power < -15) return up ? 1 : 0;
  const divisor = tenTo[-power]!;
  const whole = Math.floor(digits / divisor);
  if (whole >= microsMax) return -1;
  const inexact = sticky || digits - whole * divisor > 0;
  return up && inexact ? whole + 1 : whole;
}

function isZeroDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 101 || byte === 69) return true;
    if (byte !== 46 && byte !== 48) return false;
  }
  return true;
}
