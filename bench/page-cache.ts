import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** How the files came to be out of memory before a cold start, for the line that says so. */
export type Cold = "page cache dropped" | "32 GB of other data read first";

const otherBytes = 32e9;
const blockBytes = 8 * 1024 * 1024;

/** Bytes of disk that `makeCold` needs beside the snapshot. */
export const coldBytesNeeded = (): number => (dropPageCache() ? 0 : otherBytes);

/**
 * Has the system forget what it has read of files: all of its page cache where this process may
 * drop it (root), else by reading other data of 32 GB, made for it in `folder` and removed again.
 * `diskBytesPerSec` is the rate of one cold file, read from beginning to end: `probe`, or the other
 * data.
 */
export function makeCold(
  folder: string,
  probe: string,
): { readonly cold: Cold; readonly diskBytesPerSec: number } {
  if (dropPageCache()) {
    const diskBytesPerSec = readWhole(probe);
    dropPageCache();
    return { cold: "page cache dropped", diskBytesPerSec };
  }
  const path = join(folder, "other-data");
  try {
    writeOther(path);
    return { cold: "32 GB of other data read first", diskBytesPerSec: readWhole(path) };
  } finally {
    rmSync(path, { force: true });
  }
}

function dropPageCache(): boolean {
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3\n");
    return true;
  } catch {
    return false;
  }
}

function writeOther(path: string): void {
  const block = randomFillSync(new Uint8Array(blockBytes));
  const fd = openSync(path, "wx", 0o600);
  try {
    for (let at = 0; at < otherBytes; at += blockBytes) writeSync(fd, block);
  } finally {
    closeSync(fd);
  }
}

/** Reads a file from beginning to end; bytes a second. */
function readWhole(path: string): number {
  const block = new Uint8Array(blockBytes);
  const startedMs = performance.now();
  let bytes = 0;
  const fd = openSync(path, "r");
  try {
    for (let got = -1; got !== 0; bytes += got) got = readSync(fd, block, 0, blockBytes, null);
  } finally {
    closeSync(fd);
  }
  return bytes / ((performance.now() - startedMs) / 1000);
}
