import { assert } from "../base/assert.js";

const firstBytes = 4096;
/** Storage that a body needed and that is kept for the next one; a larger one is given back. */
const keptBytes = 32 * 1024;

/** What a driver's unfinished bodies may hold together: beyond it a further body is shed. */
export const unfinishedBytesMax = 64 * 1024 * 1024;

/**
 * A body that arrives in pieces. Storage grows with what has come, never with what a head
 * announces: a thousand heads that announce 128 KiB cost nothing.
 */
export class BodyStore {
  length = 0;
  private bytes = new Uint8Array(0);

  get capacity(): number {
    return this.bytes.length;
  }

  /** Adds a piece; `expected` is the announced length, which the driver has checked. */
  add(piece: Uint8Array, expected: number): void {
    const needed = this.length + piece.length;
    assert(needed <= expected, "more body than announced");
    if (needed > this.bytes.length) {
      const doubled = Math.max(firstBytes, this.bytes.length * 2, needed);
      const grown = new Uint8Array(Math.min(doubled, expected));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(piece, this.length);
    this.length = needed;
  }

  /** Valid until the next `add` or `clear`. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(0);
  }
}
