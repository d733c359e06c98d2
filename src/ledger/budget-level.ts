import type { Transition } from "../campaign/zone.js";
import type { BudgetHistory, Owners, SpendHistory } from "./budget-history.js";
import { type AmountUnit, isSameZone, localDay } from "./budget-plan.js";

/**
 * One level of the tree of budgets in one unit: all of a currency, an advertiser, a campaign, a
 * line item. `granted`, `returned` and `charged` are those of this boot, of everything below it.
 */
export class Level {
  readonly lineItems = new Set<SpendHistory>();
  private above: Level | null = null;
  total: bigint | null = null;
  daily: bigint | null = null;
  zone: readonly Transition[] = [];
  granted = 0n;
  returned = 0n;
  charged = 0n;
  chargedToday = 0n;
  /** Kept ungranted for bills that come after their reservation; of all below for those above. */
  heldBack = 0n;
  /** Billed on the next day already: the clock has gone back over midnight. */
  private chargedNext = 0n;
  /** Seconds from a bid to its bill: a moving mean. */
  delaySec = 0;
  day = Number.NaN;
  private turnedSec = Number.NaN;
  /** Line items below that take part in the plan. */
  live = 0;
  private readonly history: BudgetHistory;
  private seenVersion = -1;
  private earlierConsumed = 0n;
  private earlierOutstanding = 0n;

  constructor(history: BudgetHistory) {
    this.history = history;
  }

  /**
   * A line item whose bills, of this boot and earlier ones, count here. What was seen of others
   * stays: all of a currency would be read anew with each new line item. A bill is charged after.
   */
  addLineItem(spend: SpendHistory): void {
    if (this.lineItems.has(spend)) return;
    this.lineItems.add(spend);
    this.noteDays(spend);
    if (this.seenVersion !== this.history.version) return;
    this.earlierConsumed += spend.consumed();
    this.earlierOutstanding += spend.outstanding();
  }

  get parent(): Level | null {
    return this.above;
  }

  /** What it holds back is held back above it too. */
  set parent(parent: Level | null) {
    const { heldBack } = this;
    if (parent === this.above) return;
    this.holdBack(0n);
    this.above = parent;
    this.holdBack(heldBack);
  }

  /** Of a level without others that hold back below it. */
  holdBack(amount: bigint): void {
    const more = amount - this.heldBack;
    if (more === 0n) return;
    for (let level: Level | null = this; level !== null; level = level.above) {
      level.heldBack += more;
    }
  }

  /** The same zone again leaves what was billed today as it is counted. */
  setZone(zone: readonly Transition[]): void {
    if (isSameZone(zone, this.zone)) return;
    this.zone = zone;
    this.day = Number.NaN;
  }

  private readEarlier(): void {
    if (this.seenVersion === this.history.version) return;
    this.seenVersion = this.history.version;
    this.earlierConsumed = 0n;
    this.earlierOutstanding = 0n;
    for (const spend of this.lineItems) {
      this.earlierConsumed += spend.consumed();
      this.earlierOutstanding += spend.outstanding();
    }
  }

  /** Spent so far in all: bills, and what earlier boots may still be billed for. */
  spent(): bigint {
    this.readEarlier();
    return this.earlierConsumed + this.charged;
  }

  /** What can still be billed. */
  outstanding(): bigint {
    this.readEarlier();
    return this.granted - this.returned - this.charged + this.earlierOutstanding;
  }

  /** What may still be granted here; below zero after a cut or a late bill; null = no limit. */
  left(): bigint | null {
    if (this.total === null && this.daily === null) return null;
    this.readEarlier();
    const inUse = this.granted - this.returned;
    let left: bigint | null = null;
    if (this.total !== null) left = this.total - this.earlierConsumed - inUse;
    if (this.daily !== null) {
      // What is outstanding may be billed on the next day: it must fit there too.
      let charged = this.chargedToday;
      if (this.chargedNext > charged) charged = this.chargedNext;
      const today = this.daily - charged - (inUse - this.charged);
      const leftToday = today - this.earlierOutstanding;
      if (left === null || leftToday < left) left = leftToday;
    }
    return left === null ? null : left - this.heldBack;
  }

  /** A bill, in this boot's grants (`own`) or an earlier one's. */
  charge(amount: bigint, receivedMs: number, own: boolean, delaySec = 0): void {
    if (own) {
      this.charged += amount;
      this.delaySec += (delaySec - this.delaySec) / 64;
    }
    this.noteDay(localDay(this.zone, Math.floor(receivedMs / 1000)), amount);
  }

  private noteDay(day: number, amount: bigint): void {
    if (day === this.day) this.chargedToday += amount;
    else if (day === this.day + 1) this.chargedNext += amount;
  }

  /** True when a new local day has begun since the last call. Days begin with a second. */
  turnDay(nowMs: number): boolean {
    const sec = Math.floor(nowMs / 1000);
    if (sec === this.turnedSec && !Number.isNaN(this.day)) return false;
    this.turnedSec = sec;
    const day = localDay(this.zone, sec);
    if (day === this.day) return false;
    this.day = day;
    this.chargedToday = 0n;
    this.chargedNext = 0n;
    for (const spend of this.lineItems) this.noteDays(spend);
    return true;
  }

  private noteDays(spend: SpendHistory): void {
    if (Number.isNaN(this.day)) return;
    spend.eachSlot((sec, amount) => this.noteDay(localDay(this.zone, sec), amount));
  }
}

export const LevelKind = { LINE_ITEM: 0, CAMPAIGN: 1, ADVERTISER: 2, ALL: 3 } as const;
export type LevelKind = (typeof LevelKind)[keyof typeof LevelKind];

/** The levels of one unit by kind and id (of ALL: the currency). */
export class Levels {
  readonly unit: AmountUnit;
  private readonly history: BudgetHistory;
  /** Levels above line items so far. */
  madeAbove = 0;
  private readonly byKind = Array.from({ length: 4 }, () => new Map<number, Level>());

  constructor(history: BudgetHistory, unit: AmountUnit) {
    this.history = history;
    this.unit = unit;
  }

  find(kind: LevelKind, id: number): Level | null {
    return this.byKind[kind]!.get(id) ?? null;
  }

  of(kind: LevelKind, id: number): Level {
    const levels = this.byKind[kind]!;
    let level = levels.get(id);
    if (level === undefined) {
      level = new Level(this.history);
      levels.set(id, level);
      if (kind !== LevelKind.LINE_ITEM) this.madeAbove++;
    }
    return level;
  }

  every(kind: LevelKind): Iterable<Level> {
    return this.byKind[kind]!.values();
  }

  *all(): Iterable<Level> {
    for (const levels of this.byKind) yield* levels.values();
  }

  /** The levels that a line item's bills count at, its own first where it has one. */
  *above(lineItem: number, owners: Owners): Iterable<Level> {
    const ids = [lineItem, owners.campaign, owners.advertiser, owners.currency];
    for (const [kind, id] of ids.entries()) {
      const level = id === 0 ? undefined : this.byKind[kind]!.get(id);
      if (level !== undefined) yield level;
    }
  }
}
