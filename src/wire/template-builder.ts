import { assert } from "../base/assert.js";
import { Slot } from "./template.js";
import type { Pieces } from "./template-pieces.js";

/** Gathers literals and ops; an entry is the run of ops that one list of pieces became. */
export class TemplateBuilder {
  readonly entryStart: number[] = [];
  readonly entryCount: number[] = [];
  readonly entryLiteralBytes: number[] = [];
  readonly entrySlotCount: number[] = [];
  readonly opLiteralStart: number[] = [];
  readonly opLiteralLength: number[] = [];
  readonly opSlot: number[] = [];
  private store = new Uint8Array(1 << 16);
  private used = 0;
  private readonly encoder = new TextEncoder();

  /** Appends an entry and gives its number. */
  entry(pieces: Pieces): number {
    const first = this.opSlot.length;
    let literal = "";
    let literalBytes = 0;
    let slots = 0;
    for (const piece of [...pieces, Slot.NONE]) {
      if (typeof piece === "string") {
        literal += piece;
        continue;
      }
      const at = this.text(literal);
      this.opLiteralStart.push(at.start);
      this.opLiteralLength.push(at.length);
      this.opSlot.push(piece);
      literalBytes += at.length;
      slots += piece === Slot.NONE ? 0 : 1;
      literal = "";
    }
    this.entryStart.push(first);
    this.entryCount.push(this.opSlot.length - first);
    this.entryLiteralBytes.push(literalBytes);
    this.entrySlotCount.push(slots);
    return this.entryStart.length - 1;
  }

  /** Stores text at a word boundary. */
  text(text: string): { readonly start: number; readonly length: number } {
    const bytes = this.encoder.encode(text);
    const start = this.used;
    const end = (start + bytes.length + 3) & ~3;
    if (end > this.store.length) {
      const larger = new Uint8Array(Math.max(end, this.store.length * 2));
      larger.set(this.store.subarray(0, start));
      this.store = larger;
    }
    this.store.set(bytes, start);
    this.used = end;
    assert(start % 4 === 0);
    return { start, length: bytes.length };
  }

  /** A whole number of words, with one spare behind the last literal. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.used + 4);
    bytes.set(this.store.subarray(0, this.used));
    return bytes;
  }
}
