import { expect, test } from "vitest";
import { Hash64, sipKeyFrom } from "./hash.js";
import { sipHash24_128Into, sipHash24Into } from "./siphash.js";

const key = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const message = Uint8Array.from({ length: 64 }, (_, i) => i);

function hash64Hex(length: number): string {
  const out = new Hash64();
  sipHash24Into(key, message, 0, length, out);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(out.lo, 0);
  bytes.writeUInt32LE(out.hi, 4);
  return bytes.toString("hex");
}

function hash128Hex(length: number): string {
  const out = new Uint32Array(4);
  sipHash24_128Into(key, message, 0, length, out);
  const bytes = Buffer.alloc(16);
  out.forEach((word, i) => bytes.writeUInt32LE(word, i * 4));
  return bytes.toString("hex");
}

// Known answers of the reference code (vectors_sip64 and vectors_sip128), key and message bytes 00,
// 01, 02, ...
test.each([
  [0, "310e0edd47db6f72"],
  [1, "fd67dc93c539f874"],
  [2, "5a4fa9d909806c0d"],
  [3, "2d7efbd796666785"],
  [7, "37d1018bf50002ab"],
  [8, "6224939a79f5f593"],
  [15, "e545be4961ca29a1"],
  [63, "724506eb4c328a95"],
])("64 bits of %i bytes match the published vector", (length, hex) => {
  expect(hash64Hex(length)).toBe(hex);
});

test.each([
  [0, "a3817f04ba25a8e66df67214c7550293"],
  [1, "da87c1d86b99af44347659119b22fc45"],
  [2, "8177228da4a45dc7fca38bdef60affe4"],
])("128 bits of %i bytes match the published vector", (length, hex) => {
  expect(hash128Hex(length)).toBe(hex);
});

test("a range inside a larger buffer hashes as its own bytes do", () => {
  const inner = new Hash64();
  const alone = new Hash64();
  sipHash24Into(key, message, 5, 31, inner);
  sipHash24Into(key, message.slice(5, 31), 0, 26, alone);
  expect(inner).toEqual(alone);
});

/**
 * SipHash-2-4 written straight from the paper on BigInt, the low and the high half of 128 bits or
 * 64 bits alone: slow, and independent of the code that is tested.
 */
function slowSipHash(bytes: Uint8Array, wide = false): [bigint, bigint] {
  const mask = (1n << 64n) - 1n;
  const rotl = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & mask;
  const view = Buffer.from(Uint8Array.from({ length: 16 }, (_, i) => i));
  const [k0, k1] = [view.readBigUInt64LE(0), view.readBigUInt64LE(8)];
  const v = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn ^ (wide ? 0xeen : 0n),
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ] as [bigint, bigint, bigint, bigint];
  const round = (): void => {
    v[0] = (v[0] + v[1]) & mask;
    v[1] = rotl(v[1], 13n) ^ v[0];
    v[0] = rotl(v[0], 32n);
    v[2] = (v[2] + v[3]) & mask;
    v[3] = rotl(v[3], 16n) ^ v[2];
    v[0] = (v[0] + v[3]) & mask;
    v[3] = rotl(v[3], 21n) ^ v[0];
    v[2] = (v[2] + v[1]) & mask;
    v[1] = rotl(v[1], 17n) ^ v[2];
    v[2] = rotl(v[2], 32n);
  };
  const padded = Buffer.alloc((bytes.length & ~7) + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const m = padded.readBigUInt64LE(at);
    v[3] ^= m;
    round();
    round();
    v[0] ^= m;
  }
  v[2] ^= wide ? 0xeen : 0xffn;
  for (let i = 0; i < 4; i++) round();
  const first = v[0] ^ v[1] ^ v[2] ^ v[3];
  v[1] ^= 0xddn;
  for (let i = 0; i < 4; i++) round();
  return [first, v[0] ^ v[1] ^ v[2] ^ v[3]];
}

const longOf = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low);

test("random bytes of every length up to 300 hash as the textbook algorithm does", () => {
  const bytes = new Uint8Array(300);
  let state = 12345;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  const out = new Hash64();
  const wide = new Uint32Array(4);
  for (let length = 0; length <= 300; length++) {
    sipHash24Into(key, bytes, 0, length, out);
    const part = bytes.subarray(0, length);
    expect(longOf(out.lo, out.hi)).toBe(slowSipHash(part)[0]);
    sipHash24_128Into(key, bytes, 0, length, wide);
    const halves = [longOf(wide[0]!, wide[1]!), longOf(wide[2]!, wide[3]!)];
    expect(halves).toEqual(slowSipHash(part, true));
  }
});
