import { Hash64, textKeyInto } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import { microsMax, mulDivFloor } from "../base/money.js";
import type { Micros } from "../base/units.js";
import { Goal, StrategyKind } from "../campaign/table.js";
import type { Decision } from "./decision.js";
import { ClickKey, rateOne } from "./learnt.js";
import { fixed } from "./strategy/fixed.js";
import { linear } from "./strategy/linear.js";
import { shade } from "./strategy/shade.js";
import type { Strategy } from "./strategy/strategy.js";

/** Clicks per impression of a creative that nobody knows yet: one in a thousand. */
export const rateUnknown = Math.round(rateOne / 1000);

const strategies: readonly Strategy[] = [fixed, shade, linear];
const property = new Hash64();
const clickKey = new ClickKey();

/** The price of such a line item depends on its creative, which is then picked before. */
export const pricesByCreative = ({ table }: Decision, lineItem: number): boolean =>
  table.lineItemStrategy[lineItem] !== StrategyKind.FIXED ||
  table.lineItemGoal[lineItem] !== Goal.CPM;

/**
 * What 1,000 impressions are worth before modifiers, micros: the base price, or what a click is
 * worth times the click rate of the creative at this exchange and property.
 */
export function baseValue(decision: Decision, lineItem: number, creative: number): number {
  const { table } = decision;
  const base = table.lineItemBaseMicros[lineItem]!;
  if (table.lineItemGoal[lineItem] === Goal.CPM || base >= microsMax) return base;
  return mulDivFloor(base as Micros, clickRate(decision, creative), rateOne);
}

/** Parts of `rateOne`; of the narrowest context that was learnt. */
export function clickRate(
  { learnt, table, request, exchange }: Decision,
  creative: number,
): number {
  if (learnt === null || creative < 0) return rateUnknown;
  const id = table.creativeId[creative]!;
  const { start, end } = request.property;
  textKeyInto(request.bytes, start, end, KeyKind.DOMAIN, property);
  const { lo, hi } = clickKey.ofProperty(id, exchange.id, property.lo, property.hi);
  let rate = learnt.clicks.get(lo, hi);
  if (rate === 0) {
    clickKey.ofExchange(id, exchange.id);
    rate = learnt.clicks.get(clickKey.lo, clickKey.hi);
  }
  if (rate === 0) rate = learnt.clicks.get(id, 0);
  return rate === 0 ? rateUnknown : rate;
}

/** The share of the value to bid, parts of `shareOne`. */
export const shareOf = (
  decision: Decision,
  lineItem: number,
  deal: number,
  creative: number,
  valueMicros: number,
): number =>
  strategies[decision.table.lineItemStrategy[lineItem]!]!(
    decision,
    lineItem,
    deal,
    creative,
    valueMicros,
  );
