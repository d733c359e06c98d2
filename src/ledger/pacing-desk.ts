import type { Steps } from "../base/steps.js";
import { type Flow, readFlow } from "../bid/pace.js";
import type { SharedState } from "../bid/shared-state.js";
import type { Account } from "./budget-account.js";
import { type Level, LevelKind, type Levels } from "./budget-level.js";
import { type CampaignBudget, type LineItemBudget, Unit } from "./budget-plan.js";
import { Pacer } from "./pacer.js";
import type { PacedSpan } from "./pacing-day.js";
import { PacingDays } from "./pacing-days.js";
import type { TrafficShape } from "./traffic-shape.js";

/**
 * Pacing on the money thread's side: once a second each paced budget (of a campaign, and of a line
 * item that has its own) says what share of requests its line items take part in; a line item takes
 * the smaller one of its own and its campaign's.
 */
const everyMs = 1000;

/** How a campaign is paced, as shown outside. */
export type PaceView = {
  /** Of a thousand requests that would be bid on, so many are. */
  readonly participationPermille: number;
  /** Nanos that the plan says are spent today by now; "" = not paced in money. */
  readonly plannedToday: string;
  /** Nanos that the plan gives the whole day; "" = not paced in money. */
  readonly dayBudget: string;
  /** AvgErr of today's whole quarters of an hour, 0.1 = 10 %; null = not paced, or none yet. */
  readonly pacingError: number | null;
  /** Of the line items with a budget of their own; others are paced as their campaign. */
  readonly lineItems: readonly { readonly lineItem: number; readonly pacingError: number | null }[];
};

type PacedLineItem = {
  readonly lineItem: number;
  readonly accounts: readonly Account[];
  readonly pacers: readonly Pacer[];
  readonly flow: Flow;
};

/** A campaign as a plan paces it. */
export class PacedCampaign {
  readonly lineItems: PacedLineItem[] = [];
  /** By kind and id; its own first where it is paced. */
  readonly pacers = new Map<string, Pacer>();
  /** Line items with a pacer of their own. */
  readonly own: number[] = [];

  /** Whether it was made of these line items, in this order. */
  isOf(budgets: readonly LineItemBudget[]): boolean {
    const { lineItems } = this;
    if (budgets.length !== lineItems.length) return false;
    for (let i = 0; i < budgets.length; i++) {
      if (budgets[i]!.lineItem !== lineItems[i]!.lineItem) return false;
    }
    return true;
  }
}

type AccountsOf = ReadonlyMap<number, { readonly accounts: readonly (Account | null)[] }>;
/** A day that is made anew takes 10 to 30 us, ten times a line item. */
const lineItemsAPacer = 8;

export class PacingDesk {
  private readonly state: SharedState;
  private readonly days: PacingDays;
  private readonly aStep: number;
  private pacers = new Map<string, Pacer>();
  private campaigns: ReadonlyMap<number, PacedCampaign> = new Map();
  private dueMs = Number.NEGATIVE_INFINITY;
  private lastMs = Number.POSITIVE_INFINITY;

  /** `aStep`: line items that a step does. */
  constructor(state: SharedState, shape: TrafficShape, aStep: number) {
    this.state = state;
    this.aStep = aStep;
    this.days = new PacingDays(shape);
  }

  /**
   * A campaign that a plan says another thing of; budgets of the newest whole plan keep what they
   * have learnt. It counts from `turnToSteps` on.
   */
  *campaignSteps(
    campaign: CampaignBudget,
    levels: readonly Levels[],
    accountsOf: AccountsOf,
  ): Steps<PacedCampaign> {
    const paced = new PacedCampaign();
    const mode = campaign.pacing ?? "asap";
    const span = { ...spanOf(campaign), mode, week: unionOf(campaign) };
    const keep = (
      kind: LevelKind,
      id: number,
      of: PacedSpan,
      members: readonly number[],
    ): Pacer | null => {
      const both = levels.map((one) => one.of(kind, id)) as [Level, Level];
      if (both.every(({ total, daily }) => total === null && daily === null)) return null;
      const key = `${kind}:${id}`;
      const pacer = this.pacers.get(key) ?? new Pacer(both);
      pacer.adopt(of, members);
      paced.pacers.set(key, pacer);
      return pacer;
    };
    const members = campaign.lineItems.map(({ lineItem }) => lineItem);
    const whole = keep(LevelKind.CAMPAIGN, campaign.campaign, span, members);
    for (const budget of campaign.lineItems) {
      const { lineItem, pacing = mode, week = null } = budget;
      const hasOwn = budget.limits !== undefined;
      const ownSpan = { ...span, mode: pacing, week };
      const single = hasOwn ? keep(LevelKind.LINE_ITEM, lineItem, ownSpan, [lineItem]) : null;
      if (single !== null) paced.own.push(lineItem);
      const accounts = accountsOf.get(lineItem)?.accounts ?? [];
      paced.lineItems.push({
        lineItem,
        accounts: accounts.filter((account) => account !== null),
        pacers: [whole, single].filter((pacer) => pacer !== null),
        flow: { wanted: 0, held: 0, bids: 0 },
      });
      if (paced.lineItems.length % this.aStep === 0) yield;
    }
    return paced;
  }

  /** These are paced from now on, and no others. */
  *turnToSteps(campaigns: ReadonlyMap<number, PacedCampaign>): Steps<void> {
    const pacers = new Map<string, Pacer>();
    let done = 0;
    for (const one of campaigns.values()) {
      for (const [key, pacer] of one.pacers) pacers.set(key, pacer);
      if (++done % this.aStep === 0) yield;
    }
    this.pacers = pacers;
    this.campaigns = campaigns;
    this.dueMs = Number.NEGATIVE_INFINITY;
  }

  /** At every top-up, in steps; works once a second. */
  *lookSteps(nowMs: number, monotonicMs: number): Steps<void> {
    if (monotonicMs < this.dueMs && this.dueMs - monotonicMs <= everyMs) return;
    this.dueMs = monotonicMs + everyMs;
    const elapsedSec = Math.max(0, monotonicMs - this.lastMs) / 1000;
    this.lastMs = monotonicMs;
    for (const pacer of this.pacers.values()) pacer.begin();
    let done = 0;
    for (const { accounts, pacers, flow } of this.lineItems()) {
      const [first] = accounts;
      if (first === undefined || pacers.length === 0) continue;
      readFlow(this.state.flows, first.place, flow);
      const allowances = accounts.map(({ place }) => this.state.allowances[place]!);
      for (const pacer of pacers) pacer.gather(flow, allowances);
      if (++done % this.aStep === 0) yield;
    }
    const pacersAStep = Math.max(1, Math.floor(this.aStep / lineItemsAPacer));
    for (const pacer of this.pacers.values()) {
      pacer.decide(this.days, nowMs, elapsedSec);
      if (++done % pacersAStep === 0) yield;
    }
    for (const { accounts, pacers } of this.lineItems()) {
      this.tell(accounts, pacers);
      if (++done % this.aStep === 0) yield;
    }
  }

  private *lineItems(): Iterable<PacedLineItem> {
    for (const { lineItems } of this.campaigns.values()) yield* lineItems;
  }

  private tell(accounts: readonly Account[], pacers: readonly Pacer[]): void {
    const [money] = accounts;
    if (money === undefined) return;
    let share = 1;
    let heldRate = Number.POSITIVE_INFINITY;
    let bidsRate = Number.POSITIVE_INFINITY;
    for (const pacer of pacers) {
      share = Math.min(share, pacer.participation);
      heldRate = Math.min(heldRate, pacer.heldRate);
      bidsRate = Math.min(bidsRate, pacer.bidsRate);
    }
    for (const [unit, account] of accounts.entries()) {
      account.paceRate = unit === Unit.MONEY ? heldRate : bidsRate;
    }
    this.state.skips[money.place] = Math.min(0xffff_ffff, Math.round((1 - share) * 2 ** 32));
  }

  /**
   * Of each line item with a budget of its own, in threes: its id, what the plan says is spent
   * today by now, and over the whole day; in nanos, -1 = not paced in money.
   */
  lineItemPaces(): Float64Array<ArrayBuffer> {
    const numbers: number[] = [];
    for (const { own } of this.campaigns.values()) {
      for (const lineItem of own) {
        const pacer = this.pacers.get(`${LevelKind.LINE_ITEM}:${lineItem}`);
        const [planned = "", day = ""] = [pacer?.plannedToday, pacer?.dayBudget];
        numbers.push(
          lineItem,
          planned === "" ? -1 : Number(planned),
          day === "" ? -1 : Number(day),
        );
      }
    }
    return Float64Array.from(numbers);
  }

  viewOf(campaign: number): PaceView {
    const pacer = this.pacers.get(`${LevelKind.CAMPAIGN}:${campaign}`);
    return {
      participationPermille: Math.round(1000 * (pacer?.participation ?? 1)),
      plannedToday: pacer?.plannedToday ?? "",
      dayBudget: pacer?.dayBudget ?? "",
      pacingError: pacer?.pacingError ?? null,
      lineItems: (this.campaigns.get(campaign)?.own ?? []).map((lineItem) => ({
        lineItem,
        pacingError: this.pacers.get(`${LevelKind.LINE_ITEM}:${lineItem}`)?.pacingError ?? null,
      })),
    };
  }
}

const spanOf = ({ zone, startMs, endMs }: CampaignBudget) => ({
  zone,
  startMs: startMs ?? Number.NEGATIVE_INFINITY,
  endMs: endMs ?? Number.POSITIVE_INFINITY,
});

/** The hours in which any line item of a campaign may bid. */
function unionOf({ lineItems }: CampaignBudget): readonly number[] | null {
  const words = [0, 0, 0, 0, 0, 0];
  for (const { week } of lineItems) {
    if (week === undefined) return null;
    for (let i = 0; i < words.length; i++) words[i] = (words[i]! | (week[i] ?? 0)) >>> 0;
  }
  return lineItems.length === 0 ? null : words;
}
