import { assert } from "../base/assert.js";
import { mix32 } from "../base/hash.js";

/**
 * A table of u32 by a key of two u32 in shared memory, written by one thread and read by all
 * without locks: entries are never moved or removed, and a key becomes visible after its value.
 *
 *     words: used | 3 spare | entries of lo, hi, value; lo 0 = free
 *
 * Open addressing from mix32(lo, hi), at most half full; `put` refuses beyond.
 */
const headWords = 4;
const entryWords = 3;
const hiWord = 1;
const valueWord = 2;

export const learntTableBytes = (entries: number): number => 4 * (headWords + entryWords * entries);

export class LearntTable {
  readonly words: Uint32Array;
  private readonly mask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Uint32Array(buffer);
    const entries = (this.words.length - headWords) / entryWords;
    assert((entries & (entries - 1)) === 0, "a table's entries are a power of two");
    this.mask = entries - 1;
  }

  /** Word of the key's value, -1 = the table does not hold it. `lo` is above 0. */
  find(lo: number, hi: number): number {
    const { words, mask } = this;
    for (let at = mix32(lo, hi) & mask; ; at = (at + 1) & mask) {
      const word = headWords + at * entryWords;
      const there = Atomics.load(words, word);
      if (there === 0) return -1;
      if (there === lo && words[word + hiWord] === hi) return word + valueWord;
    }
  }

  /** The key's value, 0 where the table does not hold it. */
  get(lo: number, hi: number): number {
    const word = this.find(lo, hi);
    return word < 0 ? 0 : Atomics.load(this.words, word);
  }

  /** Writer only. False: the table is full, or `lo` is 0, which names nothing. */
  put(lo: number, hi: number, value: number): boolean {
    if (lo === 0) return false;
    const word = this.find(lo, hi);
    if (word >= 0) {
      Atomics.store(this.words, word, value);
      return true;
    }
    return this.insert(lo, hi, value);
  }

  /** Writer only: adds to the key's value, modulo 2^32. */
  add(lo: number, hi: number, amount: number): void {
    if (lo === 0) return;
    const word = this.find(lo, hi);
    if (word >= 0) Atomics.add(this.words, word, amount);
    else this.insert(lo, hi, amount);
  }

  private insert(lo: number, hi: number, value: number): boolean {
    const { words, mask } = this;
    if (2 * (words[0]! + 1) > mask + 1) return false;
    let at = mix32(lo, hi) & mask;
    while (words[headWords + at * entryWords] !== 0) at = (at + 1) & mask;
    const word = headWords + at * entryWords;
    words[word + hiWord] = hi;
    words[word + valueWord] = value;
    Atomics.store(words, word, lo);
    words[0]!++;
    return true;
  }

  /** Reader's walk over all entries: called with key and value. */
  each(visit: (lo: number, hi: number, value: number) => void): void {
    const { words } = this;
    for (let word = headWords; word < words.length; word += entryWords) {
      const lo = Atomics.load(words, word);
      if (lo !== 0) visit(lo, words[word + hiWord]!, Atomics.load(words, word + valueWord));
    }
  }
}
