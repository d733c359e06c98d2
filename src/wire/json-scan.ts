import { assert } from "../base/assert.js";
import { gunzipBytesMax, jsonDepthMax } from "../base/limits.js";
import { keyNumber, lettersAt } from "./json-keys.js";
import { Kind, tapeWords, tokenWords } from "./json-tape.js";
import { escapeLength, unescapeInto, utf8Length } from "./json-text.js";

/**
 * Strict JSON (RFC 8259) over bytes in one pass, onto the tape; no value is built. Everything
 * malformed is found here, so that the reading of fields has no errors to handle and steps over
 * what it does not know in one move. Behind the text stands a zero byte, which no token accepts:
 * it ends every loop without a comparison of positions.
 */
export const JsonFailure = { NONE: 0, SYNTAX: 1, TOO_DEEP: 2 } as const;
export type JsonFailure = (typeof JsonFailure)[keyof typeof JsonFailure];

const tape = tapeWords();

const TAB = 9;
const LINE_FEED = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
/** The scan looks at names eight bytes at a time and at strings four: this far behind the end. */
const wordsAhead = 16;
/** Nine digits stay below 2^30. */
const integerDigitsMax = 9;

/** 0 = stands for itself inside a string: ASCII without controls, quote and backslash. */
const special = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < SPACE || byte === QUOTE || byte === BACKSLASH || byte >= 0x80 ? 1 : 0,
);

/** Own names for imported constants: within its module a constant is part of the code. */
const { STRING, ESCAPED, OBJECT, ARRAY } = Kind;
const WORDS = tokenWords;
const DEPTH_MAX = jsonDepthMax;

/** One byte four times. */
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
const ONES = 0x01010101;
const HIGHS = 0x80808080;

/** Tape positions of the containers that are open. */
const open = new Int32Array(jsonDepthMax + 1);

/** What a part of the scan leaves to the next one; one scan at a time. */
let bytes: Uint8Array = new Uint8Array(1);
let view = new DataView(bytes.buffer);
let arena = 0;
let top = 0;
let head = 0;
let escaped = 0;
let plainKind = 0;
let plainWord = 0;
let failure: JsonFailure = JsonFailure.NONE;

/**
 * Scans the one value in text[start, end), where text[end] is 0, to the tape from `tapeStart` on.
 * `arenaEnd` lies behind `end`; names with escapes are unescaped there and forgotten.
 */
export function scanJson(
  text: Uint8Array,
  start: number,
  end: number,
  arenaEnd: number,
  tapeStart: number,
): JsonFailure {
  assert(text[end] === 0 && arenaEnd > end && end - start <= gunzipBytesMax);
  assert(text.byteOffset === 0 && end + wordsAhead <= text.length);
  bytes = text;
  arena = arenaEnd;
  top = tapeStart;
  failure = JsonFailure.NONE;
  if (view.buffer !== text.buffer) view = new DataView(text.buffer);
  const after = scanValue(text, view, skipSpace(text, start));
  if (after >= 0 && skipSpace(text, after) !== end) return JsonFailure.SYNTAX;
  return after < 0 && failure === JsonFailure.NONE ? JsonFailure.SYNTAX : failure;
}

function skipSpace(text: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = text[at]!;
    if (byte !== SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB) return at;
    at++;
  }
}

/**
 * One value with all that it holds, without recursion: the kinds of the open containers are the
 * bits of one integer (1 = object), which the depth cap keeps within 32. Gives the position
 * behind; -1 = failed.
 */
function scanValue(text: Uint8Array, words: DataView, from: number): number {
  let at = from;
  let next = top;
  let name = 0;
  let kinds = 0;
  let depth = 0;
  for (;;) {
    const byte = text[at]!;
    if (byte === QUOTE) {
      tape[next] = STRING | name;
      tape[next + 1] = ++at;
      // `specials`, written out: the compiler stops melting functions into a loop as long as this
      let word = words.getInt32(at, true);
      let stop = ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES) | (word - SPACES) | word;
      while ((stop & HIGHS) === 0) {
        at += 4;
        word = words.getInt32(at, true);
        stop = ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES) | (word - SPACES) | word;
      }
      stop &= HIGHS;
      at += (31 - Math.clz32(stop & -stop)) >> 3;
      if (text[at] !== QUOTE) {
        at = closingQuote(at);
        if (at < 0) return -1;
        if (escaped === 1) tape[next] = ESCAPED | name;
      }
      tape[next + 2] = at;
      tape[next + 3] = next + WORDS;
      next += WORDS;
      at++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === DEPTH_MAX) return tooDeep();
      open[depth++] = next;
      kinds = (kinds << 1) | (byte === OPEN_BRACE ? 1 : 0);
      tape[next] = (byte === OPEN_BRACE ? OBJECT : ARRAY) | name;
      tape[next + 1] = at;
      next += WORDS;
      at++;
      if (text[at]! <= SPACE) at = skipSpace(text, at);
      if (text[at] !== byte + 2) {
        at = byte === OPEN_BRACE ? scanName(text, words, at) : noName(at);
        if (at < 0) return -1;
        name = head;
        continue;
      }
    } else {
      tape[next + 1] = at;
      at = scanPlain(text, at, byte);
      if (at < 0) return -1;
      tape[next] = plainKind | name;
      tape[next + 2] = plainWord;
      tape[next + 3] = next + WORDS;
      next += WORDS;
    }
    // a value ended, or an empty container is about to: close what ends here
    while (depth > 0) {
      if (text[at]! <= SPACE) at = skipSpace(text, at);
      if (text[at] !== ((kinds & 1) === 1 ? CLOSE_BRACE : CLOSE_BRACKET)) break;
      at++;
      closeContainer(open[--depth]!, at, next);
      kinds >>>= 1;
    }
    if (depth === 0) return at;
    if (text[at++] !== COMMA) return -1;
    if (text[at]! <= SPACE) at = skipSpace(text, at);
    at = (kinds & 1) === 1 ? scanName(text, words, at) : noName(at);
    if (at < 0) return -1;
    name = head;
  }
}

function closeContainer(container: number, end: number, next: number): void {
  tape[container + 2] = end;
  tape[container + 3] = next;
}

/** What stands in an array has no name. */
function noName(at: number): number {
  head = 0;
  return at;
}

function tooDeep(): -1 {
  failure = JsonFailure.TOO_DEEP;
  return -1;
}

/**
 * A member's name and colon, left in `head` for its value; gives the value's position, -1 =
 * failed.
 */
function scanName(text: Uint8Array, words: DataView, quoteAt: number): number {
  if (text[quoteAt] !== QUOTE) return -1;
  const start = quoteAt + 1;
  let at = start;
  let low = words.getInt32(at, true);
  let high = 0;
  let stop = specials(low);
  if (stop !== 0) {
    low &= ((stop & -stop) - 1) >>> 7;
    at += firstByte(stop);
  } else {
    high = words.getInt32(at + 4, true);
    stop = specials(high);
    if (stop !== 0) high &= ((stop & -stop) - 1) >>> 7;
    at += stop !== 0 ? 4 + firstByte(stop) : 8;
    while (special[text[at]!] === 0) at++;
  }
  let key = 0;
  if (text[at] === QUOTE) {
    key = keyNumber(low, high, text, start, at);
  } else {
    at = closingQuote(at);
    if (at < 0) return -1;
    if (escaped === 1) key = escapedKey(text, start, at);
  }
  head = (key << 4) | (start << 12);
  at++;
  if (text[at] !== COLON) {
    at = skipSpace(text, at);
    if (text[at] !== COLON) return -1;
  }
  at++;
  return text[at]! <= SPACE ? skipSpace(text, at) : at;
}

/**
 * The high bit of each byte of the word that does not stand for itself inside a string: quote,
 * backslash, controls, beyond ASCII. Bits above the lowest one may be wrong, the lowest never is (a
 * borrow only comes from a byte that is special itself).
 */
const specials = (word: number): number =>
  (((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES) | (word - SPACES) | word) & HIGHS;

/** Which byte of the word the lowest bit of `specials` is in. */
const firstByte = (stop: number): number => (31 - Math.clz32(stop & -stop)) >> 3;

/** "\u0069d" is "id". */
function escapedKey(text: Uint8Array, start: number, end: number): number {
  if (arena + (end - start) > text.length) return 0;
  const textEnd = unescapeInto(text, start, end, arena);
  if (textEnd <= arena) return 0;
  const low = lettersAt(text, arena, textEnd);
  return keyNumber(low, lettersAt(text, arena + 4, textEnd), text, arena, textEnd);
}

/** The position of the quote that ends a string, from its first special byte on; -1 = not JSON. */
function closingQuote(from: number): number {
  const text = bytes;
  let at = from;
  escaped = 0;
  for (;;) {
    const byte = text[at]!;
    if (special[byte] === 0) {
      at++;
    } else if (byte === QUOTE) {
      return at;
    } else {
      let length = 0;
      if (byte === BACKSLASH) {
        escaped = 1;
        length = escapeLength(text, at);
      } else if (byte >= 0x80) {
        length = utf8Length(text, at);
      }
      if (length === 0) return -1;
      at += length;
    }
  }
}

/** A number or a literal: its kind and third word are left in `plainKind` and `plainWord`. */
function scanPlain(text: Uint8Array, start: number, first: number): number {
  let at = start;
  let value = 0;
  let byte = first;
  while (byte >= ZERO && byte <= NINE && at - start < integerDigitsMax) {
    value = value * 10 + (byte - ZERO);
    byte = text[++at]!;
  }
  const digits = at - start;
  const ended = (byte < ZERO || byte > NINE) && byte !== POINT && (byte | 32) !== 101;
  if (digits > 0 && ended && (digits === 1 || first !== ZERO)) {
    plainKind = Kind.INTEGER;
    plainWord = value;
    return at;
  }
  const isNumber = first === MINUS || (first >= ZERO && first <= NINE);
  plainKind = isNumber ? Kind.NUMBER : literalKind(first);
  plainWord = isNumber ? numberEnd(text, start) : literalEnd(text, start);
  return plainWord;
}

/** The end of the number that starts here; -1 = not a number of JSON. */
function numberEnd(text: Uint8Array, from: number): number {
  let at = text[from] === MINUS ? from + 1 : from;
  if (text[at] === ZERO) at++;
  else {
    const digits = skipDigits(text, at);
    if (digits === at) return -1;
    at = digits;
  }
  if (text[at] === POINT) {
    const digits = skipDigits(text, at + 1);
    if (digits === at + 1) return -1;
    at = digits;
  }
  if ((text[at]! | 32) !== 101) return at;
  at++;
  if (text[at] === MINUS || text[at] === 43) at++;
  const digits = skipDigits(text, at);
  return digits === at ? -1 : digits;
}

function skipDigits(text: Uint8Array, from: number): number {
  let at = from;
  while (text[at]! >= ZERO && text[at]! <= NINE) at++;
  return at;
}

function literalKind(first: number): Kind {
  return first === 116 ? Kind.TRUE : first === 102 ? Kind.FALSE : Kind.NULL;
}

/** The end of `true`, `false` or `null`; -1 = none of them. */
function literalEnd(text: Uint8Array, at: number): number {
  switch (text[at]) {
    case 116: // true
      return text[at + 1] === 114 && text[at + 2] === 117 && text[at + 3] === 101 ? at + 4 : -1;
    case 110: // null
      return text[at + 1] === 117 && text[at + 2] === 108 && text[at + 3] === 108 ? at + 4 : -1;
    case 102: // false
      if (text[at + 1] !== 97 || text[at + 2] !== 108 || text[at + 3] !== 115) return -1;
      return text[at + 4] === 101 ? at + 5 : -1;
    default:
      return -1;
  }
}
