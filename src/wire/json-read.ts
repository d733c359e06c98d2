import { microsFromDecimal } from "../base/money.js";
import type { BidRequest, Slice } from "../bid/request.js";
import {
  elementsOf,
  endAt,
  integerAt,
  Kind,
  kindAt,
  nameStartAt,
  nextAt,
  replaceText,
  startAt,
} from "./json-tape.js";
import { unescapeInto } from "./json-text.js";

/**
 * Typed values of tokens of the tape: what has the wrong type gives the fallback, because real
 * traffic puts wrong types into optional fields all the time (62 % of captured requests).
 */

const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const ONE = 49;
const NINE = 57;
const BACKSLASH = 92;

/** A value above this, or below its negative, is no integer that any field of ours means. */
const integerMax = 2 ** 31 - 1;

export const isArray = (at: number): boolean => kindAt(at) === Kind.ARRAY;
export const isObject = (at: number): boolean => kindAt(at) === Kind.OBJECT;

export function isString(at: number): boolean {
  const kind = kindAt(at);
  return kind === Kind.STRING || kind === Kind.ESCAPED;
}

/**
 * True for a string whose text is usable; startAt and endAt are its text from then on, unescaped
 * to the arena where it has escapes. False for other types and for lone surrogates.
 */
export function readText(request: BidRequest, at: number): boolean {
  const kind = kindAt(at);
  return kind === Kind.STRING || (kind === Kind.ESCAPED && unescapeText(request, at));
}

function unescapeText(request: BidRequest, at: number): boolean {
  const start = startAt(at);
  const end = endAt(at);
  const to = request.textLength;
  if (to + (end - start) > request.bytes.length) {
    request.overflow = 1;
    return false;
  }
  const textEnd = unescapeInto(request.bytes, start, end, to);
  if (textEnd < 0) return false;
  request.textLength = textEnd;
  replaceText(at, to, textEnd);
  return true;
}

/** Fills `out` with the string's text; empty for anything else. */
export function readSlice(request: BidRequest, at: number, out: Slice): void {
  if (readText(request, at)) {
    out.start = startAt(at);
    out.end = endAt(at);
  } else {
    out.clear();
  }
}

/**
 * The end of a non-empty text or of a number's text (sellers send numeric ids), which starts at
 * startAt; 0 = neither.
 */
export function readNameEnd(request: BidRequest, at: number): number {
  if (!readText(request, at)) return numberTextEnd(request.bytes, at);
  const end = endAt(at);
  return end > startAt(at) ? end : 0;
}

/** The end of a number's text, 0 = no number. */
export function numberTextEnd(bytes: Uint8Array, at: number): number {
  const kind = kindAt(at);
  if (kind === Kind.NUMBER) return endAt(at);
  if (kind !== Kind.INTEGER) return 0;
  let end = startAt(at);
  while (bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
  return end;
}

/** Fills `out` with the unescaped name of a member; empty when it cannot be used. */
export function readMemberName(request: BidRequest, at: number, out: Slice): void {
  const bytes = request.bytes;
  const start = nameStartAt(at);
  let end = start;
  let escaped = false;
  while (bytes[end] !== QUOTE) {
    // an escape has two bytes at least, and the second may be a quote
    if (bytes[end] === BACKSLASH) {
      escaped = true;
      end++;
    }
    end++;
  }
  out.start = start;
  out.end = end;
  if (!escaped) return;
  const to = request.textLength;
  const textEnd = to + (end - start) > bytes.length ? -1 : unescapeInto(bytes, start, end, to);
  out.start = to;
  out.end = Math.max(to, textEnd);
  request.textLength = out.end;
}

/** An integer (also written 300.0 or 3e2) within 32 bits; anything else gives the fallback. */
export function readInteger(request: BidRequest, at: number, fallback: number): number {
  return kindAt(at) === Kind.INTEGER ? integerAt(at) : unusualInteger(request.bytes, at, fallback);
}

function unusualInteger(bytes: Uint8Array, at: number, fallback: number): number {
  if (kindAt(at) !== Kind.NUMBER) return fallback;
  const negative = bytes[startAt(at)] === MINUS;
  const start = startAt(at) + (negative ? 1 : 0);
  const micros = microsFromDecimal(bytes, start, endAt(at), true);
  if (micros < 0) return wideInteger(bytes, start, endAt(at), negative, fallback);
  if (micros % 1e6 !== 0) return fallback;
  const value = micros / 1e6;
  return negative && value !== 0 ? -value : value;
}

/** Beyond the range of micros (1.4e8) a plain integer may still fit in 32 bits. */
function wideInteger(
  bytes: Uint8Array,
  start: number,
  end: number,
  negative: boolean,
  fallback: number,
): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE || value > integerMax) return fallback;
    value = value * 10 + (byte - ZERO);
  }
  if (value > integerMax) return fallback;
  return negative ? -value : value;
}

/** As `readInteger`; a value outside [min, max] gives the fallback as well. */
export function readBounded(
  request: BidRequest,
  at: number,
  min: number,
  max: number,
  fallback: number,
): number {
  const value = readInteger(request, at, fallback);
  return value >= min && value <= max ? value : fallback;
}

/**
 * A 0/1 flag: any number but 0 is 1. `true`, `false`, "0" and "1" are read as well, because flags
 * of privacy come in these forms too and dropping them would loosen what they ask for.
 */
export function readFlag(request: BidRequest, at: number, fallback: number): number {
  switch (kindAt(at)) {
    case Kind.INTEGER:
      return integerAt(at) === 0 ? 0 : 1;
    case Kind.NUMBER:
      return numberFlag(request.bytes, startAt(at), endAt(at));
    case Kind.STRING:
      return textFlag(request.bytes, startAt(at), endAt(at), fallback);
    case Kind.TRUE:
      return 1;
    case Kind.FALSE:
      return 0;
    default:
      return fallback;
  }
}

function textFlag(bytes: Uint8Array, start: number, end: number, fallback: number): number {
  if (end - start !== 1) return fallback;
  return bytes[start] === ZERO ? 0 : bytes[start] === ONE ? 1 : fallback;
}

/** -1, 0.5, 1e0: 1 when a digit before the exponent is not 0. */
function numberFlag(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > ZERO && byte <= NINE) return 1;
    if ((byte | 32) === 101) return 0;
  }
  return 0;
}

/**
 * A list of small numbers as a mask: bit n = n is listed, 1..30. Bit 0 = the list names something,
 * so that a list of unknown numbers only is not taken for a list that is absent. 0 = absent or
 * empty. A single number counts as a list of one.
 */
export function readMask(request: BidRequest, list: number): number {
  if (!isArray(list)) {
    const single = readInteger(request, list, -1);
    return single < 0 ? 0 : maskBit(single);
  }
  let mask = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    mask |= maskBit(readInteger(request, at, 0));
  }
  return mask;
}

const maskBit = (value: number): number => (value > 0 && value <= 30 ? 1 | (1 << value) : 1);

/**
 * A price per thousand in micros, rounded up (a bid must not be below it). Negative or no number =
 * 0. -1 = beyond what prices can be.
 */
export function readFloorMicros(request: BidRequest, at: number): number {
  const bytes = request.bytes;
  const end = numberTextEnd(bytes, at);
  if (end === 0 || bytes[startAt(at)] === MINUS) return 0;
  return microsFromDecimal(bytes, startAt(at), end, true);
}
