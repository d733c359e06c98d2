import { unpackAlpha3 } from "../base/units.js";
import { converted, dataFeeMicros } from "./fees.js";
import { suggestion } from "./issue.js";
import type { LintContext } from "./lint-context.js";

/** Fees that name nobody, name somebody twice, or cannot be charged in a currency that is used. */
export function lintFees(context: LintContext): void {
  lintMargins(context);
  lintSegments(context);
  lintFeeCurrency(context);
}

function lintMargins(context: LintContext): void {
  const agencies = new Set<number>(context.book.agencies.map(({ id }) => id));
  const seen = new Set<number>();
  for (const [m, { agency, advertisers }] of context.fees.margins.entries()) {
    const at = ["margins", m] as const;
    if (!agencies.has(agency)) {
      const near = suggestion(String(agency), [...agencies].map(String));
      context.error("fees", 0, [...at, "agency"], `there is no agency ${agency}: ${near}`);
    } else if (seen.has(agency)) {
      const message = `agency ${agency} has a margin above already: keep one of them`;
      context.error("fees", 0, [...at, "agency"], message);
    }
    seen.add(agency);
    const own = new Set<number>();
    for (const [a, { advertiser }] of advertisers.entries()) {
      const path = [...at, "advertisers", a, "advertiser"];
      const known = context.advertisers.get(advertiser);
      if (known === undefined) {
        const ids = [...context.advertisers.keys()].map(String);
        const near = suggestion(String(advertiser), ids);
        context.error("fees", 0, path, `there is no advertiser ${advertiser}: ${near}`);
      } else if (known.agency !== agency) {
        const message = `advertiser ${advertiser} is of agency ${known.agency}: write it there`;
        context.error("fees", 0, path, message);
      } else if (own.has(advertiser)) {
        const message = `advertiser ${advertiser} has a margin above already: keep one of them`;
        context.error("fees", 0, path, message);
      }
      own.add(advertiser);
    }
  }
}

function lintSegments(context: LintContext): void {
  const { segments } = context.options;
  const names = segments === null ? null : [...segments.keys()];
  const seen = new Set<string>();
  for (const [s, { segment, prefix }] of context.fees.dataFees.entries()) {
    const path = ["data", "segments", s, "segment"];
    const shown = `${segment}${prefix ? "*" : ""}`;
    if (seen.has(shown)) {
      context.error("fees", 0, path, `${shown} has a fee above already: keep one of them`);
    }
    seen.add(shown);
    if (names === null || segment === "") continue;
    if (names.some((name) => (prefix ? name.startsWith(segment) : name === segment))) continue;
    const near = prefix ? "check the spelling" : suggestion(segment, names);
    context.warn("fees", 0, path, `no segment is called ${shown}: ${near}`);
  }
}

function lintFeeCurrency(context: LintContext): void {
  const { fees, rates, book } = context;
  const told = new Set<number>();
  for (const lineItem of book.lineItems) {
    const advertiser = context.advertiserOf(lineItem);
    if (advertiser === undefined || told.has(advertiser.currency)) continue;
    const fee = dataFeeMicros(fees, lineItem);
    if (converted(fee, fees.dataCurrency, advertiser.currency, rates) !== null) continue;
    told.add(advertiser.currency);
    const [from, to] = [unpackAlpha3(fees.dataCurrency), unpackAlpha3(advertiser.currency)];
    const message =
      `rates.yaml has no rate from ${from} to ${to}, the currency of advertiser ` +
      `${advertiser.id}: its data fees would be 0; add the rate`;
    context.error("fees", 0, ["data", "currency"], message);
  }
}
