import { mix32 } from "../base/hash.js";
import { lineWords, slotsPerLine } from "./format.js";

/**
 * The hot loops of the identifier table: two lines a key, found without the key being stored. Plain
 * functions over typed arrays; `lines` are the parts' payloads, each of 2^shift lines of 16 words
 * (see format.ts). Masks are shifted, never raised to a power: one `2 **` of a variable made the
 * look-up at 1 M identifiers 130 ns instead of 50.
 */

const fingerSalt = 0x5bd1e995;
const displacementsMax = 4000;

/** How an insert ended. */
export const Insert = {
  ADDED: 0,
  /** The same identifier and ordinal were there. */
  DUPLICATE: 1,
  /** Another person's identifier has the same two lines and fingerprint; the first one stays. */
  COLLISION: 2,
  /** No slot within the displacement bound: the table is over its load. */
  FULL: 3,
} as const;
export type Insert = (typeof Insert)[keyof typeof Insert];

/**
 * The line where a hash's low half lands first: floating point, yet the same everywhere and below
 * the count.
 */
export const firstLine = (lo: number, lineCount: number): number =>
  ((lo >>> 0) * (lineCount / 0x1_0000_0000)) >>> 0;

/** The other line of an entry, from either of its lines. */
export function otherLine(line: number, finger: number, lineCount: number): number {
  const sum = (mix32(finger, fingerSalt) * (lineCount / 0x1_0000_0000)) >>> 0;
  return sum >= line ? sum - line : sum - line + lineCount;
}

/**
 * The ordinal of a hash or 0. Both lines are read whole for every key, known or not, so that a
 * look-up's time says nothing; at most one slot of the two lines can match, because an insert
 * refuses a second equal one. No branch depends on a slot either: one that a match alone takes is
 * guessed wrong for known people alone, and the time of a 204 told them from strangers with an AUC
 * of 0.514 to 0.536; without it 0.489 to 0.500, five processes each in turns. A look-up in a loop
 * takes 48 in place of 38 ns of 1 M identifiers, 236 in place of 210 of 20 M (2 cores, Node
 * 20.20.2).
 */
export function findOrdinal(
  lines: readonly Uint32Array[],
  shift: number,
  lineCount: number,
  lo: number,
  hi: number,
): number {
  const finger = hi >>> 0;
  const first = firstLine(lo, lineCount);
  const second = otherLine(first, finger, lineCount);
  const mask = (1 << shift) - 1;
  const a = lines[first >>> shift]!;
  const b = lines[second >>> shift]!;
  const atA = (first & mask) * lineWords;
  const atB = (second & mask) * lineWords;
  // Bit i: slot i / 2 of line a has the fingerprint; bit i + 1: that of line b. clz32 of 0 is 32.
  let hits = 0;
  for (let i = 0; i < lineWords; i += 2) {
    hits |= (Math.clz32(a[atA + i]! ^ finger) >>> 5) << i;
    hits |= (Math.clz32(b[atB + i]! ^ finger) >>> 5) << (i + 1);
  }
  const hit = 31 - Math.clz32(hits | 1);
  const slot = (hit & 14) + 1;
  const ofA = a[atA + slot]!;
  const ordinal = ofA ^ ((ofA ^ b[atB + slot]!) & -(hit & 1));
  const isHit = (Math.clz32(hits) >>> 5) - 1;
  return ordinal & isHit;
}

/** What inserts have come to so far; their sums go beyond 32 bits. */
export class InsertTally {
  /** How many ended so, by `Insert`. */
  readonly outcomes = new Float64Array(4);
  /** Entries that were moved to their other line to make room. */
  displaced = 0;
  /** The most entries that one insert moved. */
  displacedMax = 0;
  /** Keeps the reads of `insertBlock` from being optimised away. */
  touched = 0;
}

const spareTally = new InsertTally();

/**
 * Inserts into the first line with room, its second line next, else displaces: a full line's entry
 * moves to its own other line, and so on along a walk that a fixed counter chooses, so that equal
 * inserts give equal bytes.
 */
export function insertOrdinal(
  lines: readonly Uint32Array[],
  shift: number,
  lineCount: number,
  lo: number,
  hi: number,
  ordinal: number,
  tally = spareTally,
): Insert {
  const finger = hi >>> 0;
  const first = firstLine(lo, lineCount);
  const second = otherLine(first, finger, lineCount);
  return insertAt(lines, shift, lineCount, first, second, finger, ordinal, tally);
}

/** Inserts per block: both their lines fit the first level cache, 64 x 2 x 64 B. */
export const insertBlockMax = 64;
const blockFirst = new Uint32Array(insertBlockMax);
const blockSecond = new Uint32Array(insertBlockMax);

/**
 * The same as `insertOrdinal` in turn for up to `insertBlockMax` identifiers: `hashes` holds their
 * lo and hi halves side by side. The lines of all are read before the first insert, because reads
 * that do not wait for each other overlap: 20 M identifiers took 8.7 to 9.7 s of a core instead of
 * 12.1 (2 cores, Node 20.20.2, 2026-11).
 */
export function insertBlock(
  lines: readonly Uint32Array[],
  shift: number,
  lineCount: number,
  hashes: Uint32Array,
  ordinals: Uint32Array,
  count: number,
  tally: InsertTally,
): void {
  const mask = (1 << shift) - 1;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const first = firstLine(hashes[2 * i]!, lineCount);
    const second = otherLine(first, hashes[2 * i + 1]!, lineCount);
    blockFirst[i] = first;
    blockSecond[i] = second;
    touched ^= lines[first >>> shift]![(first & mask) * lineWords]!;
    touched ^= lines[second >>> shift]![(second & mask) * lineWords]!;
  }
  tally.touched ^= touched;
  for (let i = 0; i < count; i++) {
    const first = blockFirst[i]!;
    const second = blockSecond[i]!;
    const finger = hashes[2 * i + 1]!;
    insertAt(lines, shift, lineCount, first, second, finger, ordinals[i]!, tally);
  }
}

function insertAt(
  lines: readonly Uint32Array[],
  shift: number,
  lineCount: number,
  first: number,
  second: number,
  finger: number,
  ordinal: number,
  tally: InsertTally,
): Insert {
  const mask = (1 << shift) - 1;
  const a = lines[first >>> shift]!;
  const b = lines[second >>> shift]!;
  const atA = (first & mask) * lineWords;
  const atB = (second & mask) * lineWords;
  let freeA = -1;
  let freeB = -1;
  let holder = 0;
  for (let i = lineWords - 2; i >= 0; i -= 2) {
    const inA = a[atA + i + 1]!;
    const inB = b[atB + i + 1]!;
    if (inA === 0) freeA = i;
    else if (a[atA + i] === finger) holder = inA;
    if (inB === 0) freeB = i;
    else if (b[atB + i] === finger) holder = inB;
  }
  let how: Insert = Insert.ADDED;
  if (holder !== 0) how = holder === ordinal ? Insert.DUPLICATE : Insert.COLLISION;
  else if (freeA >= 0) put(a, atA + freeA, finger, ordinal);
  else if (freeB >= 0) put(b, atB + freeB, finger, ordinal);
  else how = displace(lines, shift, lineCount, second, finger, ordinal, tally);
  tally.outcomes[how] = tally.outcomes[how]! + 1;
  return how;
}

function put(words: Uint32Array, at: number, finger: number, ordinal: number): void {
  words[at] = finger;
  words[at + 1] = ordinal;
}

/** The walk of an insert whose two lines are full, from the second one on. */
function displace(
  lines: readonly Uint32Array[],
  shift: number,
  lineCount: number,
  second: number,
  newFinger: number,
  newEntry: number,
  tally: InsertTally,
): Insert {
  let finger = newFinger;
  let entry = newEntry;
  let line = second;
  for (let step = 0; step < displacementsMax; step++) {
    if (step > 0 && place(lines, shift, line, finger, entry)) {
      tally.displaced += step;
      tally.displacedMax = Math.max(tally.displacedMax, step);
      return Insert.ADDED;
    }
    const words = lines[line >>> shift]!;
    const slot = mix32(step, finger) % slotsPerLine;
    const at = (line & ((1 << shift) - 1)) * lineWords + slot * 2;
    const evictedFinger = words[at]!;
    const evictedEntry = words[at + 1]!;
    put(words, at, finger, entry);
    finger = evictedFinger;
    entry = evictedEntry;
    line = otherLine(line, finger, lineCount);
  }
  return Insert.FULL;
}

function place(
  lines: readonly Uint32Array[],
  shift: number,
  line: number,
  finger: number,
  entry: number,
): boolean {
  const words = lines[line >>> shift]!;
  const at = (line & ((1 << shift) - 1)) * lineWords;
  for (let i = 0; i < lineWords; i += 2) {
    if (words[at + i + 1] !== 0) continue;
    put(words, at + i, finger, entry);
    return true;
  }
  return false;
}
