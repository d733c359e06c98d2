import { creativesMax, lineItemsMax } from "../base/limits.js";
import { unpackAlpha3 } from "../base/units.js";
import { segmentNames } from "./compile.js";
import type { Issue } from "./issue.js";
import { lintAudience } from "./lint-audience.js";
import { lintCapOwners, lintCaps } from "./lint-caps.js";
import type { LintOptions } from "./lint-context.js";
import { LintContext } from "./lint-context.js";
import { lintCreative, lintLineItemCreatives } from "./lint-creative.js";
import { lintFees } from "./lint-fees.js";
import { lintPrice } from "./lint-price.js";
import { lintTargeting } from "./lint-targeting.js";
import type { LoadedConfig } from "./load.js";
import type { LineItem } from "./model.js";

/**
 * What is well-formed but cannot do what was meant: an error where something can never work, a
 * warning where it works otherwise than it looks.
 */
export function lint(config: LoadedConfig, options: LintOptions): readonly Issue[] {
  const context = new LintContext(config, options);
  lintLimits(context);
  lintShared(context);
  for (const creative of context.book.creatives) lintCreative(context, creative);
  for (const lineItem of context.book.lineItems) lintLineItem(context, lineItem);
  lintFees(context);
  return context.issues;
}

/** A line item with all that it hangs on. */
export function lintLineItem(context: LintContext, lineItem: LineItem): void {
  lintTargeting(context, lineItem);
  lintPrice(context, lineItem);
  lintCaps(context, lineItem);
  lintAudience(context, lineItem);
  lintLineItemCreatives(context, lineItem);
}

/** Agencies, advertisers and campaigns: few, and cheap to look at. */
export function lintShared(context: LintContext): void {
  lintCampaigns(context);
  lintCapOwners(context);
  lintSeats(context);
  lintSharedSeats(context);
  lintCurrencies(context);
}

/** More than one bidder can hold. */
export function lintCounts(context: LintContext): void {
  const { lineItems, creatives } = context.book;
  const split = "run a second bidder for the rest";
  const lineItem = lineItems[lineItemsMax];
  if (lineItem !== undefined) {
    context.error("lineItem", lineItem.id, [], `more than ${lineItemsMax} line items: ${split}`);
  }
  const creative = creatives[creativesMax];
  if (creative !== undefined) {
    context.error("creative", creative.id, [], `more than ${creativesMax} creatives: ${split}`);
  }
}

function lintLimits(context: LintContext): void {
  lintCounts(context);
  if (context.options.segments !== null) return;
  const first = context.book.lineItems.find(
    ({ audience, price }) => audience !== null || price.personModifiers.length > 0,
  );
  if (first === undefined) return;
  const count = segmentNames(context.book).length;
  const message =
    `no snapshot is loaded: the names of ${count} segments could not be checked, and line items ` +
    "with an audience do not bid";
  context.warn("lineItem", first.id, first.audience === null ? ["price"] : ["audience"], message);
}

const dayMs = 86_400_000;

function lintCampaigns(context: LintContext): void {
  for (const { id, startMs, endMs, budget } of context.book.campaigns) {
    if (endMs <= context.options.nowMs) {
      const message = "the flight is over: its line items do not bid; write a later end";
      context.warn("campaign", id, ["flight", "end"], message);
    }
    const days = BigInt(Math.max(1, Math.round((endMs - startMs) / dayMs)));
    if (budget.dailyNanos > 0n && budget.dailyNanos * days < budget.totalNanos) {
      const message =
        `the daily budget spends ${Number((budget.dailyNanos * days) / 1_000_000_000n)} in the ` +
        `${days} days of the flight, less than the total: raise it, or lower the total`;
      context.warn("campaign", id, ["budget", "daily"], message);
    }
    lintDailyCeiling(context, id);
  }
}

function lintDailyCeiling(context: LintContext, id: number): void {
  const campaign = context.campaigns.get(id);
  const advertiser = context.advertisers.get(campaign?.advertiser ?? 0);
  if (campaign === undefined || advertiser === undefined || context.ceilings === null) return;
  const most = context.ceilings.of(advertiser.currency).campaignDailyNanos;
  if (campaign.budget.dailyNanos <= most) return;
  const message =
    `the daily budget is above the ceiling ${most / 1_000_000_000n} ` +
    `${unpackAlpha3(advertiser.currency)} of ceilings.yaml (or its default), which holds: lower ` +
    "it, or have the operator raise daily.campaign there";
  context.warn("campaign", id, ["budget", "daily"], message);
}

/** An exchange that wants a seat gets no bid of an agency without one. */
function lintSeats(context: LintContext): void {
  const buying = new Set(
    context.book.lineItems.map((lineItem) => context.advertiserOf(lineItem)?.agency ?? 0),
  );
  for (const { id, seats } of context.book.agencies) {
    if (!buying.has(id)) continue;
    for (const { name, seatRequired } of context.exchanges) {
      if (!seatRequired || Object.hasOwn(seats, name)) continue;
      const message = `${name} takes no bid without a seat: add {${name}: ...} to seats`;
      context.warn("agency", id, ["seats"], message);
    }
  }
}

/** To an exchange a seat is one buyer, and the crowd rule compares audiences within an agency. */
function lintSharedSeats(context: LintContext): void {
  const holders = new Map<string, number>();
  for (const { id, seats } of context.book.agencies) {
    for (const [exchange, seat] of Object.entries(seats)) {
      const key = JSON.stringify([exchange, seat]);
      const holder = holders.get(key) ?? id;
      holders.set(key, holder);
      if (holder === id) continue;
      const message =
        `agency ${holder} has this seat too, and audiences of two agencies are not compared: if ` +
        "they are one buyer, or tell each other what they see, make them one agency";
      context.warn("agency", id, ["seats", exchange], message);
    }
  }
}

function lintCurrencies(context: LintContext): void {
  for (const { id, currency } of context.book.advertisers) {
    const other = context.exchanges.find((exchange) => exchange.currency !== currency);
    if (other === undefined || context.rates.codes.includes(currency)) continue;
    const code = unpackAlpha3(currency);
    const message =
      `rates.yaml has no rate for ${code}: it cannot bid on ${other.name}, which answers in ` +
      `${unpackAlpha3(other.currency)}; add ${code}`;
    context.warn("advertiser", id, ["currency"], message);
  }
}
