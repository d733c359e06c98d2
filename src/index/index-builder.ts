import { assert } from "../base/assert.js";
import { countBits } from "../base/bitset.js";
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
import {
  Insert,
  InsertTally,
  insertBlock,
  insertBlockMax,
  insertOrdinal,
} from "./identifier-table.js";
import { PeopleFill, type PeopleShare } from "./people-fill.js";

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
  /** Ordinals that count towards a crowd minimum. */
  readonly peopleCount: number;
  /** ordinalMax + 1: row 0 is nobody's. */
  readonly rowCount: number;
  readonly table: readonly SharedArrayBuffer[];
  /** By plane, then part. */
  readonly planes: readonly (readonly SharedArrayBuffer[])[];
  readonly home: readonly SharedArrayBuffer[];
  readonly people: readonly SharedArrayBuffer[];
  /** With its header; absent = nobody was merged. */
  readonly merges?: SharedArrayBuffer;
};

/**
 * Builds an index in one pass: `add`, `setRow`, `setHomeArea` in any order, then `finish`. The same
 * calls in the same order give the same bytes. Nothing is kept by person but the bytes of the
 * format. A large index is built by two threads: one calls `addBlock`, the other fills what
 * `peopleShare` gives it; then the bytes depend on the order within each of the two alone.
 */
export class IndexBuilder {
  /** How the inserts ended, and what they moved. */
  readonly tally = new InsertTally();
  private readonly counts: BuilderCounts;
  private readonly shifts: PartShifts;
  private readonly lineCount: number;
  private readonly rowCount: number;
  private readonly tableParts: readonly SharedArrayBuffer[];
  private readonly lines: readonly Uint32Array[];
  private readonly share: PeopleShare;
  private readonly people: PeopleFill;
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
    this.lines = this.tableParts.map((part) => new Uint32Array(part, headerBytes));
    this.share = {
      ...{ rowCount: this.rowCount, peopleShift: this.shifts.people },
      planes: Array.from({ length: planeCount }, () => this.allocate(PartKind.PLANE)),
      ...{ home: this.allocate(PartKind.HOME), people: this.allocate(PartKind.PEOPLE) },
    };
    this.people = new PeopleFill(this.share);
  }

  /**
   * Adds an identifier's hash for a person. COLLISION: another person's identifier answers to the
   * same key, and this one stays unknown. A table that is FULL is spoilt, so that ends here.
   */
  add(hashLo: number, hashHi: number, ordinal: Ordinal): Insert {
    this.checkOrdinal(ordinal);
    const { lines, lineCount, shifts, tally } = this;
    const how = insertOrdinal(lines, shifts.lines, lineCount, hashLo, hashHi, ordinal, tally);
    this.checkRoom();
    this.people.exist(ordinal);
    return how;
  }

  /**
   * Adds up to `insertBlockMax` identifiers, faster than one by one: lo and hi halves side by side
   * in `hashes`, whose they are in `ordinals`. Marks nobody as existing, so that another thread may
   * fill the people meanwhile: it marks everyone whom it gives a row, a home area or `exist`.
   * `tally` says how the inserts ended.
   */
  addBlock(hashes: Uint32Array, ordinals: Uint32Array, count: number): void {
    assert(count <= insertBlockMax, "a block is at most insertBlockMax identifiers");
    assert(
      hashes.length >= 2 * count && ordinals.length >= count,
      "a hash and an ordinal for each",
    );
    for (let i = 0; i < count; i++) this.checkOrdinal(ordinals[i]!);
    const { lines, lineCount, shifts, tally } = this;
    insertBlock(lines, shifts.lines, lineCount, hashes, ordinals, count, tally);
    this.checkRoom();
  }

  /** A person's segments: word p holds plane p. */
  setRow(ordinal: Ordinal, words: Uint32Array): void {
    this.checkOrdinal(ordinal);
    this.people.setRow(ordinal, words);
  }

  setHomeArea(ordinal: Ordinal, area: number): void {
    this.checkOrdinal(ordinal);
    this.people.setHomeArea(ordinal, area);
  }

  /**
   * Who of those added counts towards a crowd minimum, as a bitset by ordinal: the last call before
   * `finish`. Without it everybody does.
   */
  countOnly(counting: Uint32Array): void {
    assert(!this.finished, "the builder has finished");
    this.people.countOnly(counting);
  }

  exists(ordinal: Ordinal): boolean {
    return this.people.exists(ordinal);
  }

  /**
   * Rows, home areas and who exists, for `PeopleFill` in another thread. Until that has ended, call
   * nothing but `addBlock` here.
   */
  peopleShare(): PeopleShare {
    return this.share;
  }

  /** The image; the builder cannot be used afterwards. */
  finish(): IndexImage {
    assert(!this.finished, "finish() was called before");
    this.finished = true;
    const { shifts, lineCount, rowCount, share } = this;
    this.stamp(PartKind.TABLE, 0, this.tableParts);
    for (const [p, parts] of share.planes.entries()) this.stamp(PartKind.PLANE, p, parts);
    this.stamp(PartKind.HOME, 0, share.home);
    this.stamp(PartKind.PEOPLE, 0, share.people);
    const bits = share.people.map((part) => new Uint32Array(part, headerBytes));
    return {
      epoch: this.counts.epoch,
      ...{ shifts, lineCount, rowCount, identifierCount: this.identifierCount },
      planeCount: this.counts.planeCount,
      peopleCount: bits.reduce((sum, words) => sum + countBits(words), 0),
      table: this.tableParts,
      ...{ planes: share.planes, home: share.home, people: share.people },
    };
  }

  private get identifierCount(): number {
    return this.tally.outcomes[Insert.ADDED]!;
  }

  private checkRoom(): void {
    const roomy = this.tally.outcomes[Insert.FULL] === 0;
    assert(roomy, `identifier table full: ${this.identifierCount} identifiers`);
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
