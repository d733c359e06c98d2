import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * The boot number: three bytes in every token's nonce, so it must never come twice under one key.
 * It is one more than both the file's and the journal's newest, and is on the disk before anybody
 * uses it: deleting one of the two repeats nothing.
 */
export const bootMax = 2 ** 24 - 1;

export function nextBoot(file: string, journalBoot: number): number {
  const boot = Math.max(storedBoot(file), journalBoot) + 1;
  if (boot > bootMax) {
    throw new Error(`boot ${boot} does not fit a token: make new token keys and delete ${file}`);
  }
  const draft = `${file}.new`;
  writeDurably(draft, `${boot}\n`);
  renameSync(draft, file);
  syncFolder(dirname(file));
  return boot;
}

/** 0 without a file; a file that holds no number is damage that a person must look at. */
function storedBoot(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  if (!/^\d{1,8}\n?$/.test(text)) {
    throw new Error(
      `${file} holds no boot number: put it back from a copy, or make new token keys`,
    );
  }
  return Number(text);
}

/** Returns when it would outlive the machine; only the owner may read it. */
export function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, "w", 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += writeSync(descriptor, bytes, at));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes renames and new files in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
