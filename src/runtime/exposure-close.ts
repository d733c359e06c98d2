import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { syncFolder, writeDurably } from "./boot.js";
import {
  csvEnding,
  exposureColumns,
  exposureFiles,
  exposureFilesOf,
  exposureHead,
  liveEnding,
  removeUnfinished,
} from "./exposure-file.js";

/**
 * A file of the exposure log is closed by writing it anew: its rows by hour, person and what they
 * say, their numbers handed out again in that order. As they were written they stood in the order
 * of the journal's bills, line for line. The live file goes once the closed one is durable; after a
 * crash in between both are there, and the closed one is right.
 */
const sortingEnding = ".sorting";

/** Throws what the disk throws; the live file is then there as before. */
export function closeExposureFile(livePath: string): void {
  // Removed with its day: nothing to close.
  if (!existsSync(livePath)) return;
  const folder = dirname(livePath);
  if (!isClosed(livePath)) {
    const target = livePath.slice(0, -liveEnding.length) + csvEnding;
    const temporary = `${target}${sortingEnding}`;
    writeDurably(temporary, sortExposures(readFileSync(livePath, "latin1")));
    renameSync(temporary, target);
    syncFolder(folder);
  }
  rmSync(livePath);
}

/** Under whatever sequence of the forget log it stands meanwhile. */
function isClosed(livePath: string): boolean {
  const folder = dirname(livePath);
  const files = exposureFilesOf(dirname(folder), basename(folder));
  const own = files.find(({ path }) => path === livePath);
  return files.some(({ live, stem }) => !live && stem === own?.stem);
}

/** Closes what a crash has left live. For the holder of the folder's lock. */
export function closeLeftovers(folder: string): void {
  for (const { live, path } of exposureFiles(folder)) if (live) closeExposureFile(path);
  removeUnfinished(folder, sortingEnding);
}

/** The text of the closed file; torn lines and those written twice go. */
function sortExposures(text: string): string {
  const lines = text.split("\n");
  // What no line feed ends is torn.
  lines.pop();
  const rows = new Map<number, Row>();
  for (const line of lines) {
    const row = rowOf(line);
    if (row !== null) rows.set(row.number, row);
  }
  const numbers = Float64Array.from(rows.keys()).sort();
  const sorted = [...rows.values()].sort(
    (a, b) => a.hour - b.hour || a.person - b.person || compareText(a.rest, b.rest),
  );
  let written = exposureHead;
  for (const [i, { line, numberAt, rest }] of sorted.entries()) {
    written += `${line.slice(0, numberAt)}${numbers[i]}${rest}\n`;
  }
  return written;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

type Row = {
  readonly line: string;
  /** Where the number of the event id stands; before it boot and mark, the same in all rows. */
  readonly numberAt: number;
  readonly number: number;
  readonly hour: number;
  readonly person: number;
  /** From the comma behind the event id on. */
  readonly rest: string;
};

/** By hand: a pattern and a split take three times as long, and no bill is booked meanwhile. */
function rowOf(line: string): Row | null {
  const idEnd = line.indexOf(",");
  const hourEnd = line.indexOf(",", idEnd + 1);
  const personEnd = line.indexOf(",", hourEnd + 1);
  let commas = 3;
  for (let at = personEnd; commas < exposureColumns; commas++) {
    at = line.indexOf(",", at + 1);
    if (at < 0) break;
  }
  if (idEnd <= 0 || hourEnd < 0 || personEnd < 0 || commas !== exposureColumns - 1) return null;
  const numberAt = line.lastIndexOf("-", idEnd) + 1;
  const number = Number(line.slice(numberAt, idEnd));
  const hour = Number(line.slice(idEnd + 1, hourEnd));
  const person = Number(line.slice(hourEnd + 1, personEnd));
  if (!(number >= 0 && hour > 0 && person > 0)) return null;
  return { line, numberAt, number, hour, person, rest: line.slice(idEnd) };
}
