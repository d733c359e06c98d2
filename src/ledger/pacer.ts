import type { Flow } from "../bid/pace.js";
import type { Level } from "./budget-level.js";
import { localDay, Unit } from "./budget-plan.js";
import { isSameSpan, type PacedSpan, type PacingDay } from "./pacing-day.js";
import type { PacingDays } from "./pacing-days.js";
import { PacingRecord } from "./pacing-record.js";

/**
 * The pace of one budget. What is left of the day, less what bids on their way will still be billed
 * (their rate x the mean delay), is to be spent over the traffic that is left of it; that rate over
 * the part of held money that is billed is what should be held a second; that over what is wanted a
 * second is the participation. Losses and expiries teach the billed part, so that a low win rate
 * only means more bids. Where the plan is outrun all the same, nothing is bid until it catches up.
 */

/** Before anything was seen: a slow start. */
const firstParticipation = 0.1;
/** Resolved bids that the learnt parts begin with, all billed: too slow rather than fast. */
const priorBids = 4;
/** Half of what was learnt is forgotten after this; the last bids so many are kept. */
const memorySec = 3600;
const memoryBids = 200;
/** Times the day's mean rate: what catching up may take at most. */
const hurryMax = 4;
/** How far the plan may be outrun: of the day's budget, and at least bids. */
const aheadPart = 0.02;
const aheadBids = 10;
/** A rate is measured over this many bids, within these seconds. */
const windowBids = 40;
const [windowSecMin, windowSecMax] = [10, 600];
/** A longer gap is a stop of the process: it says nothing of rates. */
const gapSecMax = 5;

/** One unit's part in the pace. */
class UnitPace {
  dayBudget = Number.POSITIVE_INFINITY;
  /** Resolved since it began to learn, fading: billed, and given back. */
  private billed = 0;
  private released = 0;
  private lastBilled = 0;
  private lastReleased = 0;
  planned = 0;

  /** Learns from totals since the start of the process: held, still reserved, charged. */
  learn(held: number, reserved: number, charged: number, bid: number, keepSec: number): void {
    const keep = this.billed + this.released > memoryBids * bid ? keepSec : 1;
    const released = held - reserved - charged;
    this.billed = this.billed * keep + Math.max(0, charged - this.lastBilled);
    this.released = Math.max(0, this.released * keep + released - this.lastReleased);
    this.lastBilled = charged;
    this.lastReleased = released;
  }

  /** Totals of other line items: what they say from now on is learnt, the step to them is not. */
  rebase(held: number, reserved: number, charged: number): void {
    this.lastBilled = charged;
    this.lastReleased = held - reserved - charged;
  }

  /** The part of held amounts that is billed; `bid` is the size of one. */
  billedPart(bid: number): number {
    const prior = priorBids * bid;
    const resolved = this.billed + this.released + prior;
    return resolved > 0 ? (this.billed + prior) / resolved : 1;
  }
}

export class Pacer {
  /** The share of requests to take part in, 0 to 1. */
  participation = 1;
  /** Nanos, and bids, to be held a second; Infinity = as soon as possible. */
  heldRate = Number.POSITIVE_INFINITY;
  bidsRate = Number.POSITIVE_INFINITY;
  private readonly levels: readonly [Level, Level];
  private readonly paces = [new UnitPace(), new UnitPace()] as const;
  private readonly record = new PacingRecord();
  private span: PacedSpan | null = null;
  private day: PacingDay | null = null;
  private dayHour = -1;
  // Totals over the line items, gathered each second, and those of the second before.
  private readonly sum: Flow = { wanted: 0, held: 0, bids: 0 };
  private readonly last: Flow = { wanted: 0, held: 0, bids: 0 };
  private readonly allowances: [bigint, bigint] = [0n, 0n];
  private wantedRate = 0;
  private measuredHeldRate = 0;
  /** Of what participation lets through, what is held: others are capped or find no allowance. */
  private offered = 0;
  private heldOfOffered = 0;
  private started = false;
  private members = "";
  /** Seconds of which the totals are taken for the beginning. */
  private rebasing = 0;

  constructor(levels: readonly [Level, Level]) {
    this.levels = levels;
  }

  /** `members`: ids of the line items whose flow is gathered. */
  adopt(span: PacedSpan, members: readonly number[]): void {
    // Most plans change one budget's: to make the days of 5,000 anew takes 70 ms.
    if (this.span === null || !isSameSpan(span, this.span)) this.day = null;
    this.span = span;
    const ids = members.join();
    // What one that left had in its allowance is taken back after the first.
    if (this.members !== "" && ids !== this.members) this.rebasing = 2;
    this.members = ids;
  }

  begin(): void {
    this.sum.wanted = this.sum.held = this.sum.bids = 0;
    this.allowances[0] = this.allowances[1] = 0n;
  }

  gather(flow: Flow, allowances: readonly bigint[]): void {
    this.sum.wanted += flow.wanted;
    this.sum.held += flow.held;
    this.sum.bids += flow.bids;
    for (const [unit, allowance] of allowances.entries()) {
      this.allowances[unit as Unit01] += allowance > 0n ? allowance : 0n;
    }
  }

  decide(days: PacingDays, nowMs: number, elapsedSec: number): void {
    this.measure(elapsedSec);
    const nowSec = nowMs / 1000;
    this.tellDay(days, Math.floor(nowSec));
    this.noteRecord(Math.floor(nowSec));
    if (this.span?.mode === "asap" || this.day === null) {
      this.participation = 1;
      this.heldRate = this.bidsRate = Number.POSITIVE_INFINITY;
      return;
    }
    const bid = this.sum.bids > 0 ? this.sum.held / this.sum.bids : 0;
    const money = this.rateOf(Unit.MONEY, nowSec, bid);
    const impressions = this.rateOf(Unit.IMPRESSIONS, nowSec, 1);
    this.bidsRate = bid > 0 ? Math.min(impressions, money / bid) : impressions;
    this.heldRate = bid > 0 ? this.bidsRate * bid : money;
    if (money === 0 || impressions === 0) this.participation = 0;
    else if (!this.started) this.participation = firstParticipation;
    else if (this.heldRate === Number.POSITIVE_INFINITY) this.participation = 1;
    else {
      const through = (this.heldOfOffered + bid) / (this.offered + bid) || 1;
      const wanted = this.wantedRate * Math.max(0.05, Math.min(1, through));
      this.participation = wanted > 0 ? Math.min(1, this.heldRate / wanted) : 1;
    }
  }

  /** Rates of the flow, as means over a window that holds enough bids. */
  private measure(elapsedSec: number): void {
    const { sum, last } = this;
    const wanted = sum.wanted - last.wanted;
    const held = sum.held - last.held;
    last.wanted = sum.wanted;
    last.held = sum.held;
    last.bids = sum.bids;
    if (this.rebasing > 0) {
      this.rebasing--;
      this.eachPace((pace, ...totals) => pace.rebase(...totals));
      return;
    }
    if (elapsedSec <= 0 || elapsedSec > gapSecMax) return;
    this.started ||= sum.wanted > 0;
    const bidsRate = Number.isFinite(this.bidsRate) ? this.bidsRate : 1;
    const window = Math.min(Math.max(windowBids / bidsRate, windowSecMin), windowSecMax);
    const part = elapsedSec >= window ? 1 : elapsedSec / window;
    this.wantedRate += (wanted / elapsedSec - this.wantedRate) * part;
    this.measuredHeldRate += (held / elapsedSec - this.measuredHeldRate) * part;
    const keep = 0.5 ** (elapsedSec / memorySec);
    this.offered = this.offered * keep + wanted * this.participation;
    this.heldOfOffered = this.heldOfOffered * keep + held;
    this.eachPace((pace, total, reserved, charged) => {
      pace.learn(total, reserved, charged, total / Math.max(1, sum.bids), keep);
    });
  }

  /** Each unit with its totals: held, still reserved, charged. */
  private eachPace(
    take: (pace: UnitPace, held: number, reserved: number, charged: number) => void,
  ): void {
    for (const [unit, held] of [this.sum.held, this.sum.bids].entries()) {
      const { granted, returned, charged } = this.levels[unit as Unit01];
      const reserved = Number(granted - returned - charged - this.allowances[unit as Unit01]);
      take(this.paces[unit as Unit01], held, Math.max(0, reserved), Number(charged));
    }
  }

  /** The day's plan, made anew with the day and each hour; budgets are looked at each time. */
  private tellDay(days: PacingDays, nowSec: number): void {
    if (this.span === null) return;
    const hour = Math.floor(nowSec / 3600);
    // A local day may begin within an hour, and a clock may be set back over its beginning.
    const sameDay = this.day?.day === localDay(this.span.zone, nowSec);
    if (this.day === null || hour !== this.dayHour || !sameDay) {
      this.day = days.of(this.span, nowSec);
      this.dayHour = hour;
    }
    const share = this.day.shareOfFlight;
    for (const [unit, pace] of this.paces.entries()) {
      const level = this.levels[unit as Unit01];
      let budget = level.daily === null ? Number.POSITIVE_INFINITY : Number(level.daily);
      if (level.total !== null && share > 0) {
        const before = level.spent() - level.chargedToday;
        budget = Math.min(budget, Math.max(0, Number(level.total - before) * share));
      }
      pace.dayBudget = budget;
      pace.planned = budget * this.day.plannedBy(nowSec);
    }
  }

  /** In money where there is a budget in money. */
  private noteRecord(nowSec: number): void {
    const { day, span, paces, levels } = this;
    if (day === null || span?.mode === "asap") return;
    const unit = Number.isFinite(paces[Unit.MONEY].dayBudget) ? Unit.MONEY : Unit.IMPRESSIONS;
    const { dayBudget } = paces[unit];
    if (!Number.isFinite(dayBudget)) return;
    this.record.note(
      nowSec,
      day.day,
      Number(levels[unit].chargedToday),
      (fromSec, toSec) => dayBudget * (day.plannedBy(toSec) - day.plannedBy(fromSec)),
    );
  }

  get pacingError(): number | null {
    return this.span?.mode === "asap" ? null : this.record.error();
  }

  /** Amount of a unit to be held a second; Infinity = no limit in it. */
  private rateOf(unit: Unit01, nowSec: number, bid: number): number {
    const pace = this.paces[unit];
    const day = this.day;
    if (day === null || pace.dayBudget === Number.POSITIVE_INFINITY) {
      return Number.POSITIVE_INFINITY;
    }
    const level = this.levels[unit];
    const part = pace.billedPart(bid);
    const held = unit === Unit.MONEY ? this.measuredHeldRate : this.measuredBidsRate;
    const open = Math.max(0, Number(level.outstanding() - this.allowances[unit]));
    const coming = Math.min(open, part * held * level.delaySec);
    const spent = Number(level.chargedToday) + coming;
    const slack = Math.max(aheadPart * pace.dayBudget, aheadBids * bid);
    if (spent > pace.planned + slack) return 0;
    const mean = (pace.dayBudget * day.weightAt(nowSec)) / (day.weight * 900 || 1);
    const rate = Math.max(0, pace.dayBudget - spent) * day.rateAt(nowSec);
    return Math.min(rate, hurryMax * mean) / part;
  }

  private get measuredBidsRate(): number {
    const { held, bids } = this.sum;
    return held > 0 ? (this.measuredHeldRate * bids) / held : 0;
  }

  get plannedToday(): string {
    return shown(this.paces[Unit.MONEY].planned);
  }

  get dayBudget(): string {
    return shown(this.paces[Unit.MONEY].dayBudget);
  }
}

type Unit01 = 0 | 1;
const shown = (amount: number): string =>
  Number.isFinite(amount) ? String(BigInt(Math.round(amount))) : "";
