import type { Epoch } from "../base/ids.js";
import { headerBytes, PartKind, pairBytes, writeHeader } from "./format.js";

/**
 * Who went into whom at the merges of the last 90 days: pairs of u32 (earlier ordinal, the ordinal
 * that stayed), sorted by the second. Frequency caps of the earlier one count for the one that
 * stayed. Zero pairs are vacant.
 */
export class MergedPeople {
  readonly count: number;
  private readonly words: Uint32Array;

  constructor(parts: readonly SharedArrayBuffer[]) {
    const part = parts[0];
    this.words = part === undefined ? new Uint32Array(0) : new Uint32Array(part, headerBytes);
    this.count = this.words.length >>> 1;
  }

  /** The first pair of whoever went into this person; those behind it follow while `isInto`. */
  firstInto(ordinal: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.words[2 * middle + 1]! < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  isInto(pair: number, ordinal: number): boolean {
    return pair < this.count && this.words[2 * pair + 1] === ordinal;
  }

  earlier(pair: number): number {
    return this.words[2 * pair]!;
  }
}

/** Sorts a part that was filled in any order, or had pairs erased. */
export function sortMerges(part: SharedArrayBuffer): void {
  // Little-endian: the second word of a pair is the upper half.
  const pairs = new BigUint64Array(part, headerBytes);
  for (let i = 1; i < pairs.length; i++) {
    if (pairs[i - 1]! <= pairs[i]!) continue;
    pairs.sort();
    return;
  }
}

export const mergeCountOf = (part: SharedArrayBuffer | undefined): number =>
  part === undefined ? 0 : (part.byteLength - headerBytes) / pairBytes;

/** A part of pairs that follow each other, the earlier ordinal first; undefined for none. */
export function mergesPart(pairs: ArrayLike<number>, epoch: Epoch): SharedArrayBuffer | undefined {
  const itemCount = pairs.length / 2;
  if (itemCount === 0) return undefined;
  const part = new SharedArrayBuffer(headerBytes + itemCount * pairBytes);
  const items = { firstItem: 0, itemCount, itemsInAll: itemCount };
  writeHeader(part, { kind: PartKind.MERGES, part: 0, plane: 0, epoch, ...items });
  new Uint32Array(part, headerBytes).set(pairs);
  sortMerges(part);
  return part;
}
