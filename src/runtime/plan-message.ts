import { assert } from "../base/assert.js";
import type { BudgetPlan, ExposurePlan } from "../ledger/budget-plan.js";

/**
 * Some rows of a long list of a plan, told before the plan itself. A campaign may come in several
 * rows, one after another, with some of its line items each.
 */
export type PlanPart =
  | { readonly list: "campaigns"; readonly rows: BudgetPlan["campaigns"] }
  | { readonly list: "terms"; readonly rows: NonNullable<BudgetPlan["terms"]> }
  | { readonly list: "rules"; readonly rows: ExposurePlan["rules"] }
  | { readonly list: "lineItems"; readonly rows: ExposurePlan["lineItems"] };

export type PlanMessage =
  /** Of the plan of that World. */
  | { readonly type: "planPart"; readonly generation: number; readonly part: PlanPart }
  /** What is left of it, after so many parts. */
  | { readonly type: "plan"; readonly plan: BudgetPlan; readonly parts: number };

const rowsAPart = 512;
const lineItemsAPart = 256;
/** A campaign's own budgets and hours, beside its line items. */
const lineItemsACampaign = 8;

/**
 * A plan as messages that are each read in a millisecond or two: one of 10,000 line items is read
 * in 63 ms (median of 23, v8.deserialize, busy machine).
 */
export function* planMessages(plan: BudgetPlan): Generator<PlanMessage, void> {
  let parts = 0;
  for (const part of partsOf(plan)) {
    parts++;
    yield { type: "planPart", generation: plan.generation, part };
  }
  const { terms, exposures } = plan;
  const rest = {
    ...(terms === undefined ? {} : { terms: [] }),
    ...(exposures === undefined ? {} : { exposures: { ...exposures, rules: [], lineItems: [] } }),
  };
  yield { type: "plan", plan: { ...plan, campaigns: [], ...rest }, parts };
}

function* partsOf({ campaigns, terms, exposures }: BudgetPlan): Generator<PlanPart, void> {
  for (const rows of campaignRows(campaigns)) yield { list: "campaigns", rows };
  for (const rows of slicesOf(terms ?? [], rowsAPart)) yield { list: "terms", rows };
  for (const rows of slicesOf(exposures?.rules ?? [], rowsAPart)) yield { list: "rules", rows };
  for (const rows of slicesOf(exposures?.lineItems ?? [], rowsAPart)) {
    yield { list: "lineItems", rows };
  }
}

type Campaigns = BudgetPlan["campaigns"];

function* campaignRows(campaigns: Campaigns): Generator<Campaigns, void> {
  let rows: Campaigns[number][] = [];
  let size = 0;
  for (const campaign of campaigns) {
    for (const row of rowsOfCampaign(campaign)) {
      const more = lineItemsACampaign + row.lineItems.length;
      if (size > 0 && size + more > lineItemsAPart) {
        yield rows;
        rows = [];
        size = 0;
      }
      rows.push(row);
      size += more;
    }
  }
  if (rows.length > 0) yield rows;
}

function* rowsOfCampaign(campaign: Campaigns[number]): Generator<Campaigns[number], void> {
  const most = lineItemsAPart - lineItemsACampaign;
  if (campaign.lineItems.length <= most) yield campaign;
  else for (const lineItems of slicesOf(campaign.lineItems, most)) yield { ...campaign, lineItems };
}

function* slicesOf<T>(rows: readonly T[], aPart: number): Generator<readonly T[], void> {
  for (let at = 0; at < rows.length; at += aPart) yield rows.slice(at, at + aPart);
}

/** The receiving end: plans come one after another. */
export class PlanParts {
  private parts: PlanPart[] = [];
  private generation = -1;

  /** Parts of a plan that was broken off are forgotten with the first one of another. */
  take(generation: number, part: PlanPart): void {
    if (generation !== this.generation) this.parts = [];
    this.generation = generation;
    this.parts.push(part);
  }

  /** The plan whose parts came before; throws where they are not all of it and nothing else. */
  whole(plan: BudgetPlan, count: number): BudgetPlan {
    const parts = this.generation === plan.generation ? this.parts : [];
    this.parts = [];
    assert(parts.length === count, "a plan is taken with all of its parts");
    const campaigns = joined(rowsOf(parts, "campaigns"));
    const terms = rowsOf(parts, "terms");
    const [rules, lineItems] = [rowsOf(parts, "rules"), rowsOf(parts, "lineItems")];
    const { exposures } = plan;
    const rest = {
      ...(terms.length === 0 ? {} : { terms }),
      ...(exposures === undefined || rules.length + lineItems.length === 0
        ? {}
        : { exposures: { ...exposures, rules, lineItems } }),
    };
    return { ...plan, ...(campaigns.length === 0 ? {} : { campaigns }), ...rest };
  }
}

function joined(rows: Campaigns): Campaigns {
  const campaigns: Campaigns[number][] = [];
  for (const row of rows) {
    const last = campaigns.at(-1);
    if (last?.campaign !== row.campaign) campaigns.push(row);
    else {
      const lineItems = [...last.lineItems, ...row.lineItems];
      campaigns[campaigns.length - 1] = { ...last, lineItems };
    }
  }
  return campaigns;
}

type RowsOf<List> = Extract<PlanPart, { readonly list: List }>["rows"];

function rowsOf<List extends PlanPart["list"]>(parts: readonly PlanPart[], of: List): RowsOf<List> {
  const rows = parts.flatMap(({ list, rows }): readonly unknown[] => (list === of ? rows : []));
  return rows as unknown as RowsOf<List>;
}
