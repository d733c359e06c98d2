import { assert } from "../base/assert.js";
import { hasBit, setBit } from "../base/bitset.js";
import { headerBytes } from "./format.js";

/**
 * The parts of an index that lie person by person, header included, as a message between threads:
 * shared buffers and plain numbers.
 */
export type PeopleShare = {
  /** Ordinals 1..rowCount - 1 may be filled. */
  readonly rowCount: number;
  /** 2^n people a part. */
  readonly peopleShift: number;
  /** By plane, then part. */
  readonly planes: readonly (readonly SharedArrayBuffer[])[];
  readonly home: readonly SharedArrayBuffer[];
  readonly people: readonly SharedArrayBuffer[];
};

const wordsOf = (parts: readonly SharedArrayBuffer[]): Uint32Array[] =>
  parts.map((part) => new Uint32Array(part, headerBytes));

/**
 * Fills rows and home areas and marks who exists; then `countOnly` leaves those who count. One
 * thread at a time: 32 people share a word.
 */
export class PeopleFill {
  private readonly rowCount: number;
  private readonly shift: number;
  private readonly mask: number;
  private readonly planes: readonly (readonly Uint32Array[])[];
  private readonly homes: readonly Uint16Array[];
  private readonly people: readonly Uint32Array[];

  constructor(share: PeopleShare) {
    this.rowCount = share.rowCount;
    this.shift = share.peopleShift;
    this.mask = (1 << share.peopleShift) - 1;
    this.planes = share.planes.map(wordsOf);
    this.homes = share.home.map((part) => new Uint16Array(part, headerBytes));
    this.people = wordsOf(share.people);
  }

  /** A person's segments: word p holds plane p. */
  setRow(ordinal: number, words: Uint32Array): void {
    assert(words.length >= this.planes.length, "a word for each plane");
    this.exist(ordinal);
    const part = ordinal >>> this.shift;
    const at = ordinal & this.mask;
    for (let p = 0; p < this.planes.length; p++) this.planes[p]![part]![at] = words[p]!;
  }

  setHomeArea(ordinal: number, area: number): void {
    assert(area >= 0 && area <= 0xffff, "a home area is a u16");
    this.exist(ordinal);
    this.homes[ordinal >>> this.shift]![ordinal & this.mask] = area;
  }

  /** Marks a person who has neither. */
  exist(ordinal: number): void {
    assert(ordinal > 0 && ordinal < this.rowCount, "an ordinal is in 1..ordinalMax");
    setBit(this.people[ordinal >>> this.shift]!, ordinal & this.mask);
  }

  /** Takes the mark from everybody who is not in a bitset over all ordinals. */
  countOnly(counting: Uint32Array): void {
    assert(this.shift >= 5, "a part begins with a whole word of the bitset");
    for (const [part, words] of this.people.entries()) {
      const first = part << (this.shift - 5);
      for (let w = 0; w < words.length; w++) words[w] = words[w]! & (counting[first + w] ?? 0);
    }
  }

  exists(ordinal: number): boolean {
    return hasBit(this.people[ordinal >>> this.shift]!, ordinal & this.mask);
  }
}
