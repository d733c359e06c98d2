import { assert } from "../base/assert.js";
import { Hash64, mix32, textKeyInto } from "../base/hash.js";
import { contextCellsMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import type { RingWriter } from "../base/ring.js";
import { CellField, RecordKind } from "../journal/record.js";

/**
 * Context cells: what reports group by (exchange, property, country, format, size, deal) as one u32
 * in the token. A worker numbers its cells itself, worker << 24 | count from 1, unique in its boot;
 * a new cell's record is in the ring before the first bid that names it. Cell 0 is "other": the
 * table is full, or the ring is.
 */
export const OTHER_CELL = 0;
/** Bytes of the property that a cell keeps. */
export const cellTextBytesMax = 88;

/** The facts of one bid; `text[textStart, textEnd)` is the domain or bundle. */
export class CellFacts {
  exchange = 0;
  /** bid/request Media */
  format = 0;
  width = 0;
  height = 0;
  country = 0;
  dealLo = 0;
  dealHi = 0;
  text: Uint8Array = new Uint8Array(0);
  textStart = 0;
  textEnd = 0;
}

const placeWords = 4;
const hiWord = 1;
const cellWord = 2;

/** One worker's cells: open addressing, at most half full, never emptied. */
export class CellTable {
  readonly worker: number;
  readonly cellsMax: number;
  readonly mask: number;
  /** By place: key lo, key hi, cell (0 = free), unused. One place is in one cache line. */
  readonly places: Uint32Array;
  count = 0;

  constructor(worker: number, cellsMax = contextCellsMax) {
    assert(worker >= 0 && worker <= 255 && cellsMax < 2 ** 24);
    assert((cellsMax & (cellsMax - 1)) === 0, "cells are a power of two");
    this.worker = worker;
    this.cellsMax = cellsMax;
    this.mask = 2 * cellsMax - 1;
    this.places = new Uint32Array(2 * cellsMax * placeWords);
  }
}

const key = new Hash64();

/**
 * The facts' cell; pushes its record when it is new. From `cellsMax` cells on no new one is made.
 */
export function internCell(
  table: CellTable,
  ring: RingWriter,
  facts: CellFacts,
  cellsMax = table.cellsMax,
): number {
  cellKeyInto(facts, key);
  const { places } = table;
  let at = (key.lo & table.mask) * placeWords;
  while (places[at + cellWord] !== 0) {
    if (places[at] === key.lo && places[at + hiWord] === key.hi) return places[at + cellWord]!;
    at = (at + placeWords) & (places.length - 1);
  }
  if (table.count >= cellsMax) return OTHER_CELL;
  const cell = ((table.worker << 24) | (table.count + 1)) >>> 0;
  if (!pushCell(ring, cell, facts)) return OTHER_CELL;
  table.count++;
  places[at] = key.lo;
  places[at + hiWord] = key.hi;
  places[at + cellWord] = cell;
  return cell;
}

function cellKeyInto(facts: CellFacts, out: Hash64): void {
  textKeyInto(facts.text, facts.textStart, facts.textEnd, KeyKind.DOMAIN, out);
  const size = ((facts.width << 16) | facts.height) >>> 0;
  out.lo = mix32(mix32(out.lo, facts.country), mix32(size, facts.dealLo));
  out.hi = mix32(mix32(out.hi, facts.exchange), mix32(facts.format, facts.dealHi) ^ out.lo);
}

function pushCell(ring: RingWriter, cell: number, facts: CellFacts): boolean {
  const at = ring.claim();
  if (at < 0) return false;
  const { view } = ring;
  const end = textCut(facts.text, facts.textStart, facts.textEnd);
  view.setUint8(at + CellField.recordKind, RecordKind.CELL);
  view.setUint8(at + CellField.textLength, end - facts.textStart);
  view.setUint32(at + CellField.cell, cell, true);
  view.setUint8(at + CellField.format, facts.format);
  view.setUint16(at + CellField.width, facts.width, true);
  view.setUint16(at + CellField.height, facts.height, true);
  view.setUint32(at + CellField.country, facts.country, true);
  view.setUint32(at + CellField.dealLo, facts.dealLo, true);
  view.setUint32(at + CellField.dealHi, facts.dealHi, true);
  view.setUint32(at + CellField.exchange, facts.exchange, true);
  for (let i = facts.textStart; i < end; i++) {
    ring.bytes[at + CellField.text + i - facts.textStart] = facts.text[i]!;
  }
  // Nobody waits for a cell: it is drained with the next notice or top-up.
  ring.publish(false);
  return true;
}

/** The end of the first 88 bytes, moved back to where a UTF-8 character begins. */
function textCut(text: Uint8Array, start: number, end: number): number {
  if (end - start <= cellTextBytesMax) return end;
  let cut = start + cellTextBytesMax;
  while (cut > start && (text[cut]! & 0xc0) === 0x80) cut--;
  return cut;
}
