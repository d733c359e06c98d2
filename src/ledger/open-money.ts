import { reservationSecMax } from "./budget-history.js";

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
 * released once no reservation of it can be alive; the time is the journal's own (the newest moment
 * that a record named), so that every reading releases at the same record.
 */
export class OpenMoney {
  private readonly pots = new Map<string, Pot>();
  /** Start of each boot that is not released, ms; a boot has ended when the next one starts. */
  private starts: (readonly [boot: number, timeMs: number])[] = [];
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
    this.starts.push([boot, timeMs]);
  }

  /** Time went on: hands what is over to `release`. */
  at(timeMs: number, release: (lineItem: number, campaign: number, nanos: bigint) => void): void {
    if (timeMs <= this.newestMs) return;
    this.newestMs = timeMs;
    const second = this.starts[1];
    if (second === undefined || second[1] + reservationSecMax * 1000 >= timeMs) return;
    const over = new Set<number>();
    for (let i = 0; i + 1 < this.starts.length; i++) {
      if (this.starts[i + 1]![1] + reservationSecMax * 1000 < timeMs) over.add(this.starts[i]![0]);
    }
    this.starts = this.starts.filter(([boot]) => !over.has(boot));
    for (const [key, { boot, lineItem, campaign, open }] of this.pots) {
      if (!over.has(boot)) continue;
      if (open > 0n) release(lineItem, campaign, open);
      this.pots.delete(key);
    }
  }

  /** Open by line item, what no record released yet but is over at `nowMs` left out. */
  byLineItem(nowMs: number): ReadonlyMap<number, bigint> {
    const over = new Set<number>();
    for (let i = 0; i + 1 < this.starts.length; i++) {
      if (this.starts[i + 1]![1] + reservationSecMax * 1000 < nowMs) over.add(this.starts[i]![0]);
    }
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
    return { pots, starts: this.starts, newestMs: this.newestMs };
  }

  restore({ pots, starts, newestMs }: ReturnType<OpenMoney["store"]>): void {
    for (const [boot, lineItem, campaign, open] of pots) {
      this.grant(boot, lineItem, campaign, BigInt(open));
    }
    this.starts = [...starts];
    this.newestMs = newestMs;
  }
}
