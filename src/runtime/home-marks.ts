import { bitWords } from "../base/bitset.js";

/** Turns home areas into a bitset a set of areas, block by block. */
export class HomeMarks {
  private readonly homes: Uint16Array;
  /** By area number: 1 = in the set. */
  private readonly wanted: readonly Uint8Array[];
  private readonly bits: readonly Uint32Array[];

  /** `homes` of people in order; `sets` hold area numbers, so that 0, unknown, is in none. */
  constructor(homes: Uint16Array, sets: readonly (readonly number[])[], blockPeopleMax: number) {
    this.homes = homes;
    this.wanted = sets.map((numbers) => {
      const wanted = new Uint8Array(2 ** 16);
      for (const number of numbers) wanted[number] = 1;
      return wanted;
    });
    this.bits = sets.map(() => new Uint32Array(bitWords(blockPeopleMax)));
  }

  /** By set: bit i = the person `first + i` is at home there. Good until the next call. */
  of(first: number, people: number): readonly Uint32Array[] {
    for (const [s, bits] of this.bits.entries()) {
      markInto(this.homes, first, people, this.wanted[s]!, bits);
    }
    return this.bits;
  }
}

function markInto(
  homes: Uint16Array,
  first: number,
  people: number,
  wanted: Uint8Array,
  out: Uint32Array,
): void {
  for (let from = 0, word = 0; from < people; from += 32, word++) {
    const until = Math.min(32, people - from);
    let bits = 0;
    for (let i = 0; i < until; i++) bits |= wanted[homes[first + from + i]!]! << i;
    out[word] = bits;
  }
}
