import { assert } from "../base/assert.js";
import { mix32 } from "../base/hash.js";

/**
 * A table of one or more u32 by a key of two u32 in shared memory, written by one thread and read
 * by all without locks: entries are never moved or removed, and a key becomes visible after its
 * first value.
 *
 *     words: used | refused | 2 spare | entries of lo, hi, values; lo 0 = free
 *
 * Open addressing from mix32(lo, hi), at most half full; `put` and `add` refuse beyond and count
 * it, so that no reader takes what is missing for zero unawares.
 */
const headWords = 4;
const refusedWord = 1;
const hiWord = 1;
const valueWord = 2;

export const learntTableBytes = (entries: number, values = 1): number =>
  4 * (headWords + (valueWord + values) * entries);

export class LearntTable {
  readonly words: Uint32Array;
  private readonly mask: number;
  private readonly entryWords: number;

  /** `values`: how many a key has. */
  constructor(buffer: SharedArrayBuffer, values = 1) {
    this.words = new Uint32Array(buffer);
    this.entryWords = valueWord + values;
    const entries = (this.words.length - headWords) / this.entryWords;
    assert((entries & (entries - 1)) === 0, "a table's entries are a power of two");
    this.mask = entries - 1;
  }

  /** Word of the key's first value, -1 = the table does not hold it. `lo` is above 0. */
  find(lo: number, hi: number): number {
    const { words, mask, entryWords } = this;
    for (let at = mix32(lo, hi) & mask; ; at = (at + 1) & mask) {
      const word = headWords + at * entryWords;
      const there = Atomics.load(words, word);
      if (there === 0) return -1;
      if (there === lo && words[word + hiWord] === hi) return word + valueWord;
    }
  }

  /** The key's first value, 0 where the table does not hold it. */
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

  /** Writer only: adds to one of the key's values, modulo 2^32; `refused` counts what is full. */
  add(lo: number, hi: number, amount: number, value = 0): void {
    if (lo === 0) return;
    const word = this.find(lo, hi);
    if (word >= 0) Atomics.add(this.words, word + value, amount);
    else this.insert(lo, hi, amount, value);
  }

  private insert(lo: number, hi: number, value: number, at = 0): boolean {
    const { words, mask, entryWords } = this;
    if (2 * (words[0]! + 1) > mask + 1) {
      Atomics.add(words, refusedWord, 1);
      return false;
    }
    let entry = mix32(lo, hi) & mask;
    while (words[headWords + entry * entryWords] !== 0) entry = (entry + 1) & mask;
    const word = headWords + entry * entryWords;
    words[word + hiWord] = hi;
    words[word + valueWord + at] = value;
    Atomics.store(words, word, lo);
    Atomics.add(words, 0, 1);
    return true;
  }

  /** How many keys it holds; an entry is counted just after it can be found. */
  used(): number {
    return Atomics.load(this.words, 0);
  }

  /** How often a new key found no room; from the first time on, keys may be missing. */
  refused(): number {
    return Atomics.load(this.words, refusedWord);
  }

  /** Reader's walk over all entries: called with the key and the word of its first value. */
  each(visit: (lo: number, hi: number, word: number) => void): void {
    const { words, entryWords } = this;
    for (let word = headWords; word < words.length; word += entryWords) {
      const lo = Atomics.load(words, word);
      if (lo !== 0) visit(lo, words[word + hiWord]!, word + valueWord);
    }
  }
}
