/**
 * Turns a square of 32 x 32 bits over its diagonal, in place: bit i of word j becomes bit j of word
 * i. Between "a word a person" and "a bitset a segment" this is 80 steps for 1,024 bits.
 */
export function transposeBits(words: Uint32Array): void {
  let mask = 0x0000ffff;
  for (let width = 16; width !== 0; width >>>= 1) {
    for (let k = 0; k < 32; k = (k + width + 1) & ~width) {
      const low = words[k]!;
      const high = words[k + width]!;
      const swapped = ((low >>> width) ^ high) & mask;
      words[k + width] = high ^ swapped;
      words[k] = low ^ (swapped << width);
    }
    mask ^= mask << (width >>> 1);
  }
}
