import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Epoch } from "../base/ids.js";
import { syncFolder } from "./key-files.js";

/**
 * `served-epoch.json` in the data folder, `{"epoch":5}`: the highest epoch that was ever served, so
 * that an older one that is put back is refused after a restart as well: it holds people who have
 * left and groups that have shrunk since. Going back on purpose: stop, delete the file, start.
 */
export const servedEpochFileOf = (dataFolder: string): string =>
  join(dataFolder, "served-epoch.json");

export type ServedEpoch =
  | { readonly ok: true; readonly epoch: Epoch }
  | { readonly ok: false; readonly words: string };

/** 0 = none was ever served. Not ok: the file cannot be read, and nobody knows what was. */
export function readServedEpoch(dataFolder: string): ServedEpoch {
  const path = servedEpochFileOf(dataFolder);
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    const epoch = typeof value === "object" && value !== null && "epoch" in value && value.epoch;
    if (typeof epoch === "number" && Number.isInteger(epoch) && epoch > 0 && epoch < 2 ** 32) {
      return { ok: true, epoch: epoch as Epoch };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { ok: true, epoch: 0 as Epoch };
  }
  const what = `${path} is damaged, so no snapshot is trusted to be the newest`;
  return {
    ok: false,
    words: `${what}: put {"epoch":N} there, N the last epoch served, or delete it; then restart`,
  };
}

/** Throws where the disk fails; the file is then the one before. */
export function keepServedEpoch(dataFolder: string, epoch: Epoch): void {
  const path = servedEpochFileOf(dataFolder);
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ epoch })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncFolder(dataFolder);
}

/** What an operator reads when nothing at or above the highest served epoch can be served. */
export const highestMissingWords = (dataFolder: string, highest: number): string =>
  `no people: epoch ${highest}, which was served last, is gone or refused, and older ones are ` +
  `not taken in its place. Put epoch-${highest} back or build a new snapshot. To go back to an ` +
  `older epoch on purpose, stop, delete ${servedEpochFileOf(dataFolder)}, start again`;
