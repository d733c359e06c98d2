import type { LineSum } from "../../ledger/line-sums.js";

const rowsAtFirst = 1024;

type Columns = {
  readonly slot: Uint32Array;
  readonly id: Uint32Array;
  readonly bids: Uint32Array;
  readonly wins: Uint32Array;
  readonly billed: Uint32Array;
  readonly impressions: Uint32Array;
  readonly clicks: Uint32Array;
  /** Nanos: whole numbers below 2^53, since a slot is short. */
  readonly media: Float64Array;
  readonly gross: Float64Array;
};

const columnsFor = (rows: number): Columns => ({
  ...{ slot: new Uint32Array(rows), id: new Uint32Array(rows), bids: new Uint32Array(rows) },
  ...{ wins: new Uint32Array(rows), billed: new Uint32Array(rows) },
  ...{ impressions: new Uint32Array(rows), clicks: new Uint32Array(rows) },
  ...{ media: new Float64Array(rows), gross: new Float64Array(rows) },
});

const columnNames = Object.keys(columnsFor(0)) as readonly (keyof Columns)[];

/**
 * Sums by time slot and id, as columns: 44 bytes for each line item in each slot in which it had
 * anything. Slots older than `slotsKept` go; where more rows come than `rowsMax`, the oldest slots
 * go earlier. A slot's newest rows are found by id, older ones may be several, which are added up.
 */
export class SumRows {
  readonly slotMinutes: number;
  private readonly slotsKept: number;
  private readonly rowsMax: number;
  private columns = columnsFor(rowsAtFirst);
  private count = 0;
  private newestSlot = 0;
  private readonly newest = new Map<number, number>();

  constructor(slotMinutes: number, slotsKept: number, rowsMax: number) {
    this.slotMinutes = slotMinutes;
    this.slotsKept = slotsKept;
    this.rowsMax = rowsMax;
  }

  get rows(): number {
    return this.count;
  }

  add(minute: number, id: number, sums: LineSum): void {
    const slot = Math.floor(minute / this.slotMinutes);
    if (slot + this.slotsKept <= this.newestSlot) return;
    if (slot > this.newestSlot) {
      this.newestSlot = slot;
      this.newest.clear();
    }
    const known = slot === this.newestSlot ? this.newest.get(id) : undefined;
    const at = known ?? this.rowFor(slot, id);
    const { bids, wins, billed, impressions, clicks, media, gross } = this.columns;
    bids[at]! += sums.bids;
    wins[at]! += sums.wins;
    billed[at]! += sums.billed;
    impressions[at]! += sums.impressions;
    clicks[at]! += sums.clicks;
    media[at]! += sums.media;
    gross[at]! += sums.gross;
  }

  private rowFor(slot: number, id: number): number {
    if (this.count === this.columns.slot.length) this.makeRoom();
    const at = this.count++;
    this.columns.slot[at] = slot;
    this.columns.id[at] = id;
    if (slot === this.newestSlot) this.newest.set(id, at);
    return at;
  }

  /** Leaves out what is too old; grows where that is not enough, or keeps less. */
  private makeRoom(): void {
    const { count } = this;
    this.keepFrom(this.newestSlot - this.slotsKept + 1);
    if (this.count <= (count * 3) / 4) return;
    const { columns } = this;
    if (columns.slot.length < this.rowsMax) {
      this.columns = columnsFor(Math.min(this.rowsMax, 2 * columns.slot.length));
      for (const name of columnNames) this.columns[name].set(columns[name]);
      return;
    }
    const slots = columns.slot.slice(0, this.count).sort();
    this.keepFrom(Math.min(this.newestSlot, slots[Math.floor(this.count / 4)]! + 1));
  }

  private keepFrom(fromSlot: number): void {
    const { columns, count } = this;
    const places = new Uint32Array(count);
    let kept = 0;
    for (let at = 0; at < count; at++) if (columns.slot[at]! >= fromSlot) places[kept++] = at;
    for (const name of columnNames) {
      const column = columns[name];
      for (let at = 0; at < kept; at++) column[at] = column[places[at]!]!;
      column.fill(0, kept, count);
    }
    this.count = kept;
    this.newest.clear();
    for (let at = 0; at < kept; at++) {
      if (columns.slot[at] === this.newestSlot) this.newest.set(columns.id[at]!, at);
    }
  }

  /** Every row of the slots that begin at this minute or later; the next call overwrites it. */
  each(fromMinute: number, take: (minute: number, id: number, row: LineSum) => void): void {
    const from = Math.ceil(fromMinute / this.slotMinutes);
    const { slot, id, bids, wins, billed, impressions, clicks, media, gross } = this.columns;
    const row: LineSum = {
      ...{ bids: 0, wins: 0, billed: 0, impressions: 0, clicks: 0, media: 0, gross: 0 },
    };
    for (let at = 0; at < this.count; at++) {
      if (slot[at]! < from) continue;
      row.bids = bids[at]!;
      row.wins = wins[at]!;
      row.billed = billed[at]!;
      row.impressions = impressions[at]!;
      row.clicks = clicks[at]!;
      row.media = media[at]!;
      row.gross = gross[at]!;
      take(slot[at]! * this.slotMinutes, id[at]!, row);
    }
  }
}
