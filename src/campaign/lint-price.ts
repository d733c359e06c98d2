import { NoticeKind } from "../base/lists.js";
import type { CurrencyCode } from "../base/units.js";
import { unpackAlpha3 } from "../base/units.js";
import { suggestion } from "./issue.js";
import type { LintContext } from "./lint-context.js";
import type { Advertiser, Deal, LineItem } from "./model.js";

/** Prices, bounds and deals that leave nothing to bid. */
export function lintPrice(context: LintContext, lineItem: LineItem): void {
  const { price } = lineItem;
  // Of goal CPC the base price is that of clicks.
  const clicks = price.goal === "cpc";
  if (!clicks && price.maxMicros < price.cpmMicros) {
    const message =
      `maxCpm ${price.maxMicros / 1e6} is below cpm ${price.cpmMicros / 1e6}: ` +
      "raise maxCpm or lower cpm";
    context.error("lineItem", lineItem.id, ["price", "maxCpm"], message);
  }
  if (price.factorMinPermille > price.factorMaxPermille) {
    const message = "the lower bound is above the upper one: exchange them";
    context.error("lineItem", lineItem.id, ["price", "bounds"], message);
  }
  const raises = [...price.contextModifiers, ...price.personModifiers].some(
    ({ factorPermille }) => factorPermille > 1000,
  );
  if (!clicks && raises && price.maxMicros <= price.cpmMicros) {
    const message =
      "a modifier raises the price, but maxCpm is not above cpm, so that it changes nothing: " +
      "write a higher maxCpm";
    context.warn("lineItem", lineItem.id, ["price"], message);
  }
  lintCeiling(context, lineItem);
  lintStrategy(context, lineItem);
  lintDeals(context, lineItem);
}

function lintCeiling(context: LintContext, lineItem: LineItem): void {
  const currency = context.advertiserOf(lineItem)?.currency;
  if (currency === undefined || context.ceilings === null) return;
  const most = context.ceilings.of(currency).cpmMicros;
  if (lineItem.price.maxMicros <= most) return;
  const message =
    `the maximum bid ${lineItem.price.maxMicros / 1e6} is above the ceiling ` +
    `${most / 1e6} ${unpackAlpha3(currency)} of ceilings.yaml (or its default): bids are cut to ` +
    "it; lower the price, or have the operator raise maxCpm there";
  context.error("lineItem", lineItem.id, ["price"], message);
}

/** Strategies that can do nothing where the line item buys. */
function lintStrategy(context: LintContext, lineItem: LineItem): void {
  const { strategy } = lineItem.price;
  if (strategy !== "shade") return;
  const path = ["price", "strategy"];
  if (lineItem.targeting.include.deals !== undefined && lineItem.openAuction !== true) {
    const message = "shade changes nothing in deals: write openAuction: true, or drop the strategy";
    context.warn("lineItem", lineItem.id, path, message);
    return;
  }
  const blind = context
    .exchangesOf(lineItem)
    .filter(({ notices }) => !notices.includes(NoticeKind.LOSS));
  if (blind.length === 0) return;
  const names = blind.map(({ name }) => name).join(", ");
  const message =
    `${names} sends no loss notices, so that no price is learnt and the whole value is bid: ` +
    "add loss to its notices where it offers them";
  context.warn("lineItem", lineItem.id, path, message);
}

function lintDeals(context: LintContext, lineItem: LineItem): void {
  const advertiser = context.advertiserOf(lineItem);
  const { deals } = lineItem.targeting.include;
  if (deals === undefined || advertiser === undefined) return;
  const letIn = new Set<number>(context.exchangesOf(lineItem).map(({ id }) => id));
  deals.forEach((text, i) => {
    const path = ["targeting", "include", "deals", i];
    const rows = context.book.deals.filter((deal) => deal.deal === text);
    if (rows.length === 0) {
      const known = suggestion(text, new Set(context.book.deals.map(({ deal }) => deal)));
      const message = `there is no deal "${text}" in the config (${known}): add it to deals.yaml`;
      context.warn("lineItem", lineItem.id, path, message);
      return;
    }
    const reachable = rows.filter((deal) => letIn.has(deal.exchange));
    if (reachable.length === 0) {
      const names = context.exchanges
        .filter(({ id }) => rows.some((deal) => deal.exchange === id))
        .map(({ name }) => name);
      const message =
        `the deal "${text}" is on ${names.join(", ")}, which the line item leaves out: ` +
        `add it to exchanges, or drop the deal`;
      context.error("lineItem", lineItem.id, path, message);
      return;
    }
    const why = reachable.map((deal) => refusalOf(context, lineItem, advertiser, deal));
    if (why.every((text) => text !== "")) {
      context.error("lineItem", lineItem.id, path, why[0] ?? "");
    }
  });
}

/** Why the line item can never buy in a deal, "" = it can. */
function refusalOf(
  context: LintContext,
  lineItem: LineItem,
  advertiser: Advertiser,
  deal: Deal,
): string {
  if (deal.inviteOnly.length > 0 && !deal.inviteOnly.includes(advertiser.id)) {
    return (
      `the deal "${deal.deal}" lets in advertisers ${deal.inviteOnly.join(", ")} only: ` +
      `add ${advertiser.id} to its inviteOnly, or drop the deal`
    );
  }
  const floor = converted(context, deal.floorMicros, deal.floorCurrency, advertiser.currency);
  if (floor === null || floor <= lineItem.price.maxMicros) return "";
  const currency = unpackAlpha3(advertiser.currency);
  return (
    `the bid floor of the deal "${deal.deal}" is ${(floor / 1e6).toFixed(2)} ${currency}, above ` +
    `the maximum bid ${(lineItem.price.maxMicros / 1e6).toFixed(2)}: raise maxCpm, or drop the deal`
  );
}

/** An amount in another currency, for messages and comparisons; null where a rate is missing. */
export function converted(
  context: LintContext,
  micros: number,
  from: CurrencyCode,
  to: CurrencyCode,
): number | null {
  if (from === to || micros === 0) return micros;
  const { codes, numerator, denominator } = context.rates;
  const a = codes.indexOf(from);
  const b = codes.indexOf(to);
  if (a < 0 || b < 0) return null;
  return (((micros * denominator[a]!) / numerator[a]!) * numerator[b]!) / denominator[b]!;
}
