/** No reservation lives longer: a token's expiry is 16 bits after its time (wire/token-format). */
export const reservationSecMax = 65_535;

type Boot = {
  readonly boot: number;
  /** No bid of it expires later; 0 = the journal does not say. */
  untilSec: number;
  /** From then on no bid of it can be billed in time; 0 = it runs. */
  overMs: number;
};
export type StoredBoot = readonly [boot: number, untilSec: number, overMs: number];

/**
 * Until when what a boot had granted may still be billed in time: until the newest of its leases is
 * over by the clock. A boot of before there were leases ended when the next one started, and the
 * longest life of a reservation goes on from there.
 */
export class BootEnds {
  private boots: Boot[] = [];
  /** The first moment at which one of them is over. */
  private nextMs = Number.POSITIVE_INFINITY;

  noteBoot(boot: number, timeMs: number): void {
    const last = this.boots.at(-1);
    if (last !== undefined) {
      const { untilSec } = last;
      last.overMs = untilSec > 0 ? (untilSec + 1) * 1000 : timeMs + reservationSecMax * 1000 + 1;
      this.nextMs = Math.min(this.nextMs, last.overMs);
    }
    this.boots.push({ boot, untilSec: 0, overMs: 0 });
  }

  /** Of the newest boot. */
  noteLease(boot: number, untilSec: number): void {
    const last = this.boots.at(-1);
    if (last?.boot === boot) last.untilSec = Math.max(last.untilSec, untilSec);
  }

  /** Boots that are over. */
  over(nowMs: number): ReadonlySet<number> {
    if (nowMs < this.nextMs) return none;
    return new Set(this.boots.filter((one) => isOver(one, nowMs)).map(({ boot }) => boot));
  }

  /** The same; they are forgotten. */
  takeOver(nowMs: number): ReadonlySet<number> {
    const over = this.over(nowMs);
    if (over.size === 0) return over;
    this.restore(this.store().filter(([boot]) => !over.has(boot)));
    return over;
  }

  store(): StoredBoot[] {
    return this.boots.map(({ boot, untilSec, overMs }): StoredBoot => [boot, untilSec, overMs]);
  }

  restore(stored: readonly StoredBoot[]): void {
    this.boots = stored.map(([boot, untilSec, overMs]) => ({ boot, untilSec, overMs }));
    const ends = this.boots.map(({ overMs }) => overMs).filter((ms) => ms > 0);
    this.nextMs = Math.min(Number.POSITIVE_INFINITY, ...ends);
  }
}

const none: ReadonlySet<number> = new Set();
const isOver = ({ overMs }: Boot, nowMs: number): boolean => overMs > 0 && overMs <= nowMs;
