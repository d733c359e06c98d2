import type { Hash64, SipKey } from "./hash.js";

/**
 * SipHash-2-4, a keyed PRF for short inputs, on u32 halves: no BigInt, nothing allocated. Source:
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF", and the 128-bit output variant of the
 * reference code. The state is module-wide, which is safe because a call never yields and each
 * thread has its own module.
 */
let v0l = 0;
let v0h = 0;
let v1l = 0;
let v1h = 0;
let v2l = 0;
let v2h = 0;
let v3l = 0;
let v3h = 0;

/** Four u32 words, least significant first: the 16 output bytes read as little-endian words. */
export type Words128 = Uint32Array;

/** The 64-bit SipHash-2-4 of `bytes[start, end)` under `key`. */
export function sipHash24Into(
  key: SipKey,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Hash64,
): void {
  begin(key, 0);
  absorb(bytes, start, end);
  v2l ^= 0xff;
  rounds(4);
  out.lo = (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
  out.hi = (v0h ^ v1h ^ v2h ^ v3h) >>> 0;
}

/** The 128-bit variant, written to `out[0..3]`: its first 64 bits are not the 64-bit hash. */
export function sipHash24_128Into(
  key: SipKey,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Words128,
): void {
  begin(key, 0xee);
  absorb(bytes, start, end);
  v2l ^= 0xee;
  rounds(4);
  out[0] = v0l ^ v1l ^ v2l ^ v3l;
  out[1] = v0h ^ v1h ^ v2h ^ v3h;
  v1l ^= 0xdd;
  rounds(4);
  out[2] = v0l ^ v1l ^ v2l ^ v3l;
  out[3] = v0h ^ v1h ^ v2h ^ v3h;
}

/**
 * The initial state is the key against "somepseudorandomlygeneratedbytes"; `variant` tells 64 from
 * 128 bits.
 */
function begin(key: SipKey, variant: number): void {
  v0l = key.k0lo ^ 0x70736575;
  v0h = key.k0hi ^ 0x736f6d65;
  v1l = key.k1lo ^ 0x6e646f6d ^ variant;
  v1h = key.k1hi ^ 0x646f7261;
  v2l = key.k0lo ^ 0x6e657261;
  v2h = key.k0hi ^ 0x6c796765;
  v3l = key.k1lo ^ 0x79746573;
  v3h = key.k1hi ^ 0x74656462;
}

function absorb(bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  const lastWhole = start + (length & ~7);
  for (let at = start; at < lastWhole; at += 8) block(word(bytes, at), word(bytes, at + 4));
  // The last block carries the tail bytes and the length's low byte on top.
  let low = 0;
  let high = length << 24;
  for (let i = 0; i < (length & 7); i++) {
    const byte = bytes[lastWhole + i]!;
    if (i < 4) low |= byte << (8 * i);
    else high |= byte << (8 * (i - 4));
  }
  block(low, high);
}

function block(low: number, high: number): void {
  v3l ^= low;
  v3h ^= high;
  rounds(2);
  v0l ^= low;
  v0h ^= high;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/**
 * SipRounds in locals. The carry of each 64-bit addition is the top bit of the addends' majority
 * with the inverted sum: without a branch, because carries are random and a mispredicted branch
 * each made a token 0.75 us instead of 0.46 (Node 20.20.2).
 */
function rounds(count: number): void {
  let al = v0l;
  let ah = v0h;
  let bl = v1l;
  let bh = v1h;
  let cl = v2l;
  let ch = v2h;
  let dl = v3l;
  let dh = v3h;
  let t = 0;
  for (let i = 0; i < count; i++) {
    // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
    t = (al + bl) | 0;
    ah = (ah + bh + (((al & bl) | ((al | bl) & ~t)) >>> 31)) | 0;
    al = t;
    t = (bl << 13) | (bh >>> 19);
    bh = ((bh << 13) | (bl >>> 19)) ^ ah;
    bl = t ^ al;
    t = al;
    al = ah;
    ah = t;
    // v2 += v3; v3 = rotl(v3, 16) ^ v2
    t = (cl + dl) | 0;
    ch = (ch + dh + (((cl & dl) | ((cl | dl) & ~t)) >>> 31)) | 0;
    cl = t;
    t = (dl << 16) | (dh >>> 16);
    dh = ((dh << 16) | (dl >>> 16)) ^ ch;
    dl = t ^ cl;
    // v0 += v3; v3 = rotl(v3, 21) ^ v0
    t = (al + dl) | 0;
    ah = (ah + dh + (((al & dl) | ((al | dl) & ~t)) >>> 31)) | 0;
    al = t;
    t = (dl << 21) | (dh >>> 11);
    dh = ((dh << 21) | (dl >>> 11)) ^ ah;
    dl = t ^ al;
    // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
    t = (cl + bl) | 0;
    ch = (ch + bh + (((cl & bl) | ((cl | bl) & ~t)) >>> 31)) | 0;
    cl = t;
    t = (bl << 17) | (bh >>> 15);
    bh = ((bh << 17) | (bl >>> 15)) ^ ch;
    bl = t ^ cl;
    t = cl;
    cl = ch;
    ch = t;
  }
  v0l = al;
  v0h = ah;
  v1l = bl;
  v1h = bh;
  v2l = cl;
  v2h = ch;
  v3l = dl;
  v3h = dh;
}
