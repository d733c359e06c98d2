import { microsFromDecimal } from "../base/money.js";
import type { SeededRandom } from "../base/random.js";
import { microsFromBase64, microsFromNotice } from "../wire/notice-price.js";

/**
 * Prices read in another way than the product's: the digits as one BigInt of 1e-9, then divided. A
 * price of a bill is rounded up to a micro, a bid floor up, and a maximum down.
 */
export const decimalPlacesMax = 9;

/** A decimal of up to 6 digits and 9 places, many of them near a border. */
export function decimalText(random: SeededRandom): string {
  const places = random.below(decimalPlacesMax + 1);
  const wholeDigits = 1 + random.below(6);
  const whole = digits(random, wholeDigits);
  return places === 0 ? whole : `${whole}.${digits(random, places)}`;
}

function digits(random: SeededRandom, count: number): string {
  const border = random.below(4);
  if (border === 0) return "0".repeat(count - 1) + String(random.below(10));
  if (border === 1) return "9".repeat(count);
  return String(random.below(10 ** count)).padStart(count, "0");
}

/** 1e-9 units of the text, by its digits alone. */
export function nanosOf(text: string): bigint {
  const [whole = "", decimals = ""] = text.split(".");
  return BigInt(whole + decimals) * 10n ** BigInt(decimalPlacesMax - decimals.length);
}

/** What is wrong about how the product reads this decimal, "" = nothing. */
export function priceFault(text: string, bytes: Uint8Array): string {
  const nanos = nanosOf(text);
  const [down, up] = [nanos / 1000n, (nanos + 999n) / 1000n];
  const length = writeAscii(text, bytes);
  const read = [
    ["notice", microsFromNotice(text), up],
    ["floor", microsFromDecimal(bytes, 0, length, true), up],
    ["maximum", microsFromDecimal(bytes, 0, length, false), down],
  ] as const;
  for (const [what, micros, wanted] of read) {
    if (BigInt(micros) !== wanted) return `${what} ${text}: ${micros}, not ${wanted}`;
  }
  return "";
}

/** The same for the text in base64, as ${AUCTION_PRICE:B64} gives it. */
export function base64Fault(text: string): string {
  const up = (nanosOf(text) + 999n) / 1000n;
  const micros = microsFromBase64(Buffer.from(text).toString("base64url"));
  return BigInt(micros) === up ? "" : `base64 of ${text}: ${micros}, not ${up}`;
}

function writeAscii(text: string, bytes: Uint8Array): number {
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return text.length;
}
