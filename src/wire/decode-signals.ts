import { type BidRequest, Slice } from "../bid/request.js";
import { isArray, readInteger, readSlice } from "./json-read.js";
import { elementsOf, endAt, integerAt, Kind, kindAt, nextAt, startAt } from "./json-tape.js";

/**
 * Signals of privacy, read so that noise can only tighten: what a field says in another type counts
 * as the refusal that it may be, null and "" say nothing, and what stands twice counts twice. JSON
 * leaves open which of two equal names counts, and senders fill the places of 2.5 and 2.6 apart.
 */

const ZERO = 48;
const NINE = 57;
const word = (text: string): Uint8Array => new TextEncoder().encode(text);
const no = word("false");

/** False for null and for empty text: nothing was told. */
export function isSaid(at: number): boolean {
  const kind = kindAt(at);
  return kind !== Kind.NULL && !(kind === Kind.STRING && startAt(at) === endAt(at));
}

/** 1 when the field refuses (coppa, lmt, dnt, gpc): only 0, false, "0", "false" and null do not. */
export function readRefusal(request: BidRequest, at: number): number {
  return isSaid(at) && !saysNo(request, at) ? 1 : 0;
}

/** -1 not told, 0 told that the GDPR does not apply, 1 anything else. */
export function readGdpr(request: BidRequest, at: number): number {
  return isSaid(at) ? readRefusal(request, at) : -1;
}

function saysNo(request: BidRequest, at: number): boolean {
  const { bytes } = request;
  switch (kindAt(at)) {
    case Kind.FALSE:
      return true;
    case Kind.INTEGER:
      return integerAt(at) === 0;
    case Kind.NUMBER:
      return readInteger(request, at, 1) === 0;
    case Kind.STRING:
      return (
        isText(bytes, at, no) || (endAt(at) - startAt(at) === 1 && bytes[startAt(at)] === ZERO)
      );
    default:
      return false;
  }
}

function isText(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  const start = startAt(at);
  if (endAt(at) - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if ((bytes[start + i]! | 32) !== text[i]) return false;
  return true;
}

/** A whole number 0 to 9,999, also as text; -1 for anything else. */
function readNumber(request: BidRequest, at: number): number {
  if (kindAt(at) !== Kind.STRING) return readInteger(request, at, -1);
  const length = endAt(at) - startAt(at);
  let value = 0;
  for (let byte = startAt(at); byte < endAt(at); byte++) {
    const digit = request.bytes[byte]!;
    if (digit < ZERO || digit > NINE || length > 4) return -1;
    value = value * 10 + (digit - ZERO);
  }
  return value;
}

const attsAuthorized = 3;
/** device.ext.atts joined with what was told `before` (-1 nothing): 3 only if nothing else is. */
export function readTracking(request: BidRequest, at: number, before: number): number {
  if (!isSaid(at) || (before !== -1 && before !== attsAuthorized)) return before;
  const status = readNumber(request, at);
  return status >= 0 && status <= attsAuthorized ? status : 0;
}

/**
 * Text that may stand in two places: `second` is filled where they differ. What is no text, and a
 * third text, make the request unreadable.
 */
export function readSignal(request: BidRequest, at: number, first: Slice, second: Slice): void {
  if (!isSaid(at)) return;
  readSlice(request, at, told);
  if (told.end === told.start) request.consent.unreadable = 1;
  else if (first.end === first.start) copy(told, first);
  else if (isSame(request.bytes, told, first)) return;
  else if (second.end === second.start) copy(told, second);
  else if (!isSame(request.bytes, told, second)) request.consent.unreadable = 1;
}

const told = new Slice();

function copy(from: Slice, to: Slice): void {
  to.start = from.start;
  to.end = from.end;
}

function isSame(bytes: Uint8Array, a: Slice, b: Slice): boolean {
  const length = a.end - a.start;
  if (length !== b.end - b.start) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[a.start + i] !== bytes[b.start + i]) return false;
  }
  return true;
}

const sectionMax = 31;

/**
 * gpp_sid as a mask: bit n = section n. A section beyond the mask and an entry that is no number
 * make the request unreadable and set bit 0: something applies, nobody can tell what. 0 and -1 say
 * "none".
 */
export function readSections(request: BidRequest, list: number): number {
  if (!isArray(list)) return isSaid(list) ? sectionBit(request, list) : 0;
  let mask = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    mask |= sectionBit(request, at);
  }
  return mask;
}

function sectionBit(request: BidRequest, at: number): number {
  const section =
    kindAt(at) === Kind.STRING ? readNumber(request, at) : readInteger(request, at, 99);
  const isNone = section === 0 || (section === -1 && kindAt(at) !== Kind.STRING);
  if (section > 0 && section <= sectionMax) return 1 << section;
  if (isNone) return 0;
  request.consent.unreadable = 1;
  return 1;
}
