import type { Entry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { BootEnds } from "./boot-ends.js";
import { type AmountUnit, Unit } from "./budget-plan.js";
import { TrafficShape } from "./traffic-shape.js";

/**
 * What the journal says of spending before and besides this boot: the fold that budgets start from,
 * by line item, in money and in impressions. What a boot had granted and not returned may still be
 * billed until its last bid expires (boot-ends.ts), so it counts as spent until then; after that
 * only what was billed counts.
 */

/** Charges are kept by quarter of an hour, which every zone's midnight begins with. */
export const slotMs = 900_000;
const slotsKept = (50 * 3_600_000) / slotMs;

/** What one earlier boot still has outside for one line item. */
type Pot = { granted: bigint; returned: bigint; charged: bigint };

/** One line item in one unit. */
export class SpendHistory {
  /** Bills of earlier boots whose reservations have all expired. */
  private chargedClosed = 0n;
  private readonly pots = new Map<number, Pot>();
  private readonly slots = new Map<number, bigint>();
  private newestSlot = 0;

  grant(boot: number, amount: bigint): void {
    this.potOf(boot).granted += amount;
  }

  return(boot: number, amount: bigint): void {
    this.potOf(boot).returned += amount;
  }

  private potOf(boot: number): Pot {
    let pot = this.pots.get(boot);
    if (pot === undefined) {
      pot = { granted: 0n, returned: 0n, charged: 0n };
      this.pots.set(boot, pot);
    }
    return pot;
  }

  /** A bill of an earlier boot. */
  chargeEarlier(boot: number, amount: bigint): void {
    const pot = this.pots.get(boot);
    if (pot === undefined) this.chargedClosed += amount;
    else pot.charged += amount;
  }

  /** Any bill, by the time at which its notice came. */
  noteCharge(amount: bigint, receivedMs: number): void {
    const slot = Math.floor(receivedMs / slotMs);
    this.slots.set(slot, (this.slots.get(slot) ?? 0n) + amount);
    if (slot <= this.newestSlot) return;
    this.newestSlot = slot;
    for (const old of this.slots.keys()) if (old < slot - slotsKept) this.slots.delete(old);
  }

  /** Adds the bills of each quarter of an hour that `take` wants, by its first second. */
  eachSlot(take: (sec: number, amount: bigint) => void): void {
    for (const [slot, amount] of this.slots) take((slot * slotMs) / 1000, amount);
  }

  /** Closes boots whose last bid has expired. */
  closePots(closed: ReadonlySet<number>): void {
    for (const boot of closed) {
      const pot = this.pots.get(boot);
      if (pot === undefined) continue;
      this.chargedClosed += pot.charged;
      this.pots.delete(boot);
    }
  }

  /** Spent by earlier boots, what they may still be billed for included. */
  consumed(): bigint {
    let sum = this.chargedClosed;
    for (const { granted, returned, charged } of this.pots.values()) {
      sum += charged;
      const open = granted - returned - charged;
      if (open > 0n) sum += open;
    }
    return sum;
  }

  /** What earlier boots may still be billed for. */
  outstanding(): bigint {
    let sum = 0n;
    for (const { granted, returned, charged } of this.pots.values()) {
      const open = granted - returned;
      if (open > charged) sum += open - charged;
    }
    return sum;
  }
}

/** Ids of the levels above a line item; 0 = not known. */
export type Owners = {
  readonly campaign: number;
  readonly advertiser: number;
  readonly currency: number;
};
type Known = { campaign: number; advertiser: number; currency: number; spends: SpendHistory[] };
const nobody: Owners = { campaign: 0, advertiser: 0, currency: 0 };

export class BudgetHistory {
  readonly traffic = new TrafficShape();
  /** Rises with every change that `consumed` or `outstanding` may show. */
  version = 0;
  private readonly lineItems = new Map<number, Known>();
  private readonly ends = new BootEnds();

  of(lineItem: number, unit: AmountUnit): SpendHistory {
    return this.known(lineItem).spends[unit]!;
  }

  private known(lineItem: number): Known {
    let known = this.lineItems.get(lineItem);
    if (known === undefined) {
      const spends = [new SpendHistory(), new SpendHistory()];
      known = { campaign: 0, advertiser: 0, currency: 0, spends };
      this.lineItems.set(lineItem, known);
    }
    return known;
  }

  /** Zeros leave what is known. */
  noteLineItem(lineItem: number, campaign: number, advertiser = 0, currency = 0): void {
    const known = this.known(lineItem);
    known.campaign = campaign;
    if (advertiser !== 0) known.advertiser = advertiser;
    if (currency !== 0) known.currency = currency;
  }

  /** Where a line item belongs; zeros for what is not known. */
  ownersOf(lineItem: number): Owners {
    return this.lineItems.get(lineItem) ?? nobody;
  }

  /** Line items that ever had money. */
  lineItemIds(): Iterable<number> {
    return this.lineItems.keys();
  }

  /** One stored record of an earlier boot (all but those of the running one). */
  replay(entry: Entry): void {
    if (entry.kind === RecordKind.BOOT) {
      this.noteBoot(entry.boot, entry.timeMs);
    } else if (entry.kind === RecordKind.LEASE) {
      this.ends.noteLease(entry.boot, entry.untilSec);
    } else if (entry.kind === RecordKind.GRANT || entry.kind === RecordKind.RETURN) {
      this.noteLineItem(entry.lineItem, entry.campaign);
      const amounts = [BigInt(entry.nanos), BigInt(entry.impressions ?? 0)];
      const { spends } = this.known(entry.lineItem);
      for (const [unit, amount] of amounts.entries()) {
        if (amount === 0n) continue;
        if (entry.kind === RecordKind.GRANT) spends[unit]!.grant(entry.boot, amount);
        else spends[unit]!.return(entry.boot, amount);
      }
    } else if (entry.kind === RecordKind.COUNT) {
      this.traffic.note(entry);
    } else if (entry.kind === RecordKind.TERMS) {
      const { lineItem, campaign, advertiser, currency } = entry;
      this.noteLineItem(lineItem, campaign, advertiser, currency);
    } else if (entry.kind === RecordKind.NOTICE && isBill(entry.effect)) {
      const nanos = BigInt(entry.chargedNanos);
      this.chargeEarlier(entry.boot, entry.lineItem, nanos, entry.receivedMs);
    }
  }

  /** A bill of an earlier boot: money, and one impression. */
  chargeEarlier(boot: number, lineItem: number, nanos: bigint, receivedMs: number): void {
    const { spends } = this.known(lineItem);
    for (const [unit, amount] of [nanos, 1n].entries()) {
      spends[unit]!.chargeEarlier(boot, amount);
      spends[unit]!.noteCharge(amount, receivedMs);
    }
    this.version++;
  }

  noteBoot(boot: number, timeMs: number): void {
    this.ends.noteBoot(boot, timeMs);
    this.closeEnded(timeMs);
  }

  /** Closes what can no longer be billed in time at that moment. */
  closeEnded(nowMs: number): void {
    const closed = this.ends.takeOver(nowMs);
    if (closed.size === 0) return;
    this.version++;
    for (const { spends } of this.lineItems.values()) {
      for (const spend of spends) spend.closePots(closed);
    }
  }
}

/** Whether a notice with this effect was billed: one impression, whatever it cost. */
export const isBill = (effect: number): boolean =>
  effect === NoticeEffect.BILLED ||
  effect === NoticeEffect.LATE ||
  effect === NoticeEffect.EARLIER_BOOT;

export const units: readonly AmountUnit[] = [Unit.MONEY, Unit.IMPRESSIONS];
