import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "./key-files.js";
import { epochFolderName } from "./snapshot-write.js";

/**
 * Puts a rewritten epoch in the place of the old one:
 *
 *   .scrubbed-<n>/   whole and synced; whoever finds it may put it in place
 *   .replaced-<n>/   the old one, on its way out
 *
 *   epoch-<n> -> .replaced-<n>,  .scrubbed-<n> -> epoch-<n>,  .replaced-<n> removed
 *
 * Folders cannot be exchanged in one step, so between the two renames the epoch is missing. A look
 * at that moment finds no newer epoch, or an older one, and the next look finds it. After a crash
 * there, `settleReplaced` does the second rename: before each look for epochs and before each
 * rewrite. Every rename gives way when another process was faster, as a folder is never renamed
 * onto one that holds files. A loader that has read one manifest and meets the other's files
 * refuses by their digests and tries again, because the manifest is another.
 */
const scrubbedPrefix = ".scrubbed-";
const replacedPrefix = ".replaced-";

/** `whole` is a finished, synced folder of the snapshots folder; one process at a time. */
export function replaceEpoch(snapshotsFolder: string, epoch: number, whole: string): void {
  const [current, scrubbed, replaced] = placesOf(snapshotsFolder, epoch);
  dropScrubbed(snapshotsFolder);
  renameSync(whole, scrubbed);
  syncFolder(snapshotsFolder);
  renameSync(current, replaced);
  renameUnlessThere(scrubbed, current);
  syncFolder(snapshotsFolder);
  rmSync(replaced, { recursive: true, force: true });
}

/**
 * Ends replacements that a crash has left between their renames, and removes replaced folders.
 * Does nothing, quickly, where there is none; a folder that cannot be written is left as it is.
 */
export function settleReplaced(snapshotsFolder: string): void {
  for (const epoch of replacedEpochs(snapshotsFolder)) {
    const [current, scrubbed, replaced] = placesOf(snapshotsFolder, epoch);
    try {
      if (!existsSync(current)) renameUnlessThere(scrubbed, current);
      if (!existsSync(current)) renameUnlessThere(replaced, current);
      rmSync(replaced, { recursive: true, force: true });
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["EACCES", "EPERM", "EROFS", "ENOTEMPTY"].includes(code)) throw error;
    }
  }
}

/** Rewritten folders that a crash has kept from their place; for the one process that rewrites. */
export function dropScrubbed(snapshotsFolder: string): void {
  settleReplaced(snapshotsFolder);
  if (!existsSync(snapshotsFolder)) return;
  for (const name of readdirSync(snapshotsFolder)) {
    if (!name.startsWith(scrubbedPrefix)) continue;
    rmSync(join(snapshotsFolder, name), { recursive: true, force: true });
  }
}

const placesOf = (snapshotsFolder: string, epoch: number): readonly [string, string, string] => [
  join(snapshotsFolder, epochFolderName(epoch)),
  join(snapshotsFolder, `${scrubbedPrefix}${epoch}`),
  join(snapshotsFolder, `${replacedPrefix}${epoch}`),
];

function replacedEpochs(snapshotsFolder: string): number[] {
  if (!existsSync(snapshotsFolder)) return [];
  return readdirSync(snapshotsFolder)
    .filter((name) => name.startsWith(replacedPrefix))
    .map((name) => Number(name.slice(replacedPrefix.length)))
    .filter((epoch) => Number.isSafeInteger(epoch) && epoch > 0);
}

/** Another process may have done it: the source is gone then, or the target is there. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}
