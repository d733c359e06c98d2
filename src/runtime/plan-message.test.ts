import { expect, test } from "vitest";
import { CapLevel } from "../campaign/caps.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { PlanParts, planMessages } from "./plan-message.js";

const zone = [{ fromSec: 0, offsetSec: 0 }];
const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

function planOf(count: number, whole: boolean): BudgetPlan {
  const campaigns = ids(count).map((campaign) => ({
    ...{ campaign, zone, totalNanos: 7n, dailyNanos: null },
    lineItems: [{ lineItem: campaign, place: campaign, bidNanosMax: 9 }],
  }));
  const plain = { generation: count, campaigns, billsBy: [{ exchange: 1, noticeKind: 2 }] };
  if (!whole) return plain;
  const fees = { marginPpm: 1, technicalPpm: 2, dataNanos: 3 };
  const rules = ids(count).map((id) => ({
    level: CapLevel.LINE_ITEM,
    id,
    windowSec: 60,
    place: id,
  }));
  const lineItems = ids(count).map((lineItem) => ({ lineItem, campaign: lineItem, advertiser: 1 }));
  return {
    ...plain,
    exposures: { epoch: 3, rules, lineItems },
    terms: ids(count).map((lineItem) => ({
      ...{ lineItem, campaign: lineItem, advertiser: 1, agency: 1, currency: 840 as never },
      ...fees,
    })),
  };
}

test.each([
  [0, true],
  [1, false],
  [32, true],
  [1500, true],
  [1500, false],
])("a plan of %i campaigns comes out of its parts as it was (%s)", (count, whole) => {
  const plan = planOf(count, whole);
  const parts = new PlanParts();
  // The same receiver twice: nothing of a plan is left for the next one.
  for (const sent of [plan, plan]) {
    let got: BudgetPlan | null = null;
    for (const message of planMessages(sent)) {
      expect(got).toBeNull();
      if (message.type === "planPart") parts.take(structuredClone(message.part));
      else got = parts.whole(structuredClone(message.plan));
    }
    expect(got).toEqual(plan);
  }
});

test("no message holds more than a part of a list", () => {
  for (const message of planMessages(planOf(1500, true))) {
    if (message.type === "planPart") expect(message.part.rows.length).toBeLessThanOrEqual(512);
    else expect(message.plan.campaigns).toEqual([]);
  }
});
