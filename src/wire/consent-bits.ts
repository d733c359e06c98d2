/**
 * Base64url to its six bits, 255 for every other byte (padding "=" included: the specifications
 * leave it out).
 */
const sextets = new Uint8Array(256).fill(255);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
for (let i = 0; i < 64; i++) sextets[alphabet.charCodeAt(i)] = i;

/**
 * Reads bits, highest first, out of base64url text in place. A read behind the end or a bad
 * character clears `ok` and gives 0, so that a reader checks once, at its end. Makes no string and
 * allocates nothing a read.
 */
export class BitReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private bitAt = 0;
  private bitEnd = 0;
  /** False once something was unreadable. */
  ok = false;

  /**
   * Points at `bytes[start, end)`. Every character is checked here, also those that nobody reads.
   */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.bitAt = 0;
    this.bitEnd = (end - start) * 6;
    let bad = 0;
    for (let i = start; i < end; i++) bad |= sextets[bytes[i]!]!;
    this.ok = end > start && bad < 64;
  }

  /** The next `count` bits, at most 24, as a number. */
  read(count: number): number {
    if (this.bitAt + count > this.bitEnd || !this.ok) {
      this.ok = false;
      return 0;
    }
    let at = this.bitAt;
    const end = at + count;
    let value = 0;
    while (at < end) {
      const character = Math.floor(at / 6);
      const left = 6 - (at - character * 6);
      const taken = Math.min(left, end - at);
      const sextet = sextets[this.bytes[this.start + character]!]!;
      value = (value << taken) | ((sextet >>> (left - taken)) & ((1 << taken) - 1));
      at += taken;
    }
    this.bitAt = end;
    return value;
  }

  skip(count: number): void {
    if (this.bitAt + count > this.bitEnd) this.ok = false;
    else this.bitAt += count;
  }

  /** Marks what was read as no valid text of its kind. */
  refuse(): void {
    this.ok = false;
  }

  /** Bits behind the last read one. */
  left(): number {
    return this.bitEnd - this.bitAt;
  }

  /**
   * A bit field whose first bit means 1, as a mask whose lowest bit means 1. `count` at most 24.
   */
  mask(count: number): number {
    const bits = this.read(count);
    let mask = 0;
    for (let i = 0; i < count; i++) if ((bits >>> (count - 1 - i)) & 1) mask |= 1 << i;
    return mask;
  }

  /** 36 bits of tenths of a second since 1970, in milliseconds. */
  timeMs(): number {
    const high = this.read(18);
    return (high * 262_144 + this.read(18)) * 100;
  }

  /**
   * A number in Fibonacci coding, which ends with two ones (GPP, "Fibonacci Encoding"). At most
   * 2^16.
   */
  fibonacci(): number {
    let value = 0;
    let previous = 0;
    let weight = 1;
    let weightBefore = 1;
    for (let i = 0; i < 24 && this.ok; i++) {
      const bit = this.read(1);
      if (bit === 1 && previous === 1) {
        if (value > 65_536) this.ok = false;
        return value;
      }
      if (bit === 1) value += weight;
      previous = bit;
      const next = weight + weightBefore;
      weightBefore = weight;
      weight = next;
    }
    this.ok = false;
    return 0;
  }
}
