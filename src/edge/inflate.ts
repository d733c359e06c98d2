import { gunzipSync } from "node:zlib";
import { gunzipBytesMax } from "../base/limits.js";

const limits = { maxOutputLength: gunzipBytesMax };

/**
 * Inflates a gzip body into `into`: the length, or minus the status that refuses it: -413 when it
 * would be longer than `gunzipBytesMax`, -400 when it is not gzip.
 */
export function inflateInto(body: Uint8Array, into: Uint8Array): number {
  try {
    const inflated = gunzipSync(body, limits);
    into.set(inflated);
    return inflated.length;
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    return code === "ERR_BUFFER_TOO_LARGE" ? -413 : -400;
  }
}
