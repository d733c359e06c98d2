import type { CurrencyCode } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import type { SourceDocument } from "./document.js";
import { checkForm } from "./document.js";
import type { Issue } from "./issue.js";
import type { AudienceExpression, LineItem } from "./model.js";
import type { Places } from "./places.js";
import type { DatedRates } from "./rates-file.js";
import { feesFile } from "./schema-fees.js";

/**
 * What customers pay on top of the media: shares in millionths of the media cost, data fees as CPM.
 * Budgets are media budgets: fees are not part of them.
 */
export type Fees = {
  readonly technicalPpm: number;
  readonly margins: readonly AgencyMargin[];
  readonly dataCurrency: CurrencyCode;
  readonly dataFees: readonly DataFee[];
};
export type AgencyMargin = {
  readonly agency: number;
  readonly ppm: number;
  readonly advertisers: readonly { readonly advertiser: number; readonly ppm: number }[];
};
/** Of one segment, or (`prefix`) of all whose names begin so. */
export type DataFee = {
  readonly segment: string;
  readonly prefix: boolean;
  readonly cpmMicros: number;
};

export const noFees: Fees = {
  technicalPpm: 0,
  margins: [],
  dataCurrency: 0 as CurrencyCode,
  dataFees: [],
};

const ppmOf = (percent: number): number => Math.round(percent * 10_000);

/** fees.yaml; null with issues when its form is wrong. References are lint's matter. */
export function checkFees(document: SourceDocument, places: Places, issues: Issue[]): Fees | null {
  const checked = checkForm(document, feesFile);
  if (!checked.ok) {
    issues.push(...checked.issues);
    return null;
  }
  places.add("fees", 0, document, []);
  const { technical = 0, margins = [], data } = checked.value;
  return {
    technicalPpm: ppmOf(technical),
    margins: margins.map(({ agency, percent, advertisers = [] }) => ({
      ...{ agency, ppm: ppmOf(percent) },
      advertisers: advertisers.map((one) => ({
        advertiser: one.advertiser,
        ppm: ppmOf(one.percent),
      })),
    })),
    dataCurrency: (data === undefined ? 0 : packAlpha3(data.currency)) as CurrencyCode,
    dataFees: (data?.segments ?? []).map(({ segment, cpm }) => ({
      segment: segment.replace(/\*$/, ""),
      prefix: segment.endsWith("*"),
      cpmMicros: microsFromCurrency(cpm),
    })),
  };
}

/** The margin of an advertiser's own, else its agency's. */
export function marginPpmOf({ margins }: Fees, agency: number, advertiser: number): number {
  const margin = margins.find((one) => one.agency === agency);
  const own = margin?.advertisers.find((one) => one.advertiser === advertiser);
  return own?.ppm ?? margin?.ppm ?? 0;
}

/** A segment's fee: under its own name, else under the longest beginning that fits. */
export function segmentFeeMicros({ dataFees }: Fees, segment: string): number {
  let best: DataFee | null = null;
  for (const fee of dataFees) {
    if (!fee.prefix && fee.segment === segment) return fee.cpmMicros;
    if (!fee.prefix || !segment.startsWith(fee.segment)) continue;
    if (best === null || fee.segment.length > best.segment.length) best = fee;
  }
  return best?.cpmMicros ?? 0;
}

/**
 * The data fee of an impression of a line item, micros CPM in the fees' currency: the same for
 * everybody who sees it, so that a bill says nothing of a person. `all` costs the sum, `any` its
 * dearest, `none` nothing; person modifiers their dearest, on top.
 */
export function dataFeeMicros(fees: Fees, lineItem: Pick<LineItem, "audience" | "price">): number {
  const { audience, price } = lineItem;
  const modifiers = price.personModifiers.map(({ when }) => feeOf(fees, when));
  return (audience === null ? 0 : feeOf(fees, audience)) + Math.max(0, ...modifiers);
}

function feeOf(fees: Fees, expression: AudienceExpression): number {
  if (typeof expression === "string") return segmentFeeMicros(fees, expression);
  if ("none" in expression) return 0;
  if ("any" in expression) return Math.max(0, ...expression.any.map((part) => feeOf(fees, part)));
  return expression.all.reduce((sum, part) => sum + feeOf(fees, part), 0);
}

/** An amount in another currency, rounded to the nearest; null where a rate is missing. */
export function converted(
  amount: number,
  from: CurrencyCode,
  to: CurrencyCode,
  { codes, numerator, denominator }: DatedRates,
): number | null {
  if (from === to || amount === 0) return amount;
  const [f, t] = [codes.indexOf(from), codes.indexOf(to)];
  if (f < 0 || t < 0) return null;
  const over = BigInt(numerator[t]!) * BigInt(denominator[f]!);
  const under = BigInt(denominator[t]!) * BigInt(numerator[f]!);
  return Number((2n * BigInt(amount) * over + under) / (2n * under));
}
