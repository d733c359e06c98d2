import { expect, test } from "vitest";
import { CapLevel } from "../campaign/caps.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { type PlanMessage, PlanParts, planMessages } from "./plan-message.js";

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

function hear(parts: PlanParts, message: PlanMessage): BudgetPlan | null {
  const { type, ...rest } = structuredClone(message);
  if ("part" in rest) parts.take(rest.generation, rest.part);
  return "plan" in rest ? parts.whole(rest.plan, rest.parts) : null;
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
      got = hear(parts, message);
    }
    expect(got).toEqual(plan);
  }
});

/** Campaigns with so many line items each. */
function planOfSizes(sizes: readonly number[], generation = 1): BudgetPlan {
  let lineItem = 0;
  const campaigns = sizes.map((size, i) => ({
    ...{ campaign: i + 1, zone, totalNanos: BigInt(generation), dailyNanos: null },
    lineItems: ids(size).map(() => ({ lineItem: ++lineItem, place: lineItem, bidNanosMax: 9 })),
  }));
  return { generation, campaigns, billsBy: [] };
}

test("a campaign of many line items comes in pieces, and whole out of them", () => {
  const plan = planOfSizes([0, 3, 248, 249, 0, 5000, 1, 247]);
  const parts = new PlanParts();
  const got = [...planMessages(plan)].map((message) => hear(parts, message));
  expect(got.at(-1)).toEqual(plan);
});

test("no message holds more than a part of a list", () => {
  const plans = [planOf(1500, true), planOfSizes([3, 5000, ...ids(200)])];
  for (const message of plans.flatMap((plan) => [...planMessages(plan)])) {
    if (message.type === "plan") expect(message.plan.campaigns).toEqual([]);
    else if (message.part.list !== "campaigns") {
      expect(message.part.rows.length).toBeLessThanOrEqual(512);
    } else {
      const sizes = message.part.rows.map(({ lineItems }) => 8 + lineItems.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(256);
    }
  }
});

test("parts of a plan that was broken off are no part of the next one", () => {
  const parts = new PlanParts();
  const broken = [...planMessages(planOfSizes([300, 300], 1))];
  for (const message of broken.slice(0, -1)) hear(parts, message);
  const plan = planOfSizes([300], 2);
  expect([...planMessages(plan)].map((message) => hear(parts, message)).at(-1)).toEqual(plan);
});

test.each([
  ["lacks a part", (sent: PlanMessage[], _: PlanMessage[]) => [sent[0]!, sent[2]!]],
  ["has a part of another", (sent: PlanMessage[], other: PlanMessage[]) => [...other, ...sent]],
  ["is mixed up with another", mixed],
])("a plan that %s is not adopted", (what, mix) => {
  const sent = [...planMessages(planOfSizes([300], 2))];
  const others = [...planMessages(planOfSizes([300], what.startsWith("has") ? 2 : 1))];
  const parts = new PlanParts();
  expect(() => {
    for (const message of mix(sent, others.slice(0, -1))) hear(parts, message);
  }).toThrow("with all of its parts");
});

function mixed(sent: PlanMessage[], other: PlanMessage[]): PlanMessage[] {
  return [sent[0]!, other[0]!, ...sent.slice(1)];
}
