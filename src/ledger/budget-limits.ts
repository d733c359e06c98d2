import type { Transition } from "../campaign/zone.js";
import { type Level, LevelKind, type Levels } from "./budget-level.js";
import { type BudgetPlan, type Ceiling, type Limits, Unit } from "./budget-plan.js";

/** Tells the levels of both units what a plan allows: the smaller of budget and ceiling. */
export function tellLimits(both: readonly Levels[], plan: BudgetPlan): void {
  const ceilings = new Map((plan.ceilings ?? []).map((one) => [one.currency, one]));
  const advertisers = new Map((plan.advertisers ?? []).map((one) => [one.advertiser, one]));
  for (const levels of both) {
    for (const level of levels.every(LevelKind.ALL)) level.daily = null;
    const tell = teller(levels);
    for (const one of advertisers.values()) {
      const ceiling = ceilings.get(one.currency);
      const all = levels.of(LevelKind.ALL, one.currency);
      if (levels.unit === Unit.MONEY) all.daily = ceiling?.allDailyNanos ?? null;
      const daily = ceiling?.advertiserDailyNanos ?? null;
      tell(LevelKind.ADVERTISER, one.advertiser, one, daily, one.zone).parent = all;
    }
    for (const campaign of plan.campaigns) {
      const advertiser = advertisers.get(campaign.advertiser ?? 0);
      const ceiling = ceilings.get(advertiser?.currency ?? 0);
      const { zone } = campaign;
      const campaignDaily = ceiling?.campaignDailyNanos ?? null;
      const level = tell(LevelKind.CAMPAIGN, campaign.campaign, campaign, campaignDaily, zone);
      const above = advertiser === undefined ? 0 : advertiser.advertiser;
      level.parent = levels.find(LevelKind.ADVERTISER, above);
      const daily = ceiling?.lineItemDailyNanos ?? null;
      for (const { lineItem, limits = none } of campaign.lineItems) {
        const own = tell(LevelKind.LINE_ITEM, lineItem, limits, daily, zone);
        // A line item stays with the campaign that it first had: ids are not reused.
        own.parent ??= level;
      }
    }
  }
}

const none: Limits = { totalNanos: null, dailyNanos: null };

type Tell = (
  kind: LevelKind,
  id: number,
  limits: Limits,
  dailyCeiling: bigint | null,
  zone: readonly Transition[],
) => Level;

function teller(levels: Levels): Tell {
  const money = levels.unit === Unit.MONEY;
  return (kind, id, limits, dailyCeiling, zone) => {
    const level = levels.of(kind, id);
    level.total = (money ? limits.totalNanos : limits.totalImpressions) ?? null;
    const daily = (money ? limits.dailyNanos : limits.dailyImpressions) ?? null;
    level.daily = money ? lesser(daily, dailyCeiling) : daily;
    level.setZone(zone);
    return level;
  };
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
