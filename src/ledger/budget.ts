import { assert } from "../base/assert.js";
import { finish, type Steps } from "../base/steps.js";
import { takeUpTo } from "../bid/allowance.js";
import type { SharedState } from "../bid/shared-state.js";
import type { AllowanceEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import type { Account } from "./budget-account.js";
import { PlanInForce } from "./budget-adopt.js";
import { type BudgetHistory, units } from "./budget-history.js";
import { LevelKind, Levels } from "./budget-level.js";
import { type AmountUnit, type BudgetPlan, Unit } from "./budget-plan.js";
import { type PaceView, PacingDesk } from "./pacing-desk.js";

type Put = (entry: AllowanceEntry) => void;

/**
 * Shares budgets out to allowances, in money and in impressions. For each line item of this boot
 * and each unit, at every step:
 *
 *     granted = charged + reserved + allowance + returned
 *
 * and for every level of the tree above it (line item, campaign, advertiser, all of a currency),
 * where outstanding = granted - returned - charged is what can still be billed:
 *
 *     total  >= what earlier boots consumed + granted - returned
 *     daily  >= bills whose notice came today + outstanding (also of earlier boots)
 *
 * A grant fits at every level. A day's money is the money billed on it, in the level's own zone:
 * what is outstanding at midnight counts for the new day, so nothing has to come back then. Only
 * late bills (and, for impressions, bills of bids from before the limit was set) exceed a budget;
 * the deficit that they leave in an allowance is granted first.
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
  /** The same where bids are paced: what expires and comes back is not bid in a burst. */
  pacedExcess: 2,
} as const;
/** A GRANT is a whole double. */
const grantMax = 2n ** 52n;

/** Spend of one campaign as shown outside; amounts in nanos as decimal text. */
export type CampaignSpend = {
  readonly campaign: number;
  readonly spentToday: string;
  readonly outstanding: string;
  /** What may still be granted, "" = no limit. */
  readonly left: string;
  readonly impressionsToday: string;
} & PaceView;

/** The account of one line item, for checks and reports. */
export type AccountView = {
  readonly campaign: number;
  readonly lineItem: number;
  readonly place: number;
  readonly granted: bigint;
  readonly returned: bigint;
  readonly charged: bigint;
};

/** To look at an account is some 1 us, to adopt a line item 0.5 to 5. */
const lineItemsAStep = 128;

export class BudgetBook {
  /** By unit. */
  readonly levels: readonly Levels[];
  private readonly state: SharedState;
  private readonly history: BudgetHistory;
  private readonly boot: number;
  private readonly inForce: PlanInForce;
  /** Accounts with granted money that is not durable yet. */
  private readonly awaiting = new Set<Account>();
  private readonly pacing: PacingDesk;
  private readonly aStep: number;
  /** By campaign: also of those that no plan has named yet. */
  private readonly heldBack = new Map<number, readonly bigint[]>();
  /** Those whose days were looked at: what new ones had spent today is not known before. */
  private campaigns: readonly number[] = [];
  private lastMs = Number.NaN;
  /** What may leave a level less than was seen before: grants, returns, foreign bills... */
  private moves = 0;
  /** The latest time seen: a flight that has ended stays ended when the clock goes back. */
  private latestMs = 0;

  /** `aStep`: line items that a step of long work does. */
  constructor(state: SharedState, history: BudgetHistory, boot: number, aStep = lineItemsAStep) {
    this.state = state;
    this.aStep = aStep;
    this.history = history;
    this.boot = boot;
    this.levels = units.map((unit) => new Levels(history, unit));
    this.pacing = new PacingDesk(state, history.traffic, aStep);
    this.inForce = new PlanInForce(this.levels, history, this.pacing, aStep);
  }

  /** One past the highest place of any line item so far. */
  get placesUsed(): number {
    return this.inForce.placesUsed;
  }

  /** What late bills of a campaign may be worth: it is not granted, there nor above. */
  holdBack(campaign: number, nanos: bigint, impressions: bigint): void {
    if (nanos > 0n || impressions > 0n) this.heldBack.set(campaign, [nanos, impressions]);
    else this.heldBack.delete(campaign);
    this.tellHeldBack(campaign, [nanos, impressions]);
  }

  private tellHeldBack(campaign: number, amounts: readonly bigint[]): void {
    this.moves++;
    for (const levels of this.levels) {
      levels.find(LevelKind.CAMPAIGN, campaign)?.holdBack(amounts[levels.unit]!);
    }
  }

  placeOf(lineItem: number, unit: AmountUnit = Unit.MONEY): number {
    return this.inForce.planned.get(lineItem)?.accounts[unit]?.place ?? -1;
  }

  /** A new plan counts at once: the next `plan` takes back what it no longer allows. */
  adopt(plan: BudgetPlan): void {
    finish(this.adoptSteps(plan));
  }

  /**
   * The same in steps of a millisecond at most, with bills between them but no `plan` before the
   * last: nothing is granted by half a plan, bidders live on what the one before gave them. A run
   * may be given up for one of a newer plan.
   */
  *adoptSteps(plan: BudgetPlan): Steps<void> {
    yield* this.inForce.adoptSteps(plan);
    // Campaigns that are new here may owe late bills of earlier boots.
    for (const [campaign, amounts] of this.heldBack) this.tellHeldBack(campaign, amounts);
  }

  /** Books what a settled notice charged; the shared allowances were settled already. */
  charge(
    boot: number,
    lineItem: number,
    nanos: number,
    receivedMs: number,
    billed = nanos > 0,
    delaySec = 0,
  ): void {
    if (!billed) return;
    const amounts = [BigInt(nanos), 1n];
    const planned = this.inForce.planned.get(lineItem);
    const own = planned !== undefined && boot === this.boot;
    if (!own) {
      this.moves++;
      this.inForce.attach(lineItem);
      this.history.chargeEarlier(boot, lineItem, BigInt(nanos), receivedMs);
    }
    const owners = this.history.ownersOf(lineItem);
    for (const levels of this.levels) {
      const amount = amounts[levels.unit]!;
      if (own) this.history.of(lineItem, levels.unit).noteCharge(amount, receivedMs);
      const unlimited = own && planned.accounts[levels.unit] === null;
      // A limit that came above after its line item had left the plan has less left.
      if (unlimited) this.moves++;
      for (const level of levels.above(lineItem, owners)) {
        if (unlimited) level.granted += amount;
        level.charge(amount, receivedMs, own, delaySec);
      }
    }
  }

  /**
   * The grants and returns that are due, to be journaled. Returned money is out of the allowances
   * already; granted money enters them by `applyGrants`, after the block is durable. `monotonicMs`
   * measures what went by; `nowMs` says which day it is.
   */
  plan(nowMs: number, out: AllowanceEntry[], monotonicMs = nowMs): void {
    finish(this.planSteps(nowMs, (entry) => out.push(entry), monotonicMs));
  }

  /**
   * The same in steps of a millisecond at most. Between them bills may be booked, and what was
   * given to `put` be made durable and granted: each grant fits at every level when it is made.
   */
  *planSteps(nowMs: number, put: Put, monotonicMs: number): Steps<void> {
    assert(this.inForce.isWhole, "nothing is granted by half a plan");
    const elapsedMs = monotonicMs - this.lastMs;
    // Time that jumped says nothing of a rate.
    const elapsedSec = elapsedMs >= 1 && elapsedMs <= 60_000 ? elapsedMs / 1000 : 1;
    this.lastMs = monotonicMs;
    this.latestMs = Math.max(this.latestMs, nowMs);
    this.history.closeEnded(nowMs);
    for (const { account, unit, granted } of this.inForce.opened) {
      put(this.entry(RecordKind.GRANT, account, unit, granted, nowMs));
    }
    this.inForce.opened = [];
    yield* this.liveSteps(nowMs);
    this.campaigns = this.inForce.campaigns;
    yield* this.pacing.lookSteps(nowMs, monotonicMs);
    for (const unit of units) yield* this.lookSteps(unit, nowMs, elapsedSec, put);
  }

  /** Which line items may have an allowance now: planned, and inside their flight. */
  private *liveSteps(nowMs: number): Steps<void> {
    let done = 0;
    for (const levels of this.levels) {
      for (const level of levels.all()) {
        level.live = 0;
        level.turnDay(nowMs);
        if (++done % this.aStep === 0) yield;
      }
    }
    for (const planned of this.inForce.planned.values()) {
      const flying = nowMs >= planned.startMs && this.latestMs < planned.endMs;
      for (const account of planned.accounts) account?.tellLive(planned.live && flying);
      if (++done % this.aStep === 0) yield;
    }
  }

  private *lookSteps(unit: AmountUnit, nowMs: number, elapsedSec: number, put: Put): Steps<void> {
    const accounts = this.inForce.accountsOf[unit]!;
    let done = 0;
    for (const account of accounts) {
      const allowance = this.allowanceOf(account);
      account.measureRate(allowance, elapsedSec);
      if (allowance < 0n) this.grant(account, unit, -allowance, nowMs, put);
      if (!account.live) this.takeBack(account, unit, grantMax, nowMs, put);
      if (++done % this.aStep === 0) yield;
    }
    const before = this.moves;
    for (const account of accounts) {
      const left = account.left();
      if (left !== null && left < 0n) this.takeBack(account, unit, -left, nowMs, put);
      if (++done % this.aStep === 0) yield;
    }
    for (const account of accounts) {
      // Until the first move, what was just seen of every level holds: the second look was an
      // eighth of a plan (cpu profile, 1,000 line items).
      const left = this.moves === before ? account.leftSeen : account.left();
      if (account.live) this.fill(account, unit, left, nowMs, put);
      account.lastAllowance = this.allowanceOf(account);
      if (++done % this.aStep === 0) yield;
    }
  }

  private fill(
    account: Account,
    unit: AmountUnit,
    left: bigint | null,
    nowMs: number,
    put: Put,
  ): void {
    const target = account.target(left, topUp);
    const allowance = this.allowanceOf(account);
    const excess = account.paceRate === Number.POSITIVE_INFINITY ? topUp.excess : topUp.pacedExcess;
    if (allowance > target * BigInt(excess)) {
      this.takeBack(account, unit, allowance - target, nowMs, put);
    } else if (allowance * 2n < target || allowance < account.bidMax) {
      const wanted = target - allowance;
      const amount = left === null || wanted < left ? wanted : left;
      if (amount > 0n) this.grant(account, unit, amount, nowMs, put);
    }
  }

  /** The allowance as it is once everything granted is in it. */
  private allowanceOf(account: Account): bigint {
    return Atomics.load(this.state.allowances, account.place) + account.pending;
  }

  private grant(
    account: Account,
    unit: AmountUnit,
    wanted: bigint,
    timeMs: number,
    put: Put,
  ): void {
    const amount = wanted < grantMax ? wanted : grantMax;
    this.moves++;
    account.granted(amount);
    account.pending += amount;
    this.awaiting.add(account);
    put(this.entry(RecordKind.GRANT, account, unit, amount, timeMs));
  }

  /** Takes up to `most` out of an allowance; gives what it got. */
  private takeBack(
    account: Account,
    unit: AmountUnit,
    most: bigint,
    timeMs: number,
    put: Put,
  ): bigint {
    const amount = takeUpTo(this.state, account.place, most < grantMax ? most : grantMax);
    if (amount === 0n) return 0n;
    this.moves++;
    account.returned(amount);
    put(this.entry(RecordKind.RETURN, account, unit, amount, timeMs));
    return amount;
  }

  private entry(
    kind: AllowanceEntry["kind"],
    { campaign, lineItem }: Account,
    unit: AmountUnit,
    amount: bigint,
    timeMs: number,
  ): AllowanceEntry {
    const { boot } = this;
    if (unit === Unit.MONEY) {
      return { kind, boot, campaign, lineItem, nanos: Number(amount), timeMs };
    }
    return { kind, boot, campaign, lineItem, nanos: 0, timeMs, impressions: Number(amount) };
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
    const put: Put = (entry) => out.push(entry);
    for (const unit of units) {
      for (const account of this.inForce.accountsOf[unit]!) {
        while (this.takeBack(account, unit, grantMax, timeMs, put) === grantMax);
      }
    }
  }

  spend(): CampaignSpend[] {
    const [money, impressions] = this.levels as readonly [Levels, Levels];
    return this.campaigns.map((campaign) => {
      const level = money.of(LevelKind.CAMPAIGN, campaign);
      return {
        campaign,
        spentToday: String(level.chargedToday),
        outstanding: String(level.granted - level.returned - level.charged),
        left: String(level.left() ?? ""),
        impressionsToday: String(impressions.of(LevelKind.CAMPAIGN, campaign).chargedToday),
        ...this.pacing.viewOf(campaign),
      };
    });
  }

  lineItemPaces(): Float64Array<ArrayBuffer> {
    return this.pacing.lineItemPaces();
  }

  accounts(unit: AmountUnit = Unit.MONEY): AccountView[] {
    return this.inForce.accountsOf[unit]!.map(({ campaign, lineItem, place, level }) => ({
      ...{ campaign, lineItem, place },
      ...{ granted: level.granted, returned: level.returned, charged: level.charged },
    }));
  }
}
