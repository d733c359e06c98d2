import { assert } from "../base/assert.js";
import { gunzipBytesMax } from "../base/limits.js";
import { memoryPlaces, scanMemory, tapeWordsMax, tokenWords } from "./json-memory.js";

/**
 * What json-scan.ts found in a text: four words a token, in the order of the text. A token is
 * named by its position; a container's members lie behind it, up to the position that its last
 * word names.
 *
 *     {"imp":[{"id":"1"}]}               OBJECT | ARRAY imp | OBJECT | STRING id
 *
 *     word 0: kind (4 bits) | number of the member's name (8) | position of the name (20)
 *     word 1: start of the text (inside a string's quotes)
 *     word 2: end of the text; of an INTEGER its value instead
 *     word 3: position of the token that follows the whole value
 */
export const Kind = {
  OBJECT: 1,
  ARRAY: 2,
  STRING: 3,
  /** A string with escapes: `readText` unescapes it. */
  ESCAPED: 4,
  /** Digits only, at most nine. */
  INTEGER: 5,
  /** Any other number. */
  NUMBER: 6,
  TRUE: 7,
  FALSE: 8,
  NULL: 9,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/**
 * Not exported: within its module the array is a constant for the compiler, and the small
 * functions below melt into their callers.
 */
const words = new Int32Array(scanMemory.buffer, memoryPlaces.tape, tapeWordsMax);
assert(2 * gunzipBytesMax <= 2 ** 20, "the position of a name has 20 bits");

export const kindAt = (at: number): number => words[at]! & 15;
/** Number of the member's name (json-keys.ts); 0 = unknown, or no member. */
export const keyAt = (at: number): number => (words[at]! >>> 4) & 255;
export const nameStartAt = (at: number): number => words[at]! >>> 12;
export const startAt = (at: number): number => words[at + 1]!;
/** End of the text of anything but an INTEGER. */
export const endAt = (at: number): number => words[at + 2]!;
export const integerAt = (at: number): number => words[at + 2]!;
/** The token behind the whole value; of a container, also the end of its members. */
export const nextAt = (at: number): number => words[at + 3]!;

/**
 * The first member, and no member where the token is no object: an object is read as
 *
 *     for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at))
 *
 * and a value of the wrong type drops out by the same line.
 */
export const membersOf = (object: number): number =>
  (words[object]! & 15) === Kind.OBJECT ? object + tokenWords : words[object + 3]!;

/** The first element, and none where the token is no array. */
export const elementsOf = (array: number): number =>
  (words[array]! & 15) === Kind.ARRAY ? array + tokenWords : words[array + 3]!;

/** The token behind this one, which may be the first one inside it. */
export const tokenAfter = (at: number): number => at + tokenWords;

/** Where the tape of a text that was scanned to position 0 ends: a second text may go there. */
export const tapeEnd = (): number => words[3]!;

/** An unescaped text takes the place of the escaped one. */
export function replaceText(at: number, start: number, end: number): void {
  words[at + 1] = start;
  words[at + 2] = end;
}

/** Gives a member its name's number. */
export function setKey(at: number, key: number): void {
  words[at] = (words[at]! & ~(255 << 4)) | (key << 4);
}
