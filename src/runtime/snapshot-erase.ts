import { type PartHeader, PartKind } from "../index/format.js";

/** Slots are asked by the low half of their ordinal first: 64 KiB that stay in a near cache. */
const sieveSize = 2 ** 16;
const sieveMask = sieveSize - 1;

/** Zeroes what is some people's in blocks of part files. */
export class Eraser {
  private readonly ordinals: ReadonlySet<number>;
  /** Ascending. */
  private readonly sorted: Uint32Array;
  private readonly sieve = new Uint8Array(sieveSize);

  constructor(ordinals: ReadonlySet<number>) {
    this.ordinals = ordinals;
    this.sorted = Uint32Array.from(ordinals).sort();
    for (const ordinal of this.sorted) this.sieve[ordinal & sieveMask] = 1;
  }

  /** False when the part has no place of any of them; tables and merges may always have. */
  concerns({ kind, firstItem, itemCount }: PartHeader): boolean {
    if (kind === PartKind.TABLE || kind === PartKind.MERGES) return this.sorted.length > 0;
    const next = this.sorted[this.placeOf(firstItem)];
    return next !== undefined && next < firstItem + itemCount;
  }

  /**
   * `block` is the part's payload from byte `at` on. Returns how many places were not zero before:
   * slots, words, areas or bits.
   */
  erase({ kind, firstItem }: PartHeader, at: number, block: Uint8Array): number {
    if (kind === PartKind.TABLE) return this.eraseSlots(block);
    if (kind === PartKind.MERGES) return this.erasePairs(block);
    if (kind === PartKind.PEOPLE) return this.eraseBits(firstItem + at * 8, block);
    const itemBytes = kind === PartKind.PLANE ? 4 : 2;
    return this.eraseItems(firstItem + at / itemBytes, itemBytes, block);
  }

  private eraseSlots(block: Uint8Array): number {
    const words = new Uint32Array(block.buffer, block.byteOffset, block.byteLength / 4);
    const { sieve, ordinals } = this;
    let erased = 0;
    for (let i = 1; i < words.length; i += 2) {
      const ordinal = words[i]!;
      if (sieve[ordinal & sieveMask] === 0 || !ordinals.has(ordinal) || ordinal === 0) continue;
      words[i - 1] = 0;
      words[i] = 0;
      erased++;
    }
    return erased;
  }

  private erasePairs(block: Uint8Array): number {
    const words = new Uint32Array(block.buffer, block.byteOffset, block.byteLength / 4);
    let erased = 0;
    for (let i = 0; i < words.length; i += 2) {
      if (!this.ordinals.has(words[i]!) && !this.ordinals.has(words[i + 1]!)) continue;
      words[i] = 0;
      words[i + 1] = 0;
      erased++;
    }
    return erased;
  }

  private eraseItems(first: number, itemBytes: number, block: Uint8Array): number {
    let erased = 0;
    this.each(first, block.length / itemBytes, (item) => {
      const bytes = block.subarray(item * itemBytes, (item + 1) * itemBytes);
      if (bytes.some((byte) => byte !== 0)) erased++;
      bytes.fill(0);
    });
    return erased;
  }

  private eraseBits(first: number, block: Uint8Array): number {
    let erased = 0;
    this.each(first, block.length * 8, (bit) => {
      const byte = block[bit >>> 3]!;
      const cleared = byte & ~(1 << (bit & 7));
      if (cleared !== byte) erased++;
      block[bit >>> 3] = cleared;
    });
    return erased;
  }

  /** Calls with the places, from 0 on, of those among `count` people from `first` on. */
  private each(first: number, count: number, act: (item: number) => void): void {
    for (let i = this.placeOf(first); i < this.sorted.length; i++) {
      const item = this.sorted[i]! - first;
      if (item >= count) return;
      act(item);
    }
  }

  /** The place in `sorted` of the first ordinal that is not below `ordinal`. */
  private placeOf(ordinal: number): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]! < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
