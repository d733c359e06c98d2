import { LearntTable, learntTableBytes } from "./learnt-table.js";

/** Bids are counted by slices of so many seconds, modulo so many slices. */
export const bidSliceSec = 2;
export const bidSliceCount = 4;

export const bidCountsBytes = (entries: number): number => learntTableBytes(entries, bidSliceCount);

/**
 * How often one worker bid: by campaign, exchange and the slice of the bid's second, so that a bid
 * counts for the very slice that its win counts for, however late the money thread looks. Counts
 * are modulo 2^32, slices modulo 4: a reader looks at least every 5 s.
 */
export class BidCounts {
  readonly table: LearntTable;

  constructor(buffer: SharedArrayBuffer) {
    this.table = new LearntTable(buffer, bidSliceCount);
  }

  /** The worker's: one bid more. A pair without room is counted in `missed`. */
  add(campaign: number, exchange: number, sec: number): void {
    this.table.add(campaign, exchange, 1, Math.floor(sec / bidSliceSec) % bidSliceCount);
  }

  /** How many bids found no room. */
  missed(): number {
    return this.table.refused();
  }

  /** Whether all bids of the pair are known. */
  isWhole(campaign: number, exchange: number): boolean {
    return this.table.refused() === 0 || this.table.find(campaign, exchange) >= 0;
  }
}

/** One reader of the counts of all workers. */
export class BidReader {
  private readonly counts: readonly BidCounts[];
  /** By worker, beside each word of its table: what was seen of it. */
  private readonly seen: readonly Uint32Array[];

  constructor(counts: readonly BidCounts[]) {
    this.counts = counts;
    this.seen = counts.map(({ table }) => new Uint32Array(table.words.length));
  }

  /** Bids since the last call, by their slice modulo `bidSliceCount`. */
  since(visit: (campaign: number, exchange: number, slice: number, bids: number) => void): void {
    for (const [worker, { table }] of this.counts.entries()) {
      const { words } = table;
      const seen = this.seen[worker]!;
      table.each((campaign, exchange, word) => {
        for (let slice = 0; slice < bidSliceCount; slice++) {
          const bids = Atomics.load(words, word + slice);
          const more = (bids - seen[word + slice]!) >>> 0;
          if (more === 0) continue;
          seen[word + slice] = bids;
          visit(campaign, exchange, slice, more);
        }
      });
    }
  }
}
