import type { Hash64, SipKey } from "../base/hash.js";
import { sipHash24Into } from "../base/siphash.js";

const words = new Uint32Array(2);
const bytes = new Uint8Array(words.buffer);

/** SipHash-2-4 over two u32 words. */
export function keyedHashInto(key: SipKey, a: number, b: number, out: Hash64): void {
  words[0] = a;
  words[1] = b;
  sipHash24Into(key, bytes, 0, bytes.length, out);
}
