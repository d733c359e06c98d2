import { NoticeKind } from "../base/lists.js";
import type { NoticeEntry } from "../journal/entry.js";
import { NoticeEffect } from "../journal/record.js";

/**
 * THE ORACLE: the money by its words alone, in BigInt, over plain lists. It shares no code with the
 * product but the names of notices and effects. It is told of bids when they are made and of
 * notices in the order in which the journal took them.
 */
export type NaiveBid = {
  /** "worker:boot:counter" */
  readonly token: string;
  readonly boot: number;
  readonly lineItem: number;
  /** Keys of the levels of budgets that its bill counts at. */
  readonly levels: readonly string[];
  /** Nanos held, and the price in micros that they were held at. */
  readonly reserved: bigint;
  readonly price: bigint;
  readonly madeMs: number;
  /** The latest time that a clock had shown by then. */
  readonly shownMs: number;
  readonly expirySec: number;
  /** After this second its notices change nothing. */
  readonly lifeEndSec: number;
  /** The latest second that a clock has shown since the bid was made. */
  readonly latestSec: () => number;
};

/** `clearing` below zero = unknown. */
export type NaiveNotice = {
  readonly bid: NaiveBid;
  readonly kind: number;
  readonly clearing: number;
  readonly receivedMs: number;
};

type Charge = { readonly nanos: bigint; readonly late: boolean };
/** Nanos, and impressions. */
type Pair = [bigint, bigint];
type Day = { readonly spent: Pair; readonly excused: Pair };

/** The bills at one level of budgets. */
export class NaiveLevel {
  readonly key: string;
  /** The level's local day at a moment. */
  readonly dayOf: (ms: number) => number;
  /** All bills, and those of reservations that had ended. */
  readonly spent: Pair = [0n, 0n];
  readonly late: Pair = [0n, 0n];
  private readonly days = new Map<number, Day>();

  constructor(key: string, dayOf: (ms: number) => number) {
    this.key = key;
    this.dayOf = dayOf;
  }

  /**
   * Bills of a day; excused are late ones, and those of bids of another day, made when a clock had
   * shown this day or a later one before: it went back over a midnight, and the day is entered
   * again.
   */
  onDay(ms: number): Day {
    const day = this.dayOf(ms);
    let sums = this.days.get(day);
    if (sums === undefined) {
      sums = { spent: [0n, 0n], excused: [0n, 0n] };
      this.days.set(day, sums);
    }
    return sums;
  }

  charge({ bid, receivedMs }: NaiveNotice, amounts: Pair, late: boolean): void {
    const day = this.dayOf(receivedMs);
    const reentered = day !== this.dayOf(bid.madeMs) && this.dayOf(bid.shownMs) >= day;
    const sums = this.onDay(receivedMs);
    addTo(this.spent, amounts);
    addTo(sums.spent, amounts);
    if (late) addTo(this.late, amounts);
    if (late || reentered) addTo(sums.excused, amounts);
  }
}

export class NaiveLedger {
  readonly charges = new Map<string, Charge>();
  /** By boot and line item. */
  private readonly spentOf = new Map<string, Pair>();
  private readonly seen = new Set<string>();
  private readonly levels: ReadonlyMap<string, NaiveLevel>;

  constructor(levels: readonly NaiveLevel[]) {
    this.levels = new Map(levels.map((level) => [level.key, level]));
  }

  /** False: seen before, or past its life. */
  take(notice: NaiveNotice): boolean {
    const { bid, kind, clearing } = notice;
    const { token } = bid;
    const latestSec = bid.latestSec();
    if (bid.lifeEndSec < latestSec) return false;
    if (this.seen.has(`${token} ${kind}`)) return false;
    this.seen.add(`${token} ${kind}`);
    if (kind !== NoticeKind.BILL || this.charges.has(token)) return true;
    const nanos = costOf(bid, clearing);
    const late = latestSec > bid.expirySec || this.seen.has(`${token} ${NoticeKind.LOSS}`);
    this.charges.set(token, { nanos, late });
    addTo(this.pairOf(bid.boot, bid.lineItem), [nanos, 1n]);
    for (const key of bid.levels) this.levels.get(key)?.charge(notice, [nanos, 1n], late);
    return true;
  }

  private pairOf(boot: number, lineItem: number): Pair {
    const key = `${boot} ${lineItem}`;
    let pair = this.spentOf.get(key);
    if (pair === undefined) {
      pair = [0n, 0n];
      this.spentOf.set(key, pair);
    }
    return pair;
  }

  get notices(): number {
    return this.seen.size;
  }

  /** Bills of a boot's bids: nanos, and impressions. */
  chargedIn = (boot: number, lineItem: number): readonly [bigint, bigint] =>
    this.pairOf(boot, lineItem);

  /** What differs between these and the journal's notices, in words. */
  differences(stored: readonly NoticeEntry[]): string[] {
    const wrong: string[] = [];
    const noted = new Set<string>();
    const charged = new Map<string, bigint>();
    for (const entry of stored) {
      const token = `${entry.worker}:${entry.boot}:${entry.counter}`;
      const key = `${token} ${entry.noticeKind}`;
      if (noted.has(key)) wrong.push(`${key} stored twice`);
      noted.add(key);
      if (!this.seen.has(key)) wrong.push(`${key} stored and never taken`);
      if (entry.effect === NoticeEffect.LATE && !(this.charges.get(token)?.late ?? false)) {
        wrong.push(`${token} was in time and is shown as late`);
      }
      if (entry.chargedNanos === 0) continue;
      if (charged.has(token)) wrong.push(`${token} charged twice`);
      charged.set(token, BigInt(entry.chargedNanos));
    }
    for (const key of this.seen) if (!noted.has(key)) wrong.push(`${key} taken and lost`);
    for (const [token, { nanos }] of this.charges) {
      const inJournal = charged.get(token) ?? 0n;
      if (inJournal !== nanos) wrong.push(`${token} cost ${nanos}, the journal says ${inJournal}`);
    }
    for (const token of charged.keys()) {
      if (!this.charges.has(token)) wrong.push(`${token} charged for nothing`);
    }
    return wrong;
  }
}

/** The smallest whole number that is not below reserved x min(clearing, price) / price. */
function costOf({ reserved, price }: NaiveBid, clearing: number): bigint {
  if (clearing < 0) return reserved;
  const cleared = BigInt(clearing) < price ? BigInt(clearing) : price;
  let cost = (reserved * cleared) / price;
  if (cost * price < reserved * cleared) cost++;
  return cost;
}

function addTo(sums: Pair, amounts: Pair): void {
  sums[0] += amounts[0];
  sums[1] += amounts[1];
}
