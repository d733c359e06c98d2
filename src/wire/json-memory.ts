import { gunzipBytesMax } from "../base/limits.js";
import { newMemory } from "../base/wasm-code.js";
import { keySlotBytes, keySlots } from "./json-keys.js";

/**
 * The memory of the scan, and of the tape that it writes: one a thread, never grown.
 *
 *     text, and texts behind it | masks | numbers of names | count | tape
 */
const pageBytes = 65_536;
/** The scan looks this far behind the end of a text, at most. */
const aheadBytes = 64;
const maskBytes = 17 * 16;
const countBytes = 16;

export const tokenWords = 4;
/**
 * A token takes at least one byte of text; what is scanned a second time (a native request inside
 * a string) took one token for all its bytes the first time.
 */
export const tapeWordsMax = tokenWords * (gunzipBytesMax + 64);

const textBytes = 2 * gunzipBytesMax;
const masks = textBytes + aheadBytes;
const keys = masks + maskBytes;
const escapedNames = keys + keySlots * keySlotBytes;
const tape = escapedNames + countBytes;
export const memoryPlaces = { textBytes, masks, keys, escapedNames, tape } as const;

const memoryBytes = tape + tapeWordsMax * Int32Array.BYTES_PER_ELEMENT;
export const memoryPages = Math.ceil(memoryBytes / pageBytes);
export const scanMemory = newMemory(memoryPages);
