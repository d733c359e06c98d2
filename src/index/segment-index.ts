import { assert } from "../base/assert.js";
import { SharedBits } from "../base/bitset.js";
import { type Epoch, NOBODY, type Ordinal } from "../base/ids.js";
import { planesResidentMax } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import { Withheld } from "../base/unprintable.js";
import { fullParts, headerBytes, headerMismatch, itemsInPart, PartKind } from "./format.js";
import { findOrdinal } from "./identifier-table.js";
import { IndexBuilder } from "./index-builder.js";
import { type IndexParts, partsOfImage } from "./index-parts.js";
import { MergedPeople } from "./merged-people.js";

/** A place of somebody, whoever it is: its content is looked at and thrown away. */
const decoyOf = (seed: number, rowCount: number): number =>
  ((seed >>> 0) * (rowCount / 2 ** 32)) >>> 0;

/**
 * -1 (all bits) where the ordinal is a person's, else 0; both below 2^31. No branch: one that
 * depends on it is guessed wrong for people and strangers unequally often.
 */
const personMask = (ordinal: number, rowCount: number): number =>
  ((ordinal - rowCount) & -ordinal) >> 31;

/**
 * WHO, read-only but for the suppression bits: from an identifier's hash to a person's ordinal,
 * from that to the row of segments. Many threads read the same memory through an instance of their
 * own.
 */
export class SegmentIndex extends Withheld {
  readonly parts: IndexParts;
  readonly epoch: Epoch;
  readonly createdMs: UnixMs;
  readonly notAfterMs: UnixMs;
  readonly dictionaryKey: number;
  readonly identifierCount: number;
  readonly peopleCount: number;
  /** Words that `rowInto` writes: 32 segments each. */
  readonly rowWords: number;
  readonly merges: MergedPeople;
  private readonly rowCount: number;
  private readonly lineCount: number;
  private readonly lineShift: number;
  private readonly peopleShift: number;
  private readonly peopleMask: number;
  private readonly rowShift: number;
  private readonly rowMask: number;
  private readonly lines: readonly Uint32Array[];
  private readonly rows: readonly Uint32Array[];
  private readonly homes: readonly Uint16Array[];
  private readonly suppressed: SharedBits;

  private constructor(parts: IndexParts) {
    super();
    this.parts = parts;
    this.epoch = parts.epoch;
    this.createdMs = parts.createdMs;
    this.notAfterMs = parts.notAfterMs;
    this.dictionaryKey = parts.dictionaryKey;
    this.identifierCount = parts.identifierCount;
    this.peopleCount = parts.peopleCount;
    this.rowWords = parts.planes.length;
    this.merges = new MergedPeople(parts.merges ?? []);
    this.rowCount = parts.rowCount;
    this.lineCount = parts.lineCount;
    this.lineShift = parts.shifts.lines;
    this.peopleShift = parts.shifts.people;
    this.peopleMask = (1 << parts.shifts.people) - 1;
    this.rowShift = parts.rowShift;
    this.rowMask = (1 << parts.rowShift) - 1;
    this.lines = parts.table.map((part) => new Uint32Array(part, headerBytes));
    this.rows = parts.rows.map((chunk) => new Uint32Array(chunk));
    this.homes = parts.home.map((part) => new Uint16Array(part, headerBytes));
    this.suppressed = new SharedBits(parts.suppressed, parts.rowCount);
  }

  /**
   * Views over the buffers, in well under a millisecond. The parts were verified when they were
   * loaded.
   */
  static from(parts: IndexParts): SegmentIndex {
    const { epoch, lineCount, rowCount, shifts } = parts;
    assert(parts.planes.length <= planesResidentMax, "too many resident planes");
    assert(rowCount < 2 ** 31, "an ordinal has 31 bits");
    assert(parts.rows.length > 0, "an index has rows, nobody's at least");
    for (const [part, buffer] of parts.table.entries()) {
      const itemCount = itemsInPart(lineCount, shifts.lines, part);
      const firstItem = part * 2 ** shifts.lines;
      const shape = { part, firstItem, itemCount, plane: 0, epoch, itemsInAll: lineCount };
      const wrong = headerMismatch(buffer, { kind: PartKind.TABLE, ...shape });
      assert(wrong === "", `identifier table: ${wrong}`);
    }
    for (const [part, buffer] of parts.home.entries()) {
      const itemCount = itemsInPart(rowCount, shifts.people, part);
      const firstItem = part * 2 ** shifts.people;
      const shape = { part, firstItem, itemCount, plane: 0, epoch, itemsInAll: rowCount };
      const wrong = headerMismatch(buffer, { kind: PartKind.HOME, ...shape });
      assert(wrong === "", `home areas: ${wrong}`);
    }
    return new SegmentIndex(parts);
  }

  /** Epoch 0, which is built in: no people, no segments, the same work a look-up. */
  static empty(): SegmentIndex {
    const counts = { identifierCountMax: 0, ordinalMax: 0, planeCount: 0, shifts: fullParts };
    const image = new IndexBuilder({ epoch: 0 as Epoch, ...counts }).finish();
    const never = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
    return SegmentIndex.from(partsOfImage(image, [], never));
  }

  /** The person of an identifier's hash; NOBODY when unknown or suppressed. */
  ordinalOf(hashLo: number, hashHi: number): Ordinal {
    const { rowCount } = this;
    const found = findOrdinal(this.lines, this.lineShift, this.lineCount, hashLo, hashHi);
    const isKnown = personMask(found, rowCount);
    // A stranger's bit is looked at where chance puts it: that of nobody would always be at hand.
    const place = (found & isKnown) | (decoyOf(hashLo, rowCount) & ~isKnown);
    return (found & isKnown & (this.suppressed.bitAt(place) - 1)) as Ordinal;
  }

  /**
   * Copies the person's resident planes to `out` and returns how many; all zero for NOBODY, at the
   * same cost: the row of a decoy is read, which `seed` draws. (m: with nobody's own row, always at
   * hand, the time of a 204 told known people from strangers with an AUC of 0.55.)
   */
  rowInto(ordinal: Ordinal, out: Uint32Array, seed = 0): number {
    const { rowWords, rowCount } = this;
    const keep = personMask(ordinal, rowCount);
    const row = (ordinal & keep) | (decoyOf(seed, rowCount) & ~keep);
    const words = this.rows[row >>> this.rowShift]!;
    const at = (row & this.rowMask) * rowWords;
    for (let i = 0; i < rowWords; i++) out[i] = words[at + i]! & keep;
    return rowWords;
  }

  /** The home area's number, 0 when unknown. */
  homeAreaOf(ordinal: Ordinal): number {
    if (ordinal >= this.rowCount) return 0;
    return this.homes[ordinal >>> this.peopleShift]![ordinal & this.peopleMask]!;
  }

  /**
   * Makes the person unknown for every thread at once; true when they were not before. Nobody stays
   * nobody.
   */
  suppress(ordinal: Ordinal): boolean {
    return ordinal !== NOBODY && this.suppressed.set(ordinal);
  }

  isSuppressed(ordinal: Ordinal): boolean {
    return this.suppressed.has(ordinal);
  }

  suppressedCount(): number {
    return this.suppressed.count();
  }
}
