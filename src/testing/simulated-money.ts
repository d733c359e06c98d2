import { type SharedSizes, type SharedState, slotWords } from "../bid/shared-state.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

/** What is counted over the events of one run of the simulator, all 0. */
export const noCounts = {
  events: 0,
  bids: 0,
  /** Notices that counted, and those that had come before. */
  notices: 0,
  repeats: 0,
  crashes: 0,
  diskFailures: 0,
  clockJumps: 0,
  bills: 0,
  lateBills: 0,
  /** Events at which a day's limit, or a total, was used by more than nine tenths. */
  daysUsedUp: 0,
  totalsUsedUp: 0,
  /** Those of them by what was limited; ceilings are no budget's own. */
  lineItemsUsedUp: 0,
  advertisersUsedUp: 0,
  ceilingsUsedUp: 0,
  impressionsUsedUp: 0,
  /** Rounds that end in the middle of a plan or of a look at the allowances. */
  roundsBusy: 0,
  /** Worlds within a boot: budgets, line items and caps that change. */
  edits: 0,
  /** Bids that a cap refused, and those after which a person had all that a cap allows. */
  capped: 0,
  capsUsedUp: 0,
};
export type SimulationCounts = typeof noCounts;

/** What one run of the simulator has seen. */
export type Simulation = SimulationCounts & {
  readonly seed: number;
  /** Nanos of all bills. */
  spent: bigint;
  /** The most that a limit was ever exceeded by besides late bills, in its unit. */
  overspent: bigint;
  readonly wrong: string[];
};

export const bidNanosMax = 60;
/** Line items 201 and 202 belong to campaign 1, 203 to campaign 2. */
export const lineItems = [201, 202, 203] as const;
export const campaignOf = (lineItem: number): number => (lineItem === 203 ? 2 : 1);
export const placeOf = (lineItem: number): number => lineItem - 200;

export const simulatedSizes: SharedSizes = {
  ...{ workers: 2, places: 8, slots: 128, capEntries: 64, ringRecords: 64 },
};

const zoneOffsetSec = 5.5 * 3600;
export const simulatedZone = [{ fromSec: 0, offsetSec: zoneOffsetSec }];
/** The local day of both campaigns. */
export const dayOf = (ms: number): number => Math.floor((ms / 1000 + zoneOffsetSec) / 86_400);

/** The total binds the first campaign, the day the second. */
const totals = [0n, 2_200n, 20_000n];
const dailies = [0n, 1_200n, 400n];

/** Budgets of campaigns alone; `times`: that many times as large. */
export function simulatedPlan(times = 1n): BudgetPlan {
  const of = (campaign: number) => ({
    campaign,
    totalNanos: times * totals[campaign]!,
    dailyNanos: times * dailies[campaign]!,
    zone: simulatedZone,
    lineItems: lineItems
      .filter((lineItem) => campaignOf(lineItem) === campaign)
      .map((lineItem) => ({ lineItem, place: placeOf(lineItem), bidNanosMax })),
  });
  return { generation: 1, campaigns: [of(1), of(2)], billsBy: [] };
}

/** By place: what slots and sums hold, counted from the tables; `buckets` may hold sums. */
export function heldByPlace({ slots, sums }: SharedState, buckets: ReadonlySet<number>): bigint[] {
  const { places } = simulatedSizes;
  const held = new Array<bigint>(places).fill(0n);
  for (let at = 0; at < slots.length; at += slotWords) {
    if ((slots[at]! & 3) === 0) continue;
    // The top bit says how the person is named (bid/reserve.ts).
    const nanosHi = slots[at + 4]! & 0x7fff_ffff;
    held[slots[at + 2]!]! += BigInt(nanosHi) * 2n ** 32n + BigInt(slots[at + 3]!);
    const impressions = slots[at + 6]! - 1;
    if (impressions >= 0) held[impressions]! += 1n;
  }
  for (const bucket of buckets) {
    for (let place = 0; place < places; place++) held[place]! += sums[bucket * places + place]!;
  }
  return held;
}
