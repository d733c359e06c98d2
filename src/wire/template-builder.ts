import { assert } from "../base/assert.js";
import { Slot } from "./template.js";
import type { Pieces } from "./template-pieces.js";

const encoder = new TextEncoder();

/** Gathers literals and ops; an entry is the run of ops that one list of pieces became. */
export class TemplateBuilder {
  readonly entryStart: number[] = [];
  readonly entryCount: number[] = [];
  readonly entryLiteralBytes: number[] = [];
  readonly entrySlotCount: number[] = [];
  readonly opLiteralStart: number[] = [];
  readonly opLiteralLength: number[] = [];
  readonly opSlot: number[] = [];
  private store: Uint8Array;
  private used = 0;

  constructor(bytes = 1 << 16) {
    this.store = new Uint8Array(bytes);
  }

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
    const bytes = encoder.encode(text);
    const start = this.room(bytes.length);
    this.store.set(bytes, start);
    return { start, length: bytes.length };
  }

  /** Makes room for so many bytes, up to a word boundary; gives where it starts. */
  private room(length: number): number {
    const start = this.used;
    const end = (start + length + 3) & ~3;
    if (end > this.store.length) {
      const larger = new Uint8Array(Math.max(end, this.store.length * 2));
      larger.set(this.store.subarray(0, start));
      this.store = larger;
    }
    this.used = end;
    assert(start % 4 === 0);
    return start;
  }

  /** Takes over all that another builder has gathered; gives the number of its first entry. */
  include(other: TemplateBuilder): number {
    const firstEntry = this.entryStart.length;
    const firstOp = this.opSlot.length;
    const start = this.room(other.used);
    this.store.set(other.store.subarray(0, other.used), start);
    for (let op = 0; op < other.opSlot.length; op++) {
      this.opLiteralStart.push(start + other.opLiteralStart[op]!);
      this.opLiteralLength.push(other.opLiteralLength[op]!);
      this.opSlot.push(other.opSlot[op]!);
    }
    for (let entry = 0; entry < other.entryStart.length; entry++) {
      this.entryStart.push(firstOp + other.entryStart[entry]!);
      this.entryCount.push(other.entryCount[entry]!);
      this.entryLiteralBytes.push(other.entryLiteralBytes[entry]!);
      this.entrySlotCount.push(other.entrySlotCount[entry]!);
    }
    return firstEntry;
  }

  /** A whole number of words, with one spare behind the last literal. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.used + 4);
    bytes.set(this.store.subarray(0, this.used));
    return bytes;
  }
}
