import { BootEnds } from "./boot-ends.js";

/** What one boot was granted for one line item and may still be billed for. */
type Pot = {
  readonly boot: number;
  readonly lineItem: number;
  readonly campaign: number;
  open: bigint;
};
export type StoredPot = readonly [boot: number, lineItem: number, campaign: number, open: string];

/**
 * Granted, not billed and not returned, by boot and line item. What a boot that ended had open is
 * released once no bid of it can be billed in time; the time is the journal's own (the newest
 * moment that a record named), so that every reading releases at the same record.
 */
export class OpenMoney {
  private readonly pots = new Map<string, Pot>();
  private readonly ends = new BootEnds();
  private newestMs = 0;

  grant(boot: number, lineItem: number, campaign: number, nanos: bigint): void {
    const key = `${boot}:${lineItem}`;
    const pot = this.pots.get(key);
    if (pot === undefined) this.pots.set(key, { boot, lineItem, campaign, open: nanos });
    else pot.open += nanos;
  }

  /** Takes up to `nanos` out; gives what was there. */
  take(boot: number, lineItem: number, nanos: bigint): bigint {
    const pot = this.pots.get(`${boot}:${lineItem}`);
    if (pot === undefined || pot.open <= 0n) return 0n;
    const taken = pot.open < nanos ? pot.open : nanos;
    pot.open -= taken;
    return taken;
  }

  noteBoot(boot: number, timeMs: number): void {
    this.ends.noteBoot(boot, timeMs);
  }

  noteLease(boot: number, untilSec: number): void {
    this.ends.noteLease(boot, untilSec);
  }

  /** Time went on: hands what is over to `release`. */
  at(timeMs: number, release: (lineItem: number, campaign: number, nanos: bigint) => void): void {
    if (timeMs <= this.newestMs) return;
    this.newestMs = timeMs;
    const over = this.ends.takeOver(timeMs);
    if (over.size === 0) return;
    for (const [key, { boot, lineItem, campaign, open }] of this.pots) {
      if (!over.has(boot)) continue;
      if (open > 0n) release(lineItem, campaign, open);
      this.pots.delete(key);
    }
  }

  /** Open by line item, what no record released yet but is over at `nowMs` left out. */
  byLineItem(nowMs: number): ReadonlyMap<number, bigint> {
    const over = this.ends.over(nowMs);
    const sums = new Map<number, bigint>();
    for (const { boot, lineItem, open } of this.pots.values()) {
      if (!over.has(boot)) sums.set(lineItem, (sums.get(lineItem) ?? 0n) + open);
    }
    return sums;
  }

  store() {
    const pots = [...this.pots.values()]
      .sort((a, b) => a.boot - b.boot || a.lineItem - b.lineItem)
      .map((pot): StoredPot => [pot.boot, pot.lineItem, pot.campaign, String(pot.open)]);
    return { pots, ends: this.ends.store(), newestMs: this.newestMs };
  }

  restore({ pots, ends, newestMs }: ReturnType<OpenMoney["store"]>): void {
    for (const [boot, lineItem, campaign, open] of pots) {
      this.grant(boot, lineItem, campaign, BigInt(open));
    }
    this.ends.restore(ends);
    this.newestMs = newestMs;
  }
}
