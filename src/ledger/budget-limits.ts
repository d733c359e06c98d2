import { areAlike } from "../base/alike.js";
import type { Steps } from "../base/steps.js";
import type { Transition } from "../campaign/zone.js";
import { type Level, LevelKind, type Levels } from "./budget-level.js";
import {
  type BudgetPlan,
  type CampaignBudget,
  type Ceiling,
  type Limits,
  type LineItemBudget,
  Unit,
} from "./budget-plan.js";

/** What a plan says above a campaign. */
export type Standing = {
  /** Its advertiser where the plan names that one, else 0. */
  readonly above: number;
  /** CurrencyCode; 0 = not known. */
  readonly currency: number;
  readonly ceiling: Ceiling | undefined;
};

type Head = Omit<CampaignBudget, "lineItems">;

/**
 * What is in force for a campaign. The object is the same as long as head and standing say the
 * same: line items hold on to the one that they were told under.
 */
export type InForce<Paced> = {
  readonly head: Head;
  readonly standing: Standing;
  /** null = to be made: something below it is another. */
  paced: Paced | null;
};

/** Tells the levels above campaigns; gives where each campaign stands. */
export function* tellTop(
  both: readonly Levels[],
  plan: BudgetPlan,
  advertisersAStep: number,
): Steps<(campaign: CampaignBudget) => Standing> {
  const ceilings = new Map((plan.ceilings ?? []).map((one) => [one.currency, one]));
  const advertisers = new Map((plan.advertisers ?? []).map((one) => [one.advertiser, one]));
  for (const levels of both) {
    for (const level of levels.every(LevelKind.ALL)) level.daily = null;
    let told = 0;
    for (const one of advertisers.values()) {
      if (++told % advertisersAStep === 0) yield;
      const ceiling = ceilings.get(one.currency);
      const all = levels.of(LevelKind.ALL, one.currency);
      if (levels.unit === Unit.MONEY) all.daily = ceiling?.allDailyNanos ?? null;
      const level = levels.of(LevelKind.ADVERTISER, one.advertiser);
      tell(levels, level, one, ceiling?.advertiserDailyNanos ?? null, one.zone);
      level.parent = all;
    }
  }
  return ({ advertiser = 0 }) => {
    const known = advertisers.get(advertiser);
    const currency = known?.currency ?? 0;
    return { above: known?.advertiser ?? 0, currency, ceiling: ceilings.get(currency) };
  };
}

/** What is in force for a campaign from now on: told to its levels where it is another. */
export function tellCampaign<Paced>(
  both: readonly Levels[],
  { lineItems: _, ...head }: CampaignBudget,
  standing: Standing,
  before: InForce<Paced> | undefined,
): InForce<Paced> {
  if (before && areAlike(head, before.head) && areAlike(standing, before.standing)) return before;
  for (const levels of both) {
    const level = levels.of(LevelKind.CAMPAIGN, head.campaign);
    tell(levels, level, head, standing.ceiling?.campaignDailyNanos ?? null, head.zone);
    level.parent = levels.find(LevelKind.ADVERTISER, standing.above);
  }
  // Line items that have left hold on to the one before: not to all of its pacing.
  if (before) before.paced = null;
  return { head, standing, paced: null };
}

/** Tells a line item's own levels. */
export function tellLineItem(
  both: readonly Levels[],
  { head, standing }: InForce<unknown>,
  { lineItem, limits = none }: LineItemBudget,
): void {
  for (const levels of both) {
    const level = levels.of(LevelKind.LINE_ITEM, lineItem);
    tell(levels, level, limits, standing.ceiling?.lineItemDailyNanos ?? null, head.zone);
    // A line item stays with the campaign that it first had: ids are not reused.
    level.parent ??= levels.find(LevelKind.CAMPAIGN, head.campaign);
  }
}

const none: Limits = { totalNanos: null, dailyNanos: null };

/** The smaller of budget and ceiling. */
function tell(
  { unit }: Levels,
  level: Level,
  limits: Limits,
  dailyCeiling: bigint | null,
  zone: readonly Transition[],
): void {
  const money = unit === Unit.MONEY;
  level.total = (money ? limits.totalNanos : limits.totalImpressions) ?? null;
  const daily = (money ? limits.dailyNanos : limits.dailyImpressions) ?? null;
  level.daily = money ? lesser(daily, dailyCeiling) : daily;
  level.setZone(zone);
}

export const lesser = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null ? b : b === null || a < b ? a : b;

/** The most that one bid of a line item can take in a unit. */
export function bidMaxOf(unit: number, bidNanosMax: number, ceiling: Ceiling | undefined): bigint {
  if (unit === Unit.IMPRESSIONS) return 1n;
  const own = BigInt(Math.max(1, Math.ceil(bidNanosMax)));
  const most = ceiling?.bidNanosMax ?? null;
  return most !== null && most < own ? (most < 1n ? 1n : most) : own;
}
