import { assert } from "../base/assert.js";
import { mix32 } from "../base/hash.js";
import type { RingWriter } from "../base/ring.js";
import { CountField, countBytes, countsPerRecord, RecordKind } from "../journal/record.js";

/**
 * What a worker was asked and answered since its last flush: one hour's counts by context cell and
 * line item. Line item 0 holds the requests of a cell and those of them that got no bid; the others
 * hold bids. A flush moves everything into the ring to the money thread as COUNT records; what a
 * full ring does not take stays for the next flush. No person enters: a cell says where, never to
 * whom.
 *
 *     place   | cell | line item | asked | declined |   4 u32, free where asked is 0
 */
const placeWords = 4;
const lineItemWord = 1;
const askedWord = 2;
const declinedWord = 3;

/** Counts between two flushes; more flush early. 256 KiB a worker. */
export const countsMax = 8192;

export class CountTable {
  readonly countsMax: number;
  readonly mask: number;
  readonly places: Uint32Array;
  /** Word offsets of the places in use, in the order of their first use. */
  readonly used: Uint32Array;
  /** What a flush could not place, while the table is made anew. */
  readonly kept: Uint32Array;
  count = 0;
  /** Hours since 1970 UTC of everything in the table. */
  hour = 0;
  /** Counts that found neither a place in the table nor one in the ring. */
  lost = 0;

  constructor(max = countsMax) {
    assert((max & (max - 1)) === 0, "counts are a power of two");
    this.countsMax = max;
    this.mask = 2 * max - 1;
    this.places = new Uint32Array(2 * max * placeWords);
    this.used = new Uint32Array(max);
    this.kept = new Uint32Array(max * placeWords);
  }
}

/**
 * Adds to a count. A table that is full, or holds another hour, is flushed first; while the ring
 * takes nothing, an hour's counts go on under the hour before it, and new places are lost.
 */
export function addCount(
  table: CountTable,
  ring: RingWriter,
  hour: number,
  cell: number,
  lineItem: number,
  declined: number,
): void {
  if (hour !== table.hour && flushCounts(table, ring)) table.hour = hour;
  if (increase(table, cell, lineItem, 1, declined)) return;
  flushCounts(table, ring);
  if (!increase(table, cell, lineItem, 1, declined)) table.lost++;
}

/** False where a new place is needed and there is none. */
function increase(
  table: CountTable,
  cell: number,
  lineItem: number,
  asked: number,
  declined: number,
): boolean {
  const { places } = table;
  let at = (mix32(cell, lineItem) & table.mask) * placeWords;
  while (places[at + askedWord] !== 0) {
    if (places[at] === cell && places[at + lineItemWord] === lineItem) {
      places[at + askedWord] = places[at + askedWord]! + asked;
      places[at + declinedWord] = places[at + declinedWord]! + declined;
      return true;
    }
    at = (at + placeWords) & (places.length - 1);
  }
  if (table.count === table.countsMax) return false;
  table.used[table.count++] = at;
  places[at] = cell;
  places[at + lineItemWord] = lineItem;
  places[at + askedWord] = asked;
  places[at + declinedWord] = declined;
  return true;
}

/** Moves the counts into the ring, seven a record; true when the table is empty afterwards. */
export function flushCounts(table: CountTable, ring: RingWriter): boolean {
  let left = table.count;
  while (left > 0) {
    const at = ring.claim();
    if (at < 0) break;
    const taken = Math.min(countsPerRecord, left);
    writeCounts(table, ring, at, left - taken, taken);
    // Nobody waits for a count: it is drained with the next notice or top-up.
    ring.publish(false);
    left -= taken;
  }
  if (left !== table.count) keepFirst(table, left);
  return left === 0;
}

function writeCounts(
  table: CountTable,
  ring: RingWriter,
  at: number,
  from: number,
  taken: number,
): void {
  const { view } = ring;
  view.setUint8(at + CountField.recordKind, RecordKind.COUNT);
  view.setUint8(at + CountField.counts, taken);
  view.setUint32(at + CountField.hour, table.hour, true);
  for (let i = 0; i < taken; i++) {
    const place = table.used[from + i]!;
    const to = at + CountField.first + i * countBytes;
    view.setUint32(to + CountField.cell, table.places[place]!, true);
    view.setUint32(to + CountField.lineItem, table.places[place + lineItemWord]!, true);
    view.setUint32(to + CountField.asked, table.places[place + askedWord]!, true);
    view.setUint32(to + CountField.declined, table.places[place + declinedWord]!, true);
  }
}

/** Empties the table but for its first `left` places, which find new ones. */
function keepFirst(table: CountTable, left: number): void {
  const { places, kept, used, count } = table;
  for (let i = 0; i < left; i++) {
    const place = used[i]!;
    for (let word = 0; word < placeWords; word++) {
      kept[i * placeWords + word] = places[place + word]!;
    }
  }
  for (let i = 0; i < count; i++) places[used[i]! + askedWord] = 0;
  table.count = 0;
  for (let i = 0; i < left; i++) {
    const at = i * placeWords;
    const [cell, lineItem] = [kept[at]!, kept[at + lineItemWord]!];
    increase(table, cell, lineItem, kept[at + askedWord]!, kept[at + declinedWord]!);
  }
}
