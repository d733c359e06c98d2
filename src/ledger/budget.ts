import { takeUpTo } from "../bid/allowance.js";
import type { SharedState } from "../bid/shared-state.js";
import type { AllowanceEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import type { BudgetHistory, CampaignHistory } from "./budget-history.js";
import type { BudgetPlan, CampaignBudget, LineItemBudget } from "./budget-plan.js";
import { localDay } from "./budget-plan.js";

/**
 * Shares budgets out to allowances. For each line item of this boot, at every step:
 *
 *     granted = charged + reserved + allowance + returned
 *
 * and for each campaign, where outstanding = granted - returned - charged is what can still be
 * billed:
 *
 *     total  >= what earlier boots consumed + granted - returned
 *     daily  >= bills whose notice came today + outstanding (also of earlier boots)
 *
 * A day's money is the money billed on it: what is outstanding at midnight counts for the new day,
 * so nothing has to come back then. Only late bills exceed a budget; the deficit that they leave in
 * an allowance is granted first.
 */
export const topUp = {
  /** Allowance for this long at the rate at which it was used. */
  aheadSec: 2,
  /** Part of what is left of the budget that one top-up may take: 1 %. */
  partOfLeft: 100n,
  /** Bids that an allowance holds at least, as long as the budget has them. */
  bidsMin: 8,
  /** An allowance above this many times its target is brought back. */
  excess: 8,
} as const;
/** A GRANT is a whole double. */
const grantMax = 2n ** 52n;

class Account {
  readonly lineItem: number;
  place: number;
  bidNanosMax: bigint;
  granted = 0n;
  returned = 0n;
  charged = 0n;
  /** Granted in a block that is not durable yet. */
  pending = 0n;
  /** Nanos a second by which the allowance fell lately. */
  rate = 0;
  lastAllowance = 0n;

  constructor(budget: LineItemBudget) {
    this.lineItem = budget.lineItem;
    this.place = budget.place;
    this.bidNanosMax = BigInt(Math.max(1, Math.ceil(budget.bidNanosMax)));
  }
}

class Campaign {
  readonly id: number;
  budget: CampaignBudget;
  readonly history: CampaignHistory;
  readonly accounts = new Map<number, Account>();
  /** Line items of the current plan; the others' allowances are taken back. */
  live = new Set<number>();
  granted = 0n;
  returned = 0n;
  charged = 0n;
  day = Number.NaN;
  chargedToday = 0n;

  constructor(budget: CampaignBudget, history: CampaignHistory) {
    this.id = budget.campaign;
    this.budget = budget;
    this.history = history;
  }
}

/** Spend of one campaign as shown outside; amounts in nanos as decimal text. */
export type CampaignSpend = {
  readonly campaign: number;
  readonly spentToday: string;
  readonly outstanding: string;
  /** What may still be granted, "" = no limit. */
  readonly left: string;
};

/** The account of one line item, for checks and reports. */
export type AccountView = {
  readonly campaign: number;
  readonly lineItem: number;
  readonly place: number;
  readonly granted: bigint;
  readonly returned: bigint;
  readonly charged: bigint;
};

export class BudgetBook {
  private readonly state: SharedState;
  private readonly history: BudgetHistory;
  private readonly boot: number;
  private readonly campaigns = new Map<number, Campaign>();
  private readonly byLineItem = new Map<number, { campaign: Campaign; account: Account }>();
  /** Accounts with granted money that is not durable yet. */
  private readonly awaiting = new Set<Account>();
  private lastMs = Number.NaN;
  /** One past the highest place of any line item so far. */
  placesUsed = 0;

  constructor(state: SharedState, history: BudgetHistory, boot: number) {
    this.state = state;
    this.history = history;
    this.boot = boot;
  }

  placeOf(lineItem: number): number {
    return this.byLineItem.get(lineItem)?.account.place ?? -1;
  }

  /** A new plan counts at once: the next `plan` takes back what it no longer allows. */
  adopt(plan: BudgetPlan): void {
    for (const campaign of this.campaigns.values()) campaign.live = new Set();
    for (const budget of plan.campaigns) {
      let campaign = this.campaigns.get(budget.campaign);
      if (campaign === undefined) {
        campaign = new Campaign(budget, this.history.of(budget.campaign));
        this.campaigns.set(budget.campaign, campaign);
      }
      campaign.budget = budget;
      campaign.day = Number.NaN;
      for (const lineItem of budget.lineItems) this.adoptLineItem(campaign, lineItem);
    }
  }

  /** A line item stays with the campaign that it first had: ids are not reused. */
  private adoptLineItem(campaign: Campaign, budget: LineItemBudget): void {
    const known = this.byLineItem.get(budget.lineItem);
    if (known !== undefined) {
      known.account.bidNanosMax = BigInt(Math.max(1, Math.ceil(budget.bidNanosMax)));
      known.campaign.live.add(budget.lineItem);
      return;
    }
    const account = new Account(budget);
    campaign.accounts.set(budget.lineItem, account);
    campaign.live.add(budget.lineItem);
    this.byLineItem.set(budget.lineItem, { campaign, account });
    this.placesUsed = Math.max(this.placesUsed, budget.place + 1);
    this.history.noteLineItem(budget.lineItem, campaign.id);
  }

  /** Books what a settled notice charged; the shared allowance was settled already. */
  charge(boot: number, lineItem: number, nanos: number, receivedMs: number): void {
    if (nanos === 0) return;
    const amount = BigInt(nanos);
    const known = this.byLineItem.get(lineItem);
    const id = known?.campaign.id ?? this.history.campaignOf(lineItem);
    const history = this.history.of(id);
    if (known !== undefined && boot === this.boot) {
      known.account.charged += amount;
      known.campaign.charged += amount;
    } else {
      history.chargeEarlier(boot, lineItem, amount);
    }
    history.noteCharge(amount, receivedMs);
    const campaign = this.campaigns.get(id);
    if (campaign === undefined) return;
    if (localDay(campaign.budget.zone, Math.floor(receivedMs / 1000)) === campaign.day) {
      campaign.chargedToday += amount;
    }
  }

  /**
   * The grants and returns that are due, to be journaled. Returned money is out of the allowances
   * already; granted money enters them by `applyGrants`, after the block is durable.
   */
  plan(nowMs: number, out: AllowanceEntry[]): void {
    const elapsedMs = nowMs - this.lastMs;
    // A clock that jumped says nothing of a rate.
    const elapsedSec = elapsedMs >= 1 && elapsedMs <= 60_000 ? elapsedMs / 1000 : 1;
    this.lastMs = nowMs;
    this.history.closeEnded(nowMs);
    for (const campaign of this.campaigns.values()) this.planOf(campaign, nowMs, elapsedSec, out);
  }

  private planOf(
    campaign: Campaign,
    nowMs: number,
    elapsedSec: number,
    out: AllowanceEntry[],
  ): void {
    this.turnDay(campaign, nowMs);
    for (const account of campaign.accounts.values()) {
      const allowance = this.allowanceOf(account);
      measureRate(account, allowance, elapsedSec);
      if (allowance < 0n) this.grant(campaign, account, -allowance, nowMs, out);
      if (!campaign.live.has(account.lineItem))
        this.takeBack(campaign, account, grantMax, nowMs, out);
    }
    let left = leftOf(campaign);
    for (const account of campaign.accounts.values()) {
      if (left === null || left >= 0n) break;
      left += this.takeBack(campaign, account, -left, nowMs, out);
    }
    for (const account of campaign.accounts.values()) {
      if (!campaign.live.has(account.lineItem)) continue;
      left = leftOf(campaign);
      const target = targetOf(campaign, account, left);
      const allowance = this.allowanceOf(account);
      if (allowance > target * BigInt(topUp.excess)) {
        this.takeBack(campaign, account, allowance - target, nowMs, out);
      } else if (allowance * 2n < target || allowance < account.bidNanosMax) {
        const wanted = target - allowance;
        const amount = left === null || wanted < left ? wanted : left;
        if (amount > 0n) this.grant(campaign, account, amount, nowMs, out);
      }
    }
    for (const account of campaign.accounts.values()) {
      account.lastAllowance = this.allowanceOf(account);
    }
  }

  /** The allowance as it is once everything granted is in it. */
  private allowanceOf(account: Account): bigint {
    return Atomics.load(this.state.allowances, account.place) + account.pending;
  }

  private turnDay(campaign: Campaign, nowMs: number): void {
    const { zone } = campaign.budget;
    const day = localDay(zone, Math.floor(nowMs / 1000));
    if (day === campaign.day) return;
    campaign.day = day;
    campaign.chargedToday = campaign.history.chargedOn((sec) => localDay(zone, sec) === day);
  }

  private grant(
    campaign: Campaign,
    account: Account,
    wanted: bigint,
    timeMs: number,
    out: AllowanceEntry[],
  ): void {
    const nanos = wanted < grantMax ? wanted : grantMax;
    account.granted += nanos;
    campaign.granted += nanos;
    account.pending += nanos;
    this.awaiting.add(account);
    out.push(this.entry(RecordKind.GRANT, campaign, account, nanos, timeMs));
  }

  /** Takes up to `most` out of an allowance; gives what it got. */
  private takeBack(
    campaign: Campaign,
    account: Account,
    most: bigint,
    timeMs: number,
    out: AllowanceEntry[],
  ): bigint {
    const nanos = takeUpTo(this.state, account.place, most < grantMax ? most : grantMax);
    if (nanos === 0n) return 0n;
    account.returned += nanos;
    campaign.returned += nanos;
    out.push(this.entry(RecordKind.RETURN, campaign, account, nanos, timeMs));
    return nanos;
  }

  private entry(
    kind: AllowanceEntry["kind"],
    campaign: Campaign,
    account: Account,
    nanos: bigint,
    timeMs: number,
  ): AllowanceEntry {
    const { boot } = this;
    const { lineItem } = account;
    return { kind, boot, campaign: campaign.id, lineItem, nanos: Number(nanos), timeMs };
  }

  /** After the block with the grants is durable: raises the allowances. */
  applyGrants(): void {
    for (const account of this.awaiting) {
      Atomics.add(this.state.allowances, account.place, account.pending);
      account.pending = 0n;
    }
    this.awaiting.clear();
  }

  /** Takes back all that is neither spent nor reserved: the process stops. */
  returnAll(timeMs: number, out: AllowanceEntry[]): void {
    for (const { campaign, account } of this.byLineItem.values()) {
      while (this.takeBack(campaign, account, grantMax, timeMs, out) === grantMax);
    }
  }

  spend(): CampaignSpend[] {
    return [...this.campaigns.values()].map((campaign) => ({
      campaign: campaign.id,
      spentToday: String(campaign.chargedToday),
      outstanding: String(campaign.granted - campaign.returned - campaign.charged),
      left: String(leftOf(campaign) ?? ""),
    }));
  }

  accounts(): AccountView[] {
    return [...this.byLineItem.values()].map(({ campaign, account }) => ({
      campaign: campaign.id,
      lineItem: account.lineItem,
      place: account.place,
      granted: account.granted,
      returned: account.returned,
      charged: account.charged,
    }));
  }
}

/** What may still be granted; below zero after a cut or a late bill; null = no limit. */
function leftOf(campaign: Campaign): bigint | null {
  const { totalNanos, dailyNanos } = campaign.budget;
  const inUse = campaign.granted - campaign.returned;
  let left: bigint | null = null;
  if (totalNanos !== null) left = totalNanos - campaign.history.consumed() - inUse;
  if (dailyNanos !== null) {
    const outstanding = inUse - campaign.charged + campaign.history.outstanding();
    const leftToday = dailyNanos - campaign.chargedToday - outstanding;
    if (left === null || leftToday < left) left = leftToday;
  }
  return left;
}

/** What the allowance should hold: 2 s of use, at most 1 % of what is left, but several bids. */
function targetOf(campaign: Campaign, account: Account, left: bigint | null): bigint {
  const few = account.bidNanosMax * BigInt(topUp.bidsMin);
  let least = few;
  if (left !== null) {
    // Near the end of the budget line items share what is left, down to one bid each.
    const share = left / BigInt(4 * campaign.live.size);
    if (share < least) least = share;
    if (least < account.bidNanosMax) least = account.bidNanosMax;
  }
  let target = BigInt(Math.ceil(account.rate * topUp.aheadSec));
  if (left !== null && target > left / topUp.partOfLeft) target = left / topUp.partOfLeft;
  return target > least ? target : least;
}

/** Quick up, slow down: a burst is funded at once, and kept for a few seconds. */
function measureRate(account: Account, allowance: bigint, elapsedSec: number): void {
  const fell = account.lastAllowance - allowance;
  const rate = fell > 0n ? Number(fell) / elapsedSec : 0;
  account.rate =
    rate > account.rate ? rate : account.rate + (rate - account.rate) * Math.min(1, elapsedSec / 4);
}
