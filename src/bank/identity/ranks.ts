import { assert } from "../../base/assert.js";

/**
 * Identifiers as numbers 0 to n - 1 in the order of their keys, so that what is computed on them is
 * the same whatever the order in which files and rows came. Keys are u64 as (low, high) u32 halves,
 * n pairs, sorted, as DuckDB hands them out.
 *
 * Keys are keyed hashes, hence spread evenly: a directory by their leading bits leaves about two
 * keys to look at, without the memory of a hash table (12 B an identifier in all). Keys that are
 * not spread, as tests write them, cost a binary search.
 */
export class IdentifierRanks {
  readonly count: number;
  private readonly words: Uint32Array;
  private readonly starts: Uint32Array;
  private readonly shift: number;

  constructor(words: Uint32Array) {
    this.words = words;
    this.count = words.length / 2;
    const bits = Math.min(30, Math.max(1, Math.ceil(Math.log2(this.count + 1)) - 1));
    this.shift = 32 - bits;
    this.starts = directoryOf(words, bits);
  }

  /** Place of a key in the sorted order; -1 for one that is not there. */
  rankOf(low: number, high: number): number {
    const { words, starts } = this;
    const bucket = high >>> this.shift;
    let from = starts[bucket]!;
    let to = starts[bucket + 1]!;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const middleHigh = words[2 * middle + 1]!;
      const middleLow = words[2 * middle]!;
      if (middleHigh === high && middleLow === low) return middle;
      if (middleHigh < high || (middleHigh === high && middleLow < low)) from = middle + 1;
      else to = middle;
    }
    return -1;
  }
}

/** starts[b] = first rank whose key's leading bits are b or more. */
function directoryOf(words: Uint32Array, bits: number): Uint32Array {
  const starts = new Uint32Array(2 ** bits + 1);
  const shift = 32 - bits;
  for (let i = 1; i < words.length; i += 2) {
    const high = words[i]!;
    if (i > 1) {
      const before = words[i - 2]!;
      const rises = before < high || (before === high && words[i - 3]! < words[i - 1]!);
      assert(rises, "keys are sorted and distinct");
    }
    starts[(high >>> shift) + 1]!++;
  }
  for (let b = 1; b < starts.length; b++) starts[b] = starts[b]! + starts[b - 1]!;
  return starts;
}
