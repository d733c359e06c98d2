import { microsMax } from "../base/money.js";
import type { CurrencyCode, Micros } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import type { SourceDocument } from "./document.js";
import { checkForm } from "./document.js";
import type { Issue } from "./issue.js";
import { nanosOf } from "./money-text.js";
import type { DatedRates } from "./rates-file.js";
import { ceilingsFile } from "./schema-ceilings.js";

/**
 * Hard limits of spending in one currency: the operator's, in a file that no desk writes. They hold
 * whatever budgets say: prices are cut to `cpmMicros` when a World is built, and the money thread
 * grants no more than the days.
 */
export type CurrencyCeiling = {
  readonly cpmMicros: Micros;
  readonly lineItemDailyNanos: bigint;
  readonly campaignDailyNanos: bigint;
  readonly advertiserDailyNanos: bigint;
  readonly allDailyNanos: bigint;
};

export type Ceilings = {
  /** The ceiling of a currency; safe defaults for one that the file leaves out. */
  readonly of: (currency: CurrencyCode) => CurrencyCeiling;
  /** Currencies that the file names. */
  readonly named: readonly CurrencyCode[];
};

/**
 * What holds where ceilings.yaml, a currency or a key of it is absent, in US dollars; other
 * currencies at the rate of rates.yaml, and one without a rate at the same number.
 */
export const ceilingDefaultsUsd = {
  maxCpm: 100,
  daily: { lineItem: 10_000, campaign: 25_000, advertiser: 50_000, all: 100_000 },
} as const;

type CeilingForm = NonNullable<ReturnType<typeof formOf>>[string];

const formOf = (document: SourceDocument, issues: Issue[]) => {
  const checked = checkForm(document, ceilingsFile);
  if (checked.ok) return checked.value.ceilings;
  issues.push(...checked.issues);
  return null;
};

/** ceilings.yaml, or the defaults where there is none; null with issues when it is not usable. */
export function checkCeilings(
  document: SourceDocument | undefined,
  rates: DatedRates,
  issues: Issue[],
): Ceilings | null {
  const forms = document === undefined ? {} : formOf(document, issues);
  if (forms === null) return null;
  const byCode = new Map<number, CurrencyCeiling>();
  for (const [currency, form] of Object.entries(forms)) {
    const code = packAlpha3(currency) as CurrencyCode;
    byCode.set(code, ceilingFrom(form, usdIn(rates, code)));
  }
  return {
    of: (code) => byCode.get(code) ?? ceilingFrom({}, usdIn(rates, code)),
    named: [...byCode.keys()] as CurrencyCode[],
  };
}

function ceilingFrom({ maxCpm, daily = {} }: CeilingForm, usd: number): CurrencyCeiling {
  const defaults = ceilingDefaultsUsd;
  const nanos = (own: number | undefined, dollars: number): bigint =>
    own === undefined ? BigInt(Math.ceil(dollars * usd)) * 1_000_000_000n : nanosOf(own);
  const most = microsMax / 1e6 - 1;
  return {
    cpmMicros: microsFromCurrency(maxCpm ?? Math.min(most, Math.ceil(defaults.maxCpm * usd))),
    lineItemDailyNanos: nanos(daily.lineItem, defaults.daily.lineItem),
    campaignDailyNanos: nanos(daily.campaign, defaults.daily.campaign),
    advertiserDailyNanos: nanos(daily.advertiser, defaults.daily.advertiser),
    allDailyNanos: nanos(daily.all, defaults.daily.all),
  };
}

/** How many of a currency one US dollar buys; 1 where rates.yaml does not say. */
function usdIn({ codes, numerator, denominator }: DatedRates, code: CurrencyCode): number {
  const from = codes.indexOf(packAlpha3("USD") as CurrencyCode);
  const to = codes.indexOf(code);
  if (from < 0 || to < 0) return 1;
  return (numerator[to]! / denominator[to]!) * (denominator[from]! / numerator[from]!);
}
