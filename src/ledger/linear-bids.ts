import type { Learnt } from "../bid/learnt.js";
import { shareOne } from "../bid/learnt.js";
import type { NoticeEntry } from "../journal/entry.js";
import type { BudgetPlan, CampaignBudget } from "./budget-plan.js";
import { localDay } from "./budget-plan.js";
import type { CellFact } from "./cell-facts.js";
import { type CostOf, Horizon } from "./horizon.js";
import type { LinearCampaign } from "./learning-plan.js";

/** Rates of the last minute or so: older ones fade. */
const fadeSec = 60;
/** Fewer bids say nothing of what a bid costs. */
const bidsMin = 50;

class Campaign {
  readonly horizon = new Horizon();
  plan: LinearCampaign;
  budget: CampaignBudget;
  bidsPerSec = 0;
  nanosPerSec = 0;

  constructor(plan: LinearCampaign, budget: CampaignBudget) {
    this.plan = plan;
    this.budget = budget;
  }
}

/** Spend by quarter of an hour, which every zone's midnight begins with, of the last 32 hours. */
const slotSec = 900;
const slotsKept = 128;

/**
 * What one campaign has spent. Which of it was today is asked of the zone when it is known: a
 * journal is read before the World that tells it.
 */
class Spent {
  total = 0;
  private readonly slots = new Float64Array(slotsKept);
  private newest = 0;

  add(nanos: number, sec: number): void {
    this.total += nanos;
    const slot = Math.floor(sec / slotSec);
    if (slot - this.newest >= slotsKept) this.slots.fill(0);
    else {
      for (let at = this.newest + 1; at <= slot; at++) this.slots[at % slotsKept] = 0;
    }
    this.newest = Math.max(this.newest, slot);
    if (slot > this.newest - slotsKept) this.slots[slot % slotsKept]! += nanos;
  }

  /** On the local day of that second, up to it. */
  onDayOf(zone: CampaignBudget["zone"], nowSec: number): number {
    const day = localDay(zone, nowSec);
    let sum = 0;
    let slot = Math.floor(nowSec / slotSec);
    for (; slot > this.newest - slotsKept; slot--) {
      if (localDay(zone, slot * slotSec) !== day) break;
      if (slot <= this.newest) sum += this.slots[slot % slotsKept]!;
    }
    return sum;
  }
}

/** The campaigns that bid linearly: their spend, their bids, and the share that they bid. */
export class LinearBids {
  private readonly campaigns = new Map<number, Campaign>();
  private readonly spentBy = new Map<number, Spent>();
  private turnedSec = 0;

  adopt({ campaigns, learning }: BudgetPlan): void {
    const before = new Map(this.campaigns);
    this.campaigns.clear();
    for (const plan of learning?.linear ?? []) {
      const budget = campaigns.find(({ campaign }) => campaign === plan.campaign);
      if (budget === undefined) continue;
      const campaign = before.get(plan.campaign) ?? new Campaign(plan, budget);
      campaign.plan = plan;
      campaign.budget = budget;
      this.campaigns.set(plan.campaign, campaign);
    }
  }

  /** Every bill, of earlier boots too. */
  addSpend(campaign: number, nanos: number, receivedSec: number): void {
    let spent = this.spentBy.get(campaign);
    if (spent === undefined) {
      spent = new Spent();
      this.spentBy.set(campaign, spent);
    }
    spent.add(nanos, receivedSec);
    const linear = this.campaigns.get(campaign);
    if (linear !== undefined) linear.nanosPerSec += nanos / fadeSec;
  }

  /** A bid whose end is known: what it says of the campaign's values. */
  addBid(campaign: number, notice: NoticeEntry, { exchange, format, size }: CellFact): void {
    const linear = this.campaigns.get(campaign);
    if (linear === undefined || notice.priceMicros <= 0) return;
    linear.horizon.add({
      valueMicros: notice.priceMicros / linear.horizon.share,
      nanosPerMicro: notice.reservedMicros / notice.priceMicros,
      ...{ exchange, format, size },
    });
  }

  countBids(campaign: number, bids: number): void {
    const linear = this.campaigns.get(campaign);
    if (linear !== undefined) linear.bidsPerSec += bids / fadeSec;
  }

  /** Every second or so: a new share for each campaign. */
  turn(nowSec: number, costOf: CostOf, learnt: Learnt): void {
    const elapsed = Math.min(fadeSec, Math.max(0, nowSec - this.turnedSec));
    const kept = Math.exp(-elapsed / fadeSec);
    this.turnedSec = nowSec;
    for (const campaign of this.campaigns.values()) {
      campaign.bidsPerSec *= kept;
      campaign.nanosPerSec *= kept;
      const nanosPerSec = this.targetOf(campaign, nowSec);
      let share = Math.round(campaign.horizon.share * shareOne);
      if (nanosPerSec !== null && campaign.bidsPerSec * fadeSec >= bidsMin) {
        const spent = campaign.nanosPerSec / campaign.bidsPerSec;
        share = campaign.horizon.turn(nanosPerSec / campaign.bidsPerSec, spent, costOf);
      }
      for (const { place } of campaign.plan.lineItems) {
        Atomics.store(learnt.horizons, place, share);
      }
    }
  }

  /** What may be spent a second from now on, the stricter of day and flight; null = no limit. */
  private targetOf({ budget, plan }: Campaign, nowSec: number): number | null {
    const spent = this.spentBy.get(budget.campaign);
    const { totalNanos, dailyNanos, zone } = budget;
    let least: number | null = null;
    if (totalNanos !== null) {
      const left = Number(totalNanos) - (spent?.total ?? 0);
      least = Math.max(0, left) / Math.max(1, plan.endSec - nowSec);
    }
    if (dailyNanos !== null) {
      const day = localDay(zone, nowSec);
      const left = Number(dailyNanos) - (spent?.onDayOf(zone, nowSec) ?? 0);
      const today = Math.max(0, left) / secondsLeftOf(zone, day, nowSec);
      least = least === null ? today : Math.min(least, today);
    }
    return least;
  }
}

/** Seconds to the next local midnight; a change of clocks today moves it by an hour at most. */
function secondsLeftOf(zone: CampaignBudget["zone"], day: number, nowSec: number): number {
  let low = 0;
  let high = 26 * 3600;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (localDay(zone, nowSec + middle) > day) high = middle;
    else low = middle;
  }
  return high;
}
