import { currenciesMax } from "../base/limits.js";
import { ratePartMax } from "../base/money.js";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { SourceDocument } from "./document.js";
import { checkForm } from "./document.js";
import type { Issue } from "./issue.js";
import { ratesFile } from "./schema-exchange.js";

/**
 * What bid/rates reads: one unit of the base buys numerator / denominator units of each currency.
 */
export type DatedRates = {
  readonly codes: readonly CurrencyCode[];
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
  readonly asOfMs: UnixMs;
  readonly fixed: boolean;
};

/** No rate at all: only bids in the advertiser's own currency are possible. */
export const noRates: DatedRates = {
  codes: [],
  numerator: [],
  denominator: [],
  asOfMs: 0 as UnixMs,
  fixed: true,
};

/** rates.yaml as rationals, the base first; null with issues when it is not usable. */
export function checkRates(document: SourceDocument, issues: Issue[]): DatedRates | null {
  const checked = checkForm(document, ratesFile);
  if (!checked.ok) {
    issues.push(...checked.issues);
    return null;
  }
  const { base, asOf, fixed, rates } = checked.value;
  const codes = [packAlpha3(base) as CurrencyCode];
  const numerator = [1];
  const denominator = [1];
  let sound = true;
  const refuse = (currency: string, message: string): void => {
    sound = false;
    const where = document.positionOf(["rates", currency]);
    issues.push({ severity: "error", ...where, message });
  };
  for (const [currency, rate] of Object.entries(rates)) {
    const parts = rationalOf(String(rate));
    if (currency === base) {
      refuse(currency, `${base} is the base and always 1: take the line away`);
    } else if (parts === null) {
      const message = `${rate} has too many digits to convert exactly: round it to 7 digits`;
      refuse(currency, message);
    } else {
      codes.push(packAlpha3(currency) as CurrencyCode);
      numerator.push(parts[0]);
      denominator.push(parts[1]);
    }
  }
  if (codes.length > currenciesMax) {
    const many = Object.keys(rates)[currenciesMax - 1] ?? "";
    refuse(many, `more than ${currenciesMax} currencies: drop those that nobody pays in`);
  }
  const asOfMs = Date.parse(asOf) as UnixMs;
  return sound ? { codes, numerator, denominator, asOfMs, fixed: fixed ?? false } : null;
}

/** Decimal text as a reduced fraction with both parts below 2^26; null = not possible, or zero. */
export function rationalOf(text: string): readonly [numerator: number, denominator: number] | null {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  const numerator = BigInt(`${match[1]}${fraction}`);
  const denominator = 10n ** BigInt(fraction.length);
  const divisor = greatestDivisor(numerator, denominator);
  const parts = [Number(numerator / divisor), Number(denominator / divisor)] as const;
  return parts[0] > 0 && parts[0] < ratePartMax && parts[1] < ratePartMax ? parts : null;
}

const greatestDivisor = (a: bigint, b: bigint): bigint =>
  b === 0n ? a : greatestDivisor(b, a % b);
