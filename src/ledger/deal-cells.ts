import { tokenLifeSec } from "../base/limits.js";

type Start = readonly [boot: number, timeMs: number];

/**
 * Which deal a context cell stands for, by boot and cell, for as long as a bill may name it: a
 * token's life after its boot has ended, which is when the next one starts. The time is the
 * journal's own, as in open-money.ts, so that every reading forgets at the same record.
 */
export class DealCells {
  private readonly boots = new Map<number, Map<number, string>>();
  /** Of the boots that are not forgotten, rising. */
  private starts: Start[] = [];
  private newestMs = 0;

  set(boot: number, cell: number, deal: string): void {
    let cells = this.boots.get(boot);
    if (cells === undefined) {
      cells = new Map();
      this.boots.set(boot, cells);
    }
    cells.set(cell, deal);
  }

  of(boot: number, cell: number): string | undefined {
    return this.boots.get(boot)?.get(cell);
  }

  /** Bids of the boot before may carry times up to the newest one, where the clock went back. */
  noteBoot(boot: number, timeMs: number): void {
    this.starts.push([boot, Math.max(timeMs, this.newestMs)]);
  }

  /** Time went on. */
  at(timeMs: number): void {
    if (timeMs <= this.newestMs) return;
    this.newestMs = timeMs;
    let over = 0;
    while (over + 1 < this.starts.length && isOver(this.starts[over + 1]!, timeMs)) {
      this.boots.delete(this.starts[over]![0]);
      over++;
    }
    if (over > 0) this.starts = this.starts.slice(over);
  }

  store() {
    const cells = [...this.boots].flatMap(([boot, deals]) =>
      [...deals].map(([cell, deal]) => [boot, cell, deal] as const),
    );
    return { cells, starts: this.starts, newestMs: this.newestMs };
  }

  restore({ cells, starts, newestMs }: ReturnType<DealCells["store"]>): void {
    for (const [boot, cell, deal] of cells) this.set(boot, cell, deal);
    this.starts = [...starts];
    this.newestMs = newestMs;
  }
}

const isOver = ([, endMs]: Start, nowMs: number): boolean => endMs + tokenLifeSec * 1000 < nowMs;
