import { KeyKind } from "./lists.js";
import { Withheld } from "./unprintable.js";

/**
 * Two hashes, both giving 64 bits as two u32 halves in a caller's `Hash64` (no allocation, no
 * BigInt): `sipHash24Into` for people's identifiers (keyed PRF) and `textKeyInto` for names out of
 * requests (domains, categories, bundles): not secret, so a faster mix is enough.
 */
export class Hash64 extends Withheld {
  lo = 0;
  hi = 0;
}

/** A 128-bit SipHash key as four u32 words, little-endian as in the reference. */
export class SipKey extends Withheld {
  readonly k0lo: number;
  readonly k0hi: number;
  readonly k1lo: number;
  readonly k1hi: number;

  constructor(k0lo: number, k0hi: number, k1lo: number, k1hi: number) {
    super();
    this.k0lo = k0lo;
    this.k0hi = k0hi;
    this.k1lo = k1lo;
    this.k1hi = k1hi;
  }
}

/** A key that was posted from another thread, which takes its class away. */
export const sipKeyPosted = ({ k0lo, k0hi, k1lo, k1hi }: SipKey): SipKey =>
  new SipKey(k0lo, k0hi, k1lo, k1hi);

/** Reads a key from 16 bytes. */
export function sipKeyFrom(bytes: Uint8Array): SipKey {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const word = (at: number): number => view.getUint32(at, true);
  return new SipKey(word(0), word(4), word(8), word(12));
}

/** Ids of others that are told apart by case; every other kind of name is not. */
const exactKinds =
  (1 << KeyKind.DEAL) |
  (1 << KeyKind.SEAT) |
  (1 << KeyKind.PLACEMENT) |
  (1 << KeyKind.PUBLISHER) |
  (1 << KeyKind.SITE_APP);

/**
 * A 64-bit key for a name in one dimension. ASCII letters are folded to lower case (but in ids,
 * which `exactKinds` lists), so that "Example.COM" and "example.com" meet. `kind` is a `KeyKind`
 * (bid/request.ts): the same text in two dimensions has two keys. Never gives 0/0, which means
 * "absent". Two multiply-xorshift lanes over bytes.
 */
export function textKeyInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: number,
  out: Hash64,
): void {
  const fold = ((exactKinds >>> kind) & 1) === 1 ? 0 : 32;
  let a = 0x811c9dc5 ^ Math.imul(kind + 1, 0x9e3779b1);
  let b = 0xc2b2ae35 ^ Math.imul(kind + 1, 0x85ebca77);
  for (let i = start; i < end; i++) {
    let byte = bytes[i]!;
    if (byte >= 65 && byte <= 90) byte |= fold;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
    b ^= b >>> 15;
  }
  const length = end - start;
  a = Math.imul(a ^ (a >>> 16) ^ length, 0x7feb352d);
  b = Math.imul(b ^ (b >>> 16) ^ a, 0x846ca68b);
  a = Math.imul(a ^ (a >>> 15) ^ b, 0x846ca68b);
  out.lo = (a ^ (a >>> 16)) >>> 0;
  out.hi = (b ^ (b >>> 16)) >>> 0;
  if (out.lo === 0 && out.hi === 0) out.lo = 1;
}

const encoder = new TextEncoder();

/** The same key from a string, for the cold side (compile, tests). */
export function textKeyOf(text: string, kind: number): Hash64 {
  const bytes = encoder.encode(text);
  const out = new Hash64();
  textKeyInto(bytes, 0, bytes.length, kind, out);
  return out;
}

/** A u32 mix of two u32 words, for table positions and seeded choices. */
export function mix32(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Scopes a key by a number (country code, taxonomy): "CA" of the USA is not "CA" elsewhere. */
export function scopeKey(key: Hash64, scope: number): void {
  key.lo = Math.imul(key.lo ^ scope, 0x9e3779b1) >>> 0;
  key.hi = Math.imul(key.hi ^ (scope + 0x7f4a7c15), 0x85ebca77) >>> 0;
  if (key.lo === 0 && key.hi === 0) key.lo = 1;
}
