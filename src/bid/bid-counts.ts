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

/** A worker's entries as one reader knows them. */
type Seen = {
  /** Beside each word of the table: what was seen of it. */
  readonly words: Uint32Array;
  /** Entries of the table when they were listed. */
  used: number;
  /** In threes: campaign, exchange, word of the first count. */
  entries: number[];
};

/**
 * One reader of the counts of all workers. Entries are listed anew when there are more of them: a
 * walk over a table that is nearly empty took 4 ms of every second.
 */
export class BidReader {
  private readonly counts: readonly BidCounts[];
  /** By worker. */
  private readonly seen: readonly Seen[];

  constructor(counts: readonly BidCounts[]) {
    this.counts = counts;
    this.seen = counts.map(({ table }) => ({
      ...{ words: new Uint32Array(table.words.length), used: 0, entries: [] },
    }));
  }

  /** Bids since the last call, by their slice modulo `bidSliceCount`. */
  since(visit: (campaign: number, exchange: number, slice: number, bids: number) => void): void {
    for (const [worker, { table }] of this.counts.entries()) {
      const { words } = table;
      const seen = this.seen[worker]!;
      list(table, seen);
      const { entries } = seen;
      for (let i = 0; i < entries.length; i += 3) {
        const word = entries[i + 2]!;
        for (let slice = 0; slice < bidSliceCount; slice++) {
          const bids = Atomics.load(words, word + slice);
          const more = (bids - seen.words[word + slice]!) >>> 0;
          if (more === 0) continue;
          seen.words[word + slice] = bids;
          visit(entries[i]!, entries[i + 1]!, slice, more);
        }
      }
    }
  }
}

/** An entry that comes while the table is walked has raised `used` by the next call. */
function list(table: LearntTable, seen: Seen): void {
  const used = table.used();
  if (used === seen.used) return;
  seen.used = used;
  seen.entries = [];
  table.each((campaign, exchange, word) => seen.entries.push(campaign, exchange, word));
}
