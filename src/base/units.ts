declare const unit: unique symbol;

/**
 * A number whose unit the compiler knows: `Unit<"Micros">` is never mistaken for `Unit<"UnixMs">`.
 */
export type Unit<Name extends string> = number & { readonly [unit]: Name };

/**
 * Money: one micro of a CPM price, which is one nano (1e-9) of the currency for one impression.
 * Always an integer in the safe range: 2^53 micros are 9.0 million currency units of one
 * impression.
 */
export type Micros = Unit<"Micros">;

/** Milliseconds since 1970-01-01 UTC. */
export type UnixMs = Unit<"UnixMs">;

/** Whole seconds since 1970-01-01 UTC; fits u32 until 2106. */
export type UnixSec = Unit<"UnixSec">;

/** Nanoseconds of a monotonic clock. */
export type MonotonicNs = Unit<"MonotonicNs">;

/**
 * An ISO 4217 code packed as three ASCII bytes, first letter highest: "USD" = 0x555344. 0 = none.
 */
export type CurrencyCode = Unit<"CurrencyCode">;

/**
 * An upper-case ISO 3166 alpha-3 country packed as three ASCII bytes, first letter highest. 0 =
 * none.
 */
export type CountryCode = Unit<"CountryCode">;

/**
 * Rounds a config or test price to micros; traffic prices are parsed from text, never from floats.
 */
export const microsFromCurrency = (amount: number): Micros => Math.round(amount * 1e6) as Micros;

/** Packs three ASCII letters (any case) into a code; 0 when it is not three letters. */
export function packAlpha3(text: string): number {
  if (!/^[A-Za-z]{3}$/.test(text)) return 0;
  const upper = text.toUpperCase();
  return (upper.charCodeAt(0) << 16) | (upper.charCodeAt(1) << 8) | upper.charCodeAt(2);
}

/** The three letters of a packed code, or "" for 0. */
export function unpackAlpha3(code: number): string {
  if (code === 0) return "";
  return String.fromCharCode((code >> 16) & 255, (code >> 8) & 255, code & 255);
}
