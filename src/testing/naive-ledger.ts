import { NoticeKind } from "../base/lists.js";
import type { NoticeEntry } from "../journal/entry.js";

/**
 * THE ORACLE: the money by its words alone, in BigInt, over plain lists. It shares no code with the
 * product but the names of notices. It is told of bids when they are made and of notices in the
 * order in which the journal took them.
 */
export type NaiveBid = {
  /** "worker:boot:counter" */
  readonly token: string;
  readonly boot: number;
  readonly campaign: number;
  readonly lineItem: number;
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

export class NaiveLedger {
  readonly charges = new Map<string, Charge>();
  /** By campaign: all bills, those of reservations that had ended, and those of a boot's bids. */
  readonly spent = new Map<number, bigint>();
  readonly late = new Map<number, bigint>();
  private readonly spentOf = new Map<string, bigint>();
  private readonly days = new Map<string, bigint>();
  /**
   * Of each day: late bills, and those of bids of another day, made when a clock had shown this day
   * or a later one before: it went back over a midnight, and the day is entered again.
   */
  private readonly excusedDays = new Map<string, bigint>();
  private readonly seen = new Set<string>();
  private readonly dayOf: (ms: number) => number;

  /** `dayOf`: the local day of a moment, in the zone of the campaigns. */
  constructor(dayOf: (ms: number) => number) {
    this.dayOf = dayOf;
  }

  /** False: seen before, or past its life. */
  take({ bid, kind, clearing, receivedMs }: NaiveNotice): boolean {
    const { token, campaign } = bid;
    const latestSec = bid.latestSec();
    if (bid.lifeEndSec < latestSec) return false;
    if (this.seen.has(`${token} ${kind}`)) return false;
    this.seen.add(`${token} ${kind}`);
    if (kind !== NoticeKind.BILL || this.charges.has(token)) return true;
    const nanos = costOf(bid, clearing);
    const late = latestSec > bid.expirySec || this.seen.has(`${token} ${NoticeKind.LOSS}`);
    this.charges.set(token, { nanos, late });
    add(this.spent, campaign, nanos);
    add(this.spentOf, `${bid.boot} ${bid.lineItem}`, nanos);
    add(this.days, `${campaign} ${this.dayOf(receivedMs)}`, nanos);
    if (late) {
      add(this.late, campaign, nanos);
    }
    const day = this.dayOf(receivedMs);
    const reentered = day !== this.dayOf(bid.madeMs) && this.dayOf(bid.shownMs) >= day;
    if (late || reentered) {
      add(this.excusedDays, `${campaign} ${this.dayOf(receivedMs)}`, nanos);
    }
    return true;
  }

  hasSeen = (token: string, kind: number): boolean => this.seen.has(`${token} ${kind}`);

  get notices(): number {
    return this.seen.size;
  }

  chargedIn = (boot: number, lineItem: number): bigint =>
    this.spentOf.get(`${boot} ${lineItem}`) ?? 0n;

  onDay = (campaign: number, ms: number): { readonly spent: bigint; readonly excused: bigint } => {
    const key = `${campaign} ${this.dayOf(ms)}`;
    return { spent: this.days.get(key) ?? 0n, excused: this.excusedDays.get(key) ?? 0n };
  };

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

function add<K>(sums: Map<K, bigint>, key: K, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}
