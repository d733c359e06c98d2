import { type Flow, readFlow } from "../bid/pace.js";
import type { SharedState } from "../bid/shared-state.js";
import type { Account } from "./budget-account.js";
import { type Level, LevelKind, type Levels } from "./budget-level.js";
import { type BudgetPlan, type CampaignBudget, Unit } from "./budget-plan.js";
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
  readonly accounts: readonly Account[];
  readonly pacers: Pacer[];
  readonly flow: Flow;
};

export class PacingDesk {
  private readonly state: SharedState;
  private readonly days: PacingDays;
  private pacers = new Map<string, Pacer>();
  private lineItems: readonly PacedLineItem[] = [];
  /** Line items with a pacer of their own, by campaign. */
  private readonly own = new Map<number, number[]>();
  private dueMs = Number.NEGATIVE_INFINITY;
  private lastMs = Number.POSITIVE_INFINITY;

  constructor(state: SharedState, shape: TrafficShape) {
    this.state = state;
    this.days = new PacingDays(shape);
  }

  /** A new plan; budgets that it still has keep what they have learnt. */
  adopt(
    plan: BudgetPlan,
    levels: readonly Levels[],
    accountsOf: readonly (readonly Account[])[],
  ): void {
    const before = this.pacers;
    this.pacers = new Map();
    const [money, impressions] = accountsOf.map(
      (accounts) => new Map(accounts.map((account) => [account.lineItem, account])),
    );
    const lineItems: PacedLineItem[] = [];
    this.own.clear();
    const keep = (
      kind: LevelKind,
      id: number,
      span: PacedSpan,
      members: readonly number[],
    ): Pacer | null => {
      const both = levels.map((one) => one.of(kind, id)) as [Level, Level];
      if (both.every(({ total, daily }) => total === null && daily === null)) return null;
      const key = `${kind}:${id}`;
      const pacer = before.get(key) ?? new Pacer(both);
      pacer.adopt(span, members);
      this.pacers.set(key, pacer);
      return pacer;
    };
    for (const campaign of plan.campaigns) {
      const mode = campaign.pacing ?? "asap";
      const week = unionOf(campaign);
      const members = campaign.lineItems.map(({ lineItem }) => lineItem);
      const span = { ...spanOf(campaign), mode, week };
      const whole = keep(LevelKind.CAMPAIGN, campaign.campaign, span, members);
      const own: number[] = [];
      this.own.set(campaign.campaign, own);
      for (const budget of campaign.lineItems) {
        const { lineItem, pacing = mode, week: hours = null } = budget;
        const ownSpan = { ...span, mode: pacing, week: hours };
        const hasOwn = budget.limits !== undefined;
        const single = hasOwn ? keep(LevelKind.LINE_ITEM, lineItem, ownSpan, [lineItem]) : null;
        if (single !== null) own.push(lineItem);
        const accounts = [money?.get(lineItem), impressions?.get(lineItem)];
        lineItems.push({
          accounts: accounts.filter((account) => account !== undefined),
          pacers: [whole, single].filter((pacer) => pacer !== null),
          flow: { wanted: 0, held: 0, bids: 0 },
        });
      }
    }
    this.lineItems = lineItems;
    this.dueMs = Number.NEGATIVE_INFINITY;
  }

  /** At every top-up; works once a second. */
  step(nowMs: number, monotonicMs: number): void {
    if (monotonicMs < this.dueMs && this.dueMs - monotonicMs <= everyMs) return;
    this.dueMs = monotonicMs + everyMs;
    const elapsedSec = Math.max(0, monotonicMs - this.lastMs) / 1000;
    this.lastMs = monotonicMs;
    for (const pacer of this.pacers.values()) pacer.begin();
    for (const { accounts, pacers, flow } of this.lineItems) {
      const [first] = accounts;
      if (first === undefined || pacers.length === 0) continue;
      readFlow(this.state.flows, first.place, flow);
      const allowances = accounts.map(({ place }) => this.state.allowances[place]!);
      for (const pacer of pacers) pacer.gather(flow, allowances);
    }
    for (const pacer of this.pacers.values()) {
      pacer.decide(this.days, nowMs, elapsedSec);
    }
    for (const { accounts, pacers } of this.lineItems) this.tell(accounts, pacers);
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
    for (const lineItems of this.own.values()) {
      for (const lineItem of lineItems) {
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
      lineItems: (this.own.get(campaign) ?? []).map((lineItem) => ({
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
