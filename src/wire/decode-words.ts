/**
 * A fixed vocabulary looked up by bytes: no strings at run time. Found by a hash of length, first,
 * middle and last byte, then compared whole, so that an unknown word costs one probe on average.
 */
export class WordTable {
  private readonly mask: number;
  /** 1 + the word's number at its hash position or behind it (linear probing); 0 = free. */
  private readonly positions: Uint16Array;
  private readonly starts: Uint32Array;
  private readonly letters: Uint8Array;
  private readonly values: Uint16Array;
  /** 0x20 folds ASCII letters to lower case on both sides, 0 compares exactly. */
  private readonly foldBit: number;

  /** Words of ASCII, each with a value in 1..65535. A word that repeats is a mistake of ours. */
  constructor(words: readonly (readonly [word: string, value: number])[], foldCase: boolean) {
    this.foldBit = foldCase ? 0x20 : 0;
    let size = 64;
    while (size < words.length * 4) size *= 2;
    this.mask = size - 1;
    this.positions = new Uint16Array(size);
    this.starts = new Uint32Array(words.length + 1);
    this.values = Uint16Array.from(words, ([, value]) => value);
    this.letters = new Uint8Array(words.reduce((sum, [word]) => sum + word.length, 0));
    for (const [number, [word]] of words.entries()) this.add(number, word);
  }

  private add(number: number, word: string): void {
    const start = this.starts[number]!;
    for (let i = 0; i < word.length; i++) {
      this.letters[start + i] = word.charCodeAt(i) | this.foldBit;
    }
    this.starts[number + 1] = start + word.length;
    let position = this.positionOf(this.letters, start, start + word.length);
    while (this.positions[position] !== 0) position = (position + 1) & this.mask;
    this.positions[position] = number + 1;
  }

  private positionOf(bytes: Uint8Array, start: number, end: number): number {
    const fold = this.foldBit;
    const first = bytes[start]! | fold;
    const last = bytes[end - 1]! | fold;
    const middle = bytes[start + ((end - start) >> 1)]! | fold;
    const mixed = (end - start) * 13 + first * 7 + last * 31 + middle * 97;
    return (mixed ^ (mixed >>> 7)) & this.mask;
  }

  /** The value of the word bytes[start, end); 0 when it is none of the table's. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end <= start) return 0;
    let position = this.positionOf(bytes, start, end);
    for (;;) {
      const entry = this.positions[position]!;
      if (entry === 0) return 0;
      if (this.isWord(entry - 1, bytes, start, end)) return this.values[entry - 1]!;
      position = (position + 1) & this.mask;
    }
  }

  private isWord(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[number]!;
    if (this.starts[number + 1]! - from !== end - start) return false;
    const fold = this.foldBit;
    const letters = this.letters;
    for (let at = start, own = from; at < end; at++, own++) {
      if ((bytes[at]! | fold) !== letters[own]) return false;
    }
    return true;
  }
}
