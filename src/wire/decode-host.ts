import type { Slice } from "../bid/request.js";

/**
 * A host name in full is at most 253 characters (RFC 1035); the bound also keeps the work linear.
 */
const hostBytesMax = 253;

const COLON = 58;
const SLASH = 47;
const DOT = 46;

/** 1 = a letter, digit, hyphen or dot: a text of these alone is a host as it stands. */
const bareByte = new Uint8Array(256);
for (const char of "-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  bareByte[char.charCodeAt(0)] = 1;
}

/** The usual domain, in one pass instead of three. */
function isBare(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bareByte[bytes[at]!] === 0) return false;
  return end > start && bytes[end - 1] !== DOT;
}

/**
 * Finds the host in a domain or an address: without scheme, user, port, path and closing dot. The
 * slice is left empty when there is none.
 */
export function hostInto(bytes: Uint8Array, start: number, end: number, out: Slice): void {
  out.clear();
  if (end - start <= hostBytesMax && isBare(bytes, start, end)) {
    out.start = start;
    out.end = end;
    return;
  }
  let from = start;
  for (let at = start; at + 2 < end; at++) {
    const byte = bytes[at];
    if (byte === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) {
      from = at + 3;
      break;
    }
    // a scheme is short and comes before anything else
    if (byte === DOT || byte === SLASH) break;
  }
  if (from === start && end - start > 1 && bytes[start] === SLASH && bytes[start + 1] === SLASH) {
    from = start + 2;
  }
  let to = from;
  for (; to < end; to++) {
    const byte = bytes[to]!;
    if (byte === 64) from = to + 1; // user@host
    if (byte === SLASH || byte === 63 || byte === 35) break;
  }
  for (let at = from; at < to; at++) {
    if (bytes[at] === COLON) to = at;
    else if (bytes[at]! <= 32) return;
  }
  while (to > from && bytes[to - 1] === DOT) to--;
  if (to === from || to - from > hostBytesMax) return;
  out.start = from;
  out.end = to;
}

const STAR = 42;
const wwwBytes = 4;
const LETTER_W = 119;
/** "www." in either case. */
const isWww = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at]! | 32) === LETTER_W &&
  (bytes[at + 1]! | 32) === LETTER_W &&
  (bytes[at + 2]! | 32) === LETTER_W &&
  bytes[at + 3] === DOT;

/**
 * A domain of a block or allow list as it is compared: lists in the field hold addresses, "www.",
 * "*." and closing dots, and a block must not be escaped by how it is spelt. Empty when there is no
 * domain in it.
 */
export function listedDomainInto(bytes: Uint8Array, start: number, end: number, out: Slice): void {
  hostInto(bytes, start, end, out);
  if (bytes[out.start] === STAR && bytes[out.start + 1] === DOT) out.start += 2;
  while (out.start < out.end && bytes[out.start] === DOT) out.start++;
  if (out.end - out.start > wwwBytes && isWww(bytes, out.start)) out.start += wwwBytes;
}
