import { assert } from "../base/assert.js";
import { countBits, hasBit, setBit } from "../base/bitset.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import {
  fullParts,
  headerBytes,
  itemsInPart,
  lineCountFor,
  PartKind,
  type PartShifts,
  partCount,
  payloadBytes,
  planesMax,
  writeHeader,
} from "./format.js";
import { Insert, insertOrdinal } from "./identifier-table.js";

/** Counts are bounds: memory is taken once, for exactly that many. */
export type BuilderCounts = {
  readonly epoch: Epoch;
  readonly identifierCountMax: number;
  /** Ordinals 1..ordinalMax may be used. */
  readonly ordinalMax: number;
  readonly planeCount: number;
  /** Smaller parts than `fullParts`, for tests that cross a part's end with few people. */
  readonly shifts?: PartShifts;
};

/** A finished index as the parts of a snapshot, header included: what the files will hold. */
export type IndexImage = {
  readonly epoch: Epoch;
  readonly shifts: PartShifts;
  readonly lineCount: number;
  readonly planeCount: number;
  readonly identifierCount: number;
  /** Ordinals that exist, nobody not counted. */
  readonly peopleCount: number;
  /** ordinalMax + 1: row 0 is nobody's. */
  readonly rowCount: number;
  readonly table: readonly SharedArrayBuffer[];
  /** By plane, then part. */
  readonly planes: readonly (readonly SharedArrayBuffer[])[];
  readonly home: readonly SharedArrayBuffer[];
  readonly people: readonly SharedArrayBuffer[];
};

const wordsOf = (parts: readonly SharedArrayBuffer[]): Uint32Array[] =>
  parts.map((part) => new Uint32Array(part, headerBytes));

/**
 * Builds an index in one pass: `add`, `setRow`, `setHomeArea` in any order, then `finish`. The same
 * calls in the same order give the same bytes. Nothing is kept by person but the bytes of the
 * format.
 */
export class IndexBuilder {
  private readonly counts: BuilderCounts;
  private readonly shifts: PartShifts;
  private readonly lineCount: number;
  private readonly rowCount: number;
  private readonly tableParts: readonly SharedArrayBuffer[];
  private readonly planeParts: readonly (readonly SharedArrayBuffer[])[];
  private readonly homeParts: readonly SharedArrayBuffer[];
  private readonly peopleParts: readonly SharedArrayBuffer[];
  private readonly lines: readonly Uint32Array[];
  private readonly planes: readonly (readonly Uint32Array[])[];
  private readonly homes: readonly Uint16Array[];
  private readonly people: readonly Uint32Array[];
  private identifierCount = 0;
  private finished = false;

  constructor(counts: BuilderCounts) {
    const { planeCount, ordinalMax } = counts;
    assert(planeCount >= 0 && planeCount <= planesMax, `at most ${planesMax} planes`);
    assert(ordinalMax >= 0 && ordinalMax < 2 ** 31, "ordinals end at 2^31 - 1");
    this.counts = counts;
    this.shifts = counts.shifts ?? fullParts;
    this.lineCount = lineCountFor(counts.identifierCountMax);
    this.rowCount = ordinalMax + 1;
    this.tableParts = this.allocate(PartKind.TABLE);
    this.planeParts = Array.from({ length: planeCount }, () => this.allocate(PartKind.PLANE));
    this.homeParts = this.allocate(PartKind.HOME);
    this.peopleParts = this.allocate(PartKind.PEOPLE);
    this.lines = wordsOf(this.tableParts);
    this.planes = this.planeParts.map(wordsOf);
    this.homes = this.homeParts.map((part) => new Uint16Array(part, headerBytes));
    this.people = wordsOf(this.peopleParts);
  }

  /**
   * Adds an identifier's hash for a person. COLLISION: another person's identifier answers to the
   * same key, and this one stays unknown. A table that is FULL is spoilt, so that ends here.
   */
  add(hashLo: number, hashHi: number, ordinal: Ordinal): Insert {
    this.checkOrdinal(ordinal);
    const { lines, lineCount } = this;
    const how = insertOrdinal(lines, this.shifts.lines, lineCount, hashLo, hashHi, ordinal);
    assert(how !== Insert.FULL, `identifier table full: ${this.identifierCount} identifiers`);
    if (how === Insert.ADDED) this.identifierCount++;
    this.exist(ordinal);
    return how;
  }

  /** A person's segments: word p holds plane p. */
  setRow(ordinal: Ordinal, words: Uint32Array): void {
    this.checkOrdinal(ordinal);
    assert(words.length >= this.planes.length, "a word for each plane");
    const part = ordinal >>> this.shifts.people;
    const at = ordinal & ((1 << this.shifts.people) - 1);
    for (let p = 0; p < this.planes.length; p++) this.planes[p]![part]![at] = words[p]!;
    this.exist(ordinal);
  }

  setHomeArea(ordinal: Ordinal, area: number): void {
    this.checkOrdinal(ordinal);
    assert(area >= 0 && area <= 0xffff, "a home area is a u16");
    this.homes[ordinal >>> this.shifts.people]![ordinal & ((1 << this.shifts.people) - 1)] = area;
    this.exist(ordinal);
  }

  exists(ordinal: Ordinal): boolean {
    const part = this.people[ordinal >>> this.shifts.people]!;
    return hasBit(part, ordinal & ((1 << this.shifts.people) - 1));
  }

  /** The image; the builder cannot be used afterwards. */
  finish(): IndexImage {
    assert(!this.finished, "finish() was called before");
    this.finished = true;
    const { shifts, lineCount, rowCount, identifierCount } = this;
    this.stamp(PartKind.TABLE, 0, this.tableParts);
    for (const [p, parts] of this.planeParts.entries()) this.stamp(PartKind.PLANE, p, parts);
    this.stamp(PartKind.HOME, 0, this.homeParts);
    this.stamp(PartKind.PEOPLE, 0, this.peopleParts);
    return {
      epoch: this.counts.epoch,
      ...{ shifts, lineCount, rowCount, identifierCount },
      planeCount: this.counts.planeCount,
      peopleCount: this.people.reduce((sum, words) => sum + countBits(words), 0),
      table: this.tableParts,
      planes: this.planeParts,
      home: this.homeParts,
      people: this.peopleParts,
    };
  }

  private exist(ordinal: number): void {
    const part = this.people[ordinal >>> this.shifts.people]!;
    setBit(part, ordinal & ((1 << this.shifts.people) - 1));
  }

  private checkOrdinal(ordinal: number): void {
    assert(!this.finished, "the builder has finished");
    assert(ordinal > 0 && ordinal < this.rowCount, `ordinal ${ordinal} is not in 1..ordinalMax`);
  }

  private itemsOf(kind: PartKind): { readonly count: number; readonly shift: number } {
    return kind === PartKind.TABLE
      ? { count: this.lineCount, shift: this.shifts.lines }
      : { count: this.rowCount, shift: this.shifts.people };
  }

  private allocate(kind: PartKind): SharedArrayBuffer[] {
    const { count, shift } = this.itemsOf(kind);
    return Array.from({ length: partCount(count, shift) }, (_, part) => {
      const items = itemsInPart(count, shift, part);
      return new SharedArrayBuffer(headerBytes + payloadBytes(kind, items));
    });
  }

  private stamp(kind: PartKind, plane: number, parts: readonly SharedArrayBuffer[]): void {
    const { count, shift } = this.itemsOf(kind);
    for (const [part, buffer] of parts.entries()) {
      writeHeader(buffer, {
        ...{ kind, part, plane, epoch: this.counts.epoch, itemsInAll: count },
        firstItem: part * 2 ** shift,
        itemCount: itemsInPart(count, shift, part),
      });
    }
  }
}
