import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { tryLock } from "../bank/lock.js";
import { syncFolder, writeDurably } from "./boot.js";
import { exposureLockOf } from "./data-folder.js";
import { closeLeftovers } from "./exposure-close.js";
import {
  csvEnding,
  type ExposureFile,
  exposureFileName,
  exposureFiles,
  removeUnfinished,
} from "./exposure-file.js";
import { forgetLogStart, readForgetLog } from "./forget-log.js";

/**
 * Takes whomever the forget log names out of the exposure log. A bidder that follows the log closes
 * the file it writes within a second or two and names the log's end in the next one
 * (ExposureLog.forgotten); so every file is rewritten but the one that a bidder writes, and that
 * one is waited for. Files of a bidder that is gone are closed first. Each file is replaced by one
 * rename; its new name says up to where the log is applied, so that a run that is killed is done
 * again by the next one. For the holder of the bank's lock.
 */
export type ExposureScrub = {
  /** Files looked at. */
  readonly files: number;
  /** Words on files that still hold what they held. */
  readonly refused: readonly string[];
};

const liveMsMax = 15_000;
const lookEveryMs = 100;
const personColumn = 2;
const writingEnding = ".writing";

export async function scrubExposures(
  folder: string,
  forgetLog: string,
  waitMsMax = liveMsMax,
): Promise<ExposureScrub> {
  if (!existsSync(folder)) return { files: 0, refused: [] };
  const { records, position } = readForgetLog(forgetLog, forgetLogStart);
  const { sequence } = position;
  const isBehind = ({ forgets }: ExposureFile): boolean => forgets < sequence;
  const liveBehind = (): ExposureFile[] =>
    exposureFiles(folder).filter((file) => file.live && isBehind(file));
  for (let waited = 0; waited < waitMsMax && liveBehind().length > 0; waited += lookEveryMs) {
    closeIdleExposures(folder);
    if (liveBehind().length > 0) await pause(lookEveryMs);
  }
  // What a run that was killed had begun may name people whom later wishes name.
  removeUnfinished(folder, writingEnding);
  const files = exposureFiles(folder);
  for (const file of files) {
    if (file.live || !isBehind(file)) continue;
    const behind = records.filter((record) => record.sequence > file.forgets);
    rewrite(folder, file, new Set(behind.map(({ ordinal }) => String(ordinal))), sequence);
  }
  const refused = liveBehind().map(
    ({ path }) => `${path} is still written: let the bidder that writes it follow the forget log`,
  );
  return { files: files.length, refused };
}

/** Closes files that a crash has left live, where no bidder runs. */
export function closeIdleExposures(folder: string): void {
  if (!existsSync(folder)) return;
  const attempt = tryLock(exposureLockOf(folder));
  if (!attempt.ok) return;
  try {
    closeLeftovers(folder);
  } finally {
    attempt.lock.release();
  }
}

function rewrite(
  folder: string,
  file: ExposureFile,
  gone: ReadonlySet<string>,
  sequence: number,
): void {
  const target = join(folder, file.day, exposureFileName(file.stem, sequence, csvEnding));
  const lines = readLines(file.path);
  // An operator may have removed the day meanwhile.
  if (lines === null) return;
  const kept = lines.filter((line) => !gone.has(line.split(",", personColumn + 1)[personColumn]!));
  if (kept.length === lines.length) {
    renameSync(file.path, target);
  } else {
    const temporary = `${target}${writingEnding}`;
    writeDurably(temporary, kept.join("\n"));
    renameSync(temporary, target);
    rmSync(file.path, { force: true });
  }
  syncFolder(join(folder, file.day));
}

function readLines(path: string): string[] | null {
  try {
    return readFileSync(path, "latin1").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
