import { closeSync, openSync, readSync, statSync } from "node:fs";
import {
  Behaviour,
  type ExposureFile,
  exposureColumns,
  exposureDays,
  exposureFilesOf,
} from "./exposure-file.js";
import { dayOf } from "./exposure-log.js";

/** Filled anew for each row. */
export class ScannedExposure {
  /** The start of its hour. */
  hourSec = 0;
  person = 0;
  lineItem = 0;
  campaign = 0;
  advertiser = 0;
}

const chunkBytes = 1 << 20;
const comma = 44;
const lineFeed = 10;
const zero = 48;
/** Places of columns, see exposure-file.ts. */
const columns = { time: 1, person: 2, behaviour: 4, lineItem: 5, campaign: 6, advertiser: 7 };
const exposureWord = Buffer.from(Behaviour.EXPOSURE, "latin1");

/**
 * Gives every exposure (no click, no ghost) of the days from `fromSec` on to `take`; yields after
 * each part, so that the caller can do something else. What is written later is read only where its
 * file is closed, and so sorted, meanwhile. A torn last line is none.
 */
export function* scanExposures(
  folder: string,
  fromSec: number,
  take: (row: ScannedExposure) => void,
): Generator<void> {
  const files = exposureDays(folder)
    .filter((day) => day >= dayOf(fromSec))
    .flatMap((day) => exposureFilesOf(folder, day))
    // A crash between the two leaves a file closed and live.
    .filter(({ stem }, i, all) => all[i - 1]?.stem !== stem)
    .map((file) => ({ file, bytes: sizeOf(file.path) }));
  for (const { file, bytes } of files) {
    const open = openAgain(folder, file);
    if (open === null) continue;
    try {
      const bytesMax = file.live && !open.live ? Number.POSITIVE_INFINITY : bytes;
      yield* scanFile(open.descriptor, bytesMax, take);
    } finally {
      closeSync(open.descriptor);
    }
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** It may have been closed or rewritten under another name since; null: it is gone. */
function openAgain(
  folder: string,
  file: ExposureFile,
): { readonly descriptor: number; readonly live: boolean } | null {
  for (let tries = 0; tries < 3; tries++) {
    const now = exposureFilesOf(folder, file.day).find(({ stem }) => stem === file.stem);
    if (now === undefined) return null;
    try {
      return { descriptor: openSync(now.path, "r"), live: now.live };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return null;
}

function* scanFile(
  descriptor: number,
  bytesMax: number,
  take: (row: ScannedExposure) => void,
): Generator<void> {
  const row = new ScannedExposure();
  const buffer = Buffer.alloc(chunkBytes);
  let kept = 0;
  let at = 0;
  while (at < bytesMax) {
    const wanted = Math.min(chunkBytes - kept, bytesMax - at);
    const got = readSync(descriptor, buffer, kept, wanted, at);
    if (got === 0) return;
    at += got;
    const length = kept + got;
    let start = 0;
    for (;;) {
      const end = buffer.indexOf(lineFeed, start);
      if (end < 0 || end >= length) break;
      if (parseInto(buffer, start, end, row)) take(row);
      start = end + 1;
    }
    buffer.copyWithin(0, start, length);
    kept = length - start;
    // No line of ours is that long.
    if (kept === chunkBytes) kept = 0;
    yield;
  }
}

const values = new Float64Array(exposureColumns);

/** Up to the comma: a longer word is another one. */
const isExposure = (bytes: Buffer, at: number): boolean =>
  bytes[at + exposureWord.length] === comma &&
  exposureWord.every((byte, i) => bytes[at + i] === byte);

/** False for the head, for clicks and every other behaviour, and for what is no line of ours. */
function parseInto(bytes: Buffer, from: number, end: number, row: ScannedExposure): boolean {
  let column = 0;
  let value = 0;
  let exposure = false;
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === comma) {
      values[column] = value;
      column++;
      if (column === exposureColumns) return false;
      value = 0;
      if (column === columns.behaviour) exposure = isExposure(bytes, i + 1);
    } else if (byte >= zero && byte <= zero + 9) value = value * 10 + byte - zero;
    else if (column !== 0 && column !== columns.behaviour && column !== exposureColumns - 1) {
      return false;
    }
  }
  if (column !== exposureColumns - 1 || !exposure) return false;
  row.hourSec = values[columns.time]!;
  row.person = values[columns.person]!;
  row.lineItem = values[columns.lineItem]!;
  row.campaign = values[columns.campaign]!;
  row.advertiser = values[columns.advertiser]!;
  return row.person > 0;
}
