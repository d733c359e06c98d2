import { areAlike, haveSameElements } from "../base/alike.js";
import type { Budget, CampaignBook, LineItem } from "./model.js";

/**
 * Most edits change figures of a line item alone: its price, its pause, its budget, its name. Then
 * a table differs in a few cells, and whom it needs certified not at all.
 */

/**
 * Which line items (by index) have other figures than before; null where more than figures changed:
 * another thing, another rule, another order.
 */
export function figuresChanged(
  before: CampaignBook,
  after: CampaignBook,
): readonly number[] | null {
  const known = compared.get(after);
  if (known?.before === before) return known.changed;
  const changed = lookForFigures(before, after);
  compared.set(after, { before, changed });
  return changed;
}

/** Of one edit the table, the money's plan and what is needed certified ask the same. */
const compared = new WeakMap<CampaignBook, Compared>();
type Compared = { readonly before: CampaignBook; readonly changed: readonly number[] | null };

function lookForFigures(before: CampaignBook, after: CampaignBook): readonly number[] | null {
  const others = ["agencies", "advertisers", "campaigns", "creatives", "deals"] as const;
  if (before.homeAreas !== after.homeAreas) return null;
  if (!others.every((name) => haveSameElements(before[name], after[name]))) return null;
  const [was, is] = [before.lineItems, after.lineItems];
  if (was.length !== is.length) return null;
  const changed: number[] = [];
  for (let i = 0; i < is.length; i++) {
    if (was[i] === is[i]) continue;
    if (!differInFigures(was[i]!, is[i]!)) return null;
    changed.push(i);
  }
  return changed;
}

function differInFigures(a: LineItem, b: LineItem): boolean {
  return (
    countsImpressions(a.budget) === countsImpressions(b.budget) && areAlike(ruleOf(a), ruleOf(b))
  );
}

/** A limit in impressions has an allowance of its own. */
const countsImpressions = (budget: Budget | undefined): boolean =>
  budget?.totalImpressions !== undefined || budget?.dailyImpressions !== undefined;

/** All of a line item but its figures: what is new in the model is a rule until named here. */
function ruleOf({ name, paused, budget, pacing, price, ...rule }: LineItem): object {
  const {
    cpmMicros,
    goal,
    strategy,
    maxMicros,
    factorMinPermille,
    factorMaxPermille,
    ...modifiers
  } = price;
  return { ...rule, modifiers };
}

/** Whether the money thread hears of the change: what a bid may cost, limits, how it is spent. */
export const isMoneyAlike = (a: LineItem, b: LineItem): boolean =>
  a.price.maxMicros === b.price.maxMicros &&
  a.price.strategy === b.price.strategy &&
  a.price.goal === b.price.goal &&
  a.pacing === b.pacing &&
  areAlike(a.budget, b.budget);
