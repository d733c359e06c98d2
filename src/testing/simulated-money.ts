import type { SharedSizes } from "../bid/shared-state.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

/** The budgets that the simulator and the crash runs live on, and what one run has seen. */
export type Simulation = {
  readonly seed: number;
  events: number;
  bids: number;
  /** Notices that counted, and those that had come before. */
  notices: number;
  repeats: number;
  crashes: number;
  diskFailures: number;
  clockJumps: number;
  bills: number;
  lateBills: number;
  spent: bigint;
  /** The most that a budget was ever exceeded by besides late bills. */
  overspent: bigint;
  /** Events at which a day's budget, or a total, was used by more than nine tenths. */
  daysUsedUp: number;
  totalsUsedUp: number;
  readonly wrong: string[];
};

export const bidNanosMax = 60;
/** Line items 201 and 202 belong to campaign 1, 203 to campaign 2. */
export const lineItems = [201, 202, 203] as const;
export const campaignOf = (lineItem: number): number => (lineItem === 203 ? 2 : 1);
export const placeOf = (lineItem: number): number => lineItem - 200;

export const simulatedSizes: SharedSizes = {
  ...{ workers: 2, places: 4, slots: 128, capEntries: 16, ringRecords: 64 },
};

const zoneOffsetSec = 5.5 * 3600;
/** The local day of both campaigns. */
export const dayOf = (ms: number): number => Math.floor((ms / 1000 + zoneOffsetSec) / 86_400);

/** The total binds the first campaign, the day the second. */
const totals = [0n, 2_200n, 20_000n];
const dailies = [0n, 1_200n, 400n];

/** `times`: budgets that many times as large. */
export function simulatedPlan(times = 1n): BudgetPlan {
  const zone = [{ fromSec: 0, offsetSec: zoneOffsetSec }];
  const of = (campaign: number) => ({
    campaign,
    totalNanos: times * totals[campaign]!,
    dailyNanos: times * dailies[campaign]!,
    zone,
    lineItems: lineItems
      .filter((lineItem) => campaignOf(lineItem) === campaign)
      .map((lineItem) => ({ lineItem, place: placeOf(lineItem), bidNanosMax })),
  });
  return { generation: 1, campaigns: [of(1), of(2)], billsBy: [] };
}
