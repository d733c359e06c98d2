import { unpackAlpha3 } from "../base/units.js";
import { offsetSecAt } from "../campaign/zone.js";
import type { Money } from "./explain-result.js";

const listedMax = 8;
const textMax = 80;

/**
 * Shapes of identifiers: device and cookie ids, hashes, addresses, mails, long numbers and runs.
 */
const identifierShapes = [
  /@/,
  /[0-9a-f]{8}-[0-9a-f]{4}/i,
  /[A-Za-z0-9+/=]{16,}/,
  /\d{7,}/,
  /^\d{1,3}(\.\d{1,3}){3}$/,
  /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i,
];

/**
 * A text of the request as explain may show it: cut, without control characters, and not at all
 * where it has the shape of an identifier. Fields that are about a person are never asked for in
 * the first place.
 */
export function shown(text: string): string {
  if (identifierShapes.some((shape) => shape.test(text))) return "(withheld)";
  const cut = text.length > textMax ? `${text.slice(0, textMax - 3)}...` : text;
  return printable(cut);
}

/** Control characters and those that hide in text or turn its direction become a visible mark. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\u00b7");

/** "a, b, c", at most eight and then how many more; `none` for an empty list. */
export function listed(texts: readonly string[], none = "none stated"): string {
  if (texts.length === 0) return none;
  const first = texts.slice(0, listedMax).join(", ");
  return texts.length > listedMax ? `${first} and ${texts.length - listedMax} more` : first;
}

/** The numbers of a mask's bits 1 to 31. */
export function bitsOf(mask: number): string[] {
  const out: string[] = [];
  for (let bit = 1; bit < 32; bit++) if (((mask >>> bit) & 1) === 1) out.push(String(bit));
  return out;
}

/**
 * Micros of CPM as whole currency units; exact, because prices have six decimals and stay below
 * 2^47 micros.
 */
export const unitsOf = (micros: number): number => micros / 1e6;

export const moneyOf = (micros: number, currency: number): Money => ({
  amount: unitsOf(micros),
  currency: unpackAlpha3(currency),
});

/** "2.50 USD": at least two decimals, as many as the amount has. */
export function moneyText(amount: number, currency: string): string {
  const decimals = amount.toFixed(6).replace(/0{1,4}$/, "");
  return currency === "" ? decimals : `${decimals} ${currency}`;
}

export const microsText = (micros: number, currency: number): string =>
  moneyText(unitsOf(micros), unpackAlpha3(currency));

/** A moment on the clock of a zone: "2026-11-22 14:05 Asia/Shanghai". */
export function momentText(atMs: number, zone: string): string {
  const atSec = Math.floor(atMs / 1000);
  const local = new Date((atSec + offsetSecAt(zone, atSec)) * 1000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${zone}`;
}

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** An hour of the week, Monday 00:00 = 0, as day-parts are written. */
export const weekHourText = (hour: number): string =>
  `${days[Math.floor(hour / 24)] ?? ""} ${String(hour % 24).padStart(2, "0")}:00`;
