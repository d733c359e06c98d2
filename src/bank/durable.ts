import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A file or folder survives a power cut from here on. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Puts a finished file in place of an older one: readers see the one or the other, whole. */
export function putInPlace(finished: string, path: string): void {
  syncPath(finished);
  renameSync(finished, path);
  syncPath(dirname(path));
}

/** Writes a small file whole, through `<path>.new`; one writer of a path at a time. */
export function writeDurably(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
  putInPlace(temporary, path);
}
