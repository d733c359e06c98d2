import type { Entry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";

/**
 * What the journal says of money before and besides this boot: the fold that budgets start from.
 * What a boot had granted and not returned may still be billed until its last token expires, so it
 * counts as spent until then; after that only what was billed counts.
 */

/** No reservation lives longer: a token's expiry is 16 bits after its time (wire/token-format). */
export const reservationSecMax = 65_535;

/** Charges are kept by quarter of an hour, which every zone's midnight begins with. */
const slotMs = 900_000;
const slotsKept = (50 * 3_600_000) / slotMs;

/** What one earlier boot still has outside for one line item. */
type Pot = {
  readonly boot: number;
  granted: bigint;
  returned: bigint;
  charged: bigint;
};

export class CampaignHistory {
  /** Bills of earlier boots whose reservations have all expired. */
  private chargedClosed = 0n;
  private readonly pots = new Map<string, Pot>();
  private readonly slots = new Map<number, bigint>();
  private newestSlot = 0;
  /** Sums over the pots; computed anew after a change. */
  private sums: { readonly consumed: bigint; readonly outstanding: bigint } | null = null;

  grant(boot: number, lineItem: number, nanos: bigint): void {
    this.potOf(boot, lineItem).granted += nanos;
  }

  return(boot: number, lineItem: number, nanos: bigint): void {
    this.potOf(boot, lineItem).returned += nanos;
  }

  private potOf(boot: number, lineItem: number): Pot {
    const key = `${boot}:${lineItem}`;
    let pot = this.pots.get(key);
    if (pot === undefined) {
      pot = { boot, granted: 0n, returned: 0n, charged: 0n };
      this.pots.set(key, pot);
    }
    this.sums = null;
    return pot;
  }

  /** A bill of an earlier boot. */
  chargeEarlier(boot: number, lineItem: number, nanos: bigint): void {
    const pot = this.pots.get(`${boot}:${lineItem}`);
    if (pot === undefined) this.chargedClosed += nanos;
    else pot.charged += nanos;
    this.sums = null;
  }

  /** Any bill, by the time at which its notice came. */
  noteCharge(nanos: bigint, receivedMs: number): void {
    const slot = Math.floor(receivedMs / slotMs);
    this.slots.set(slot, (this.slots.get(slot) ?? 0n) + nanos);
    if (slot <= this.newestSlot) return;
    this.newestSlot = slot;
    for (const old of this.slots.keys()) if (old < slot - slotsKept) this.slots.delete(old);
  }

  /** Bills whose notice came on the day for which `onDay` holds. */
  chargedOn(onDay: (sec: number) => boolean): bigint {
    let sum = 0n;
    for (const [slot, nanos] of this.slots) if (onDay((slot * slotMs) / 1000)) sum += nanos;
    return sum;
  }

  /** Closes the boots that ended more than a reservation's life ago. */
  closePots(closed: ReadonlySet<number>): void {
    for (const [key, pot] of this.pots) {
      if (!closed.has(pot.boot)) continue;
      this.chargedClosed += pot.charged;
      this.pots.delete(key);
    }
    this.sums = null;
  }

  /** Spent by earlier boots, what they may still be billed for included. */
  consumed(): bigint {
    return this.chargedClosed + this.sumPots().consumed;
  }

  /** What earlier boots may still be billed for. */
  outstanding(): bigint {
    return this.sumPots().outstanding;
  }

  private sumPots(): { readonly consumed: bigint; readonly outstanding: bigint } {
    if (this.sums !== null) return this.sums;
    let consumed = 0n;
    let outstanding = 0n;
    for (const pot of this.pots.values()) {
      const open = pot.granted - pot.returned;
      consumed += pot.charged;
      if (open <= pot.charged) continue;
      consumed += open - pot.charged;
      outstanding += open - pot.charged;
    }
    this.sums = { consumed, outstanding };
    return this.sums;
  }
}

export class BudgetHistory {
  private readonly campaigns = new Map<number, CampaignHistory>();
  private readonly campaignByLineItem = new Map<number, number>();
  /** Start of each boot, ms; a boot has ended when the next one starts. */
  private readonly bootStarts: { readonly boot: number; readonly timeMs: number }[] = [];

  of(campaign: number): CampaignHistory {
    let history = this.campaigns.get(campaign);
    if (history === undefined) {
      history = new CampaignHistory();
      this.campaigns.set(campaign, history);
    }
    return history;
  }

  /** The campaign that a line item was granted money from; 0 = none ever. */
  campaignOf(lineItem: number): number {
    return this.campaignByLineItem.get(lineItem) ?? 0;
  }

  noteLineItem(lineItem: number, campaign: number): void {
    this.campaignByLineItem.set(lineItem, campaign);
  }

  /** One stored record of an earlier boot (all but those of the running one). */
  replay(entry: Entry): void {
    if (entry.kind === RecordKind.BOOT) {
      this.noteBoot(entry.boot, entry.timeMs);
    } else if (entry.kind === RecordKind.GRANT) {
      this.noteLineItem(entry.lineItem, entry.campaign);
      this.of(entry.campaign).grant(entry.boot, entry.lineItem, BigInt(entry.nanos));
    } else if (entry.kind === RecordKind.RETURN) {
      this.of(entry.campaign).return(entry.boot, entry.lineItem, BigInt(entry.nanos));
    } else if (entry.kind === RecordKind.NOTICE && entry.chargedNanos > 0) {
      const history = this.of(this.campaignOf(entry.lineItem));
      const nanos = BigInt(entry.chargedNanos);
      history.chargeEarlier(entry.boot, entry.lineItem, nanos);
      history.noteCharge(nanos, entry.receivedMs);
    }
  }

  noteBoot(boot: number, timeMs: number): void {
    this.bootStarts.push({ boot, timeMs });
    this.closeEnded(timeMs);
  }

  /** Closes what can no longer be billed in time at that moment. */
  closeEnded(nowMs: number): void {
    const closed = new Set<number>();
    for (let i = 0; i + 1 < this.bootStarts.length; i++) {
      const endMs = this.bootStarts[i + 1]!.timeMs;
      if (endMs + reservationSecMax * 1000 < nowMs) closed.add(this.bootStarts[i]!.boot);
    }
    if (closed.size === 0) return;
    for (const campaign of this.campaigns.values()) campaign.closePots(closed);
    const open = this.bootStarts.filter(({ boot }) => !closed.has(boot));
    this.bootStarts.splice(0, this.bootStarts.length, ...open);
  }
}
