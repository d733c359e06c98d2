/**
 * Exact fractions of big integers, for prices: no float decides whether a bid is below its floor.
 */
export type Fraction = { readonly top: bigint; readonly bottom: bigint };

export const fraction = (top: bigint, bottom: bigint): Fraction =>
  bottom < 0n ? { top: -top, bottom: -bottom } : { top, bottom };

const decimalForm = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const exponentMax = 400;

/**
 * The number that a JSON number's shortest text stands for, exactly. `undefined` for what is no
 * finite number, or one so large or small that nobody means it.
 */
export function fractionOf(value: number | string): Fraction | undefined {
  const match = decimalForm.exec(String(value));
  if (match === null) return undefined;
  const [, sign, whole = "0", part = "", exponent = "0"] = match;
  const power = Number(exponent) - part.length;
  if (Math.abs(power) > exponentMax) return undefined;
  const digits = BigInt(sign + whole + part);
  return power >= 0
    ? fraction(digits * 10n ** BigInt(power), 1n)
    : fraction(digits, 10n ** BigInt(-power));
}

export const times = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.top * b.top, a.bottom * b.bottom);

export const over = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.top * b.bottom, a.bottom * b.top);

/** Below 0, 0 or above 0, as `a` is below, equal to or above `b`. */
export function compare(a: Fraction, b: Fraction): number {
  const left = a.top * b.bottom;
  const right = b.top * a.bottom;
  return left < right ? -1 : left > right ? 1 : 0;
}

export const larger = (a: Fraction, b: Fraction): Fraction => (compare(a, b) >= 0 ? a : b);

export const zero: Fraction = fraction(0n, 1n);
/**
 * One micro: the grain of a price. Conversions round to it, so comparisons this close are in doubt.
 */
export const micro: Fraction = fraction(1n, 1_000_000n);

export const plus = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
