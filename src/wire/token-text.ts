import { tokenBytes, tokenChars } from "./token-format.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const charOfBits = Uint8Array.from(alphabet, (char) => char.charCodeAt(0));

/** -1 for every byte that is not in the alphabet: padding, "+", "/", blanks. */
const bitsOfChar = new Int8Array(256).fill(-1);
for (let bits = 0; bits < 64; bits++) bitsOfChar[charOfBits[bits]!] = bits;

/**
 * Writes `tokenBytes` bytes as `tokenChars` base64url characters (RFC 4648 section 5, no padding).
 */
export function tokenTextInto(bytes: Uint8Array, out: Uint8Array, at: number): void {
  let to = at;
  for (let from = 0; from < tokenBytes; from += 3) {
    const word = (bytes[from]! << 16) | (bytes[from + 1]! << 8) | bytes[from + 2]!;
    out[to] = charOfBits[word >>> 18]!;
    out[to + 1] = charOfBits[(word >>> 12) & 63]!;
    out[to + 2] = charOfBits[(word >>> 6) & 63]!;
    out[to + 3] = charOfBits[word & 63]!;
    to += 4;
  }
}

/** False unless the text is exactly `tokenChars` characters of the alphabet. */
export function tokenBytesFromText(text: string, out: Uint8Array): boolean {
  if (text.length !== tokenChars) return false;
  let to = 0;
  for (let from = 0; from < tokenChars; from += 4) {
    const a = bitsAt(text, from);
    const b = bitsAt(text, from + 1);
    const c = bitsAt(text, from + 2);
    const d = bitsAt(text, from + 3);
    if ((a | b | c | d) < 0) return false;
    const word = (a << 18) | (b << 12) | (c << 6) | d;
    out[to] = word >>> 16;
    out[to + 1] = word >>> 8;
    out[to + 2] = word;
    to += 3;
  }
  return true;
}

function bitsAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 256 ? bitsOfChar[code]! : -1;
}
