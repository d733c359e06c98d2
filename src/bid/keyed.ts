import type { Hash64, SipKey } from "../base/hash.js";
import { sipHash24Into } from "../base/siphash.js";

/** What a keyed hash of numbers is drawn for: one key, no two uses with the same input. */
export const KeyedUse = { WINDOW: 1, ASK_COUNT: 2, HOLD_OUT: 3 } as const;
export type KeyedUse = (typeof KeyedUse)[keyof typeof KeyedUse];

const words = new Uint32Array(4);
const bytes = new Uint8Array(words.buffer);

/** SipHash-2-4 over four u32 words: the use and three numbers. */
export function keyedHashInto(
  key: SipKey,
  use: KeyedUse,
  a: number,
  b: number,
  c: number,
  out: Hash64,
): void {
  words[0] = use;
  words[1] = a;
  words[2] = b;
  words[3] = c;
  sipHash24Into(key, bytes, 0, bytes.length, out);
}
