import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { UnixMs } from "../src/base/units.js";
import { writeSyntheticEpoch } from "./synthetic-epoch.js";

/** Beside the code of the bench, which is made anew as easily; about 24 MB for a million people. */
const cacheFolder = resolve(".bench/people");
const madeBy = fileURLToPath(new URL("./synthetic-epoch.js", import.meta.url));

/** An epoch lives for 30 days. */
const ageMsMax = 7 * 24 * 3600 * 1000;

/**
 * `writeSyntheticEpoch` into a folder that is not there yet, keys included. A million people take 3
 * to 5 s: they are made once, and again when the code that makes them has changed or a week has
 * passed. Two benches at a time may both make them.
 */
export function placePeople(dataFolder: string, people: number, nowMs: UnixMs): void {
  const name = `${people}-${codeDigest(madeBy).slice(0, 16)}`;
  const kept = join(cacheFolder, name);
  if (!isFresh(kept, nowMs)) keepPeople(name, people, nowMs);
  cpSync(kept, dataFolder, { recursive: true });
}

const isFresh = (folder: string, nowMs: UnixMs): boolean =>
  nowMs - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) < ageMsMax;

/** Whole or not at all: whoever is quicker has put the same there. */
function keepPeople(name: string, people: number, nowMs: UnixMs): void {
  mkdirSync(cacheFolder, { recursive: true });
  for (const other of readdirSync(cacheFolder)) {
    const folder = join(cacheFolder, other);
    if (!isFresh(folder, nowMs)) rmSync(folder, { recursive: true, force: true });
  }
  const making = mkdtempSync(join(cacheFolder, ".making-"));
  try {
    writeSyntheticEpoch(making, people, nowMs);
    renameSync(making, join(cacheFolder, name));
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(join(cacheFolder, name))) throw error;
  }
}

/** Over a compiled module of ours and all of ours that it imports. */
export function codeDigest(entry: string): string {
  const texts = new Map<string, string>();
  const read = (path: string): void => {
    if (texts.has(path)) return;
    const text = readFileSync(path, "utf8");
    texts.set(path, text);
    for (const [, imported = ""] of text.matchAll(/["'](\.{1,2}\/[^"']+\.js)["']/g)) {
      read(join(dirname(path), imported));
    }
  };
  read(entry);
  const digest = createHash("sha256");
  for (const path of [...texts.keys()].sort()) digest.update(texts.get(path) ?? "").update("\0");
  return digest.digest("hex");
}
