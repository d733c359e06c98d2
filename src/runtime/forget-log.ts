import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { NOBODY, type Ordinal } from "../base/ids.js";

/**
 * `forget.log`: who must be unknown at once, appended by the bank, followed by the bidder. It holds
 * no identifier. Lines of 33 ASCII bytes, sequences rising by one from 1:
 *
 *   000000000042 0000123456 9c2a1f07\n
 *   sequence     ordinal    CRC-32 of both as written, hexadecimal
 *
 * A line without its end is not there yet. A damaged line is reported and skipped: the lines behind
 * it still count.
 */
export type ForgetRecord = { readonly sequence: number; readonly ordinal: Ordinal };

/** How far a reader has come. */
export type ForgetPosition = { readonly byteOffset: number; readonly sequence: number };
export const forgetLogStart: ForgetPosition = { byteOffset: 0, sequence: 0 };

export type ForgetRead = {
  readonly records: readonly ForgetRecord[];
  readonly position: ForgetPosition;
  /** Byte offsets of lines that cannot be read: someone's wish may be lost, so alarm. */
  readonly damagedAt: readonly number[];
};

const lineBytes = 33;
const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, "0");

function lineOf(sequence: number, ordinal: number): string {
  const text = `${String(sequence).padStart(12, "0")} ${String(ordinal).padStart(10, "0")}`;
  return `${text} ${checkOf(text)}\n`;
}

function parseLine(line: string): ForgetRecord | null {
  const match = /^((\d{12}) (\d{10})) ([0-9a-f]{8})\n$/.exec(line);
  if (match === null || checkOf(match[1] ?? "") !== match[4]) return null;
  return { sequence: Number(match[2]), ordinal: Number(match[3]) as Ordinal };
}

/** Reads what has been appended behind a position. A missing file is an empty log. */
export function readForgetLog(path: string, from: ForgetPosition): ForgetRead {
  const nothing = { records: [], position: from, damagedAt: [] };
  const fd = openExisting(path);
  if (fd === null) return nothing;
  try {
    const { size } = fstatSync(fd);
    if (size < from.byteOffset) {
      // Not append-only any more: a file put back from a backup. Read it all; known sequences are
      // dropped.
      return readRange(fd, { byteOffset: 0, sequence: from.sequence }, size);
    }
    return readRange(fd, from, size);
  } finally {
    closeSync(fd);
  }
}

function readRange(fd: number, from: ForgetPosition, size: number): ForgetRead {
  const whole = Math.floor((size - from.byteOffset) / lineBytes) * lineBytes;
  const bytes = Buffer.alloc(whole);
  const got = readSync(fd, bytes, 0, whole, from.byteOffset);
  const records: ForgetRecord[] = [];
  const damagedAt: number[] = [];
  let { byteOffset, sequence } = from;
  for (let at = 0; at + lineBytes <= got; at += lineBytes) {
    const record = parseLine(bytes.toString("latin1", at, at + lineBytes));
    if (record === null) damagedAt.push(byteOffset);
    else if (record.sequence > sequence) {
      records.push(record);
      sequence = record.sequence;
    }
    byteOffset += lineBytes;
  }
  return { records, position: { byteOffset, sequence }, damagedAt };
}

function openExisting(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Appends and syncs; returns the last sequence. One writer at a time: the bank holds its own lock.
 */
export function appendForget(path: string, ordinals: readonly Ordinal[]): number {
  const fd = openSync(path, "a+", 0o600);
  try {
    const { size } = fstatSync(fd);
    const torn = size % lineBytes;
    if (torn !== 0) ftruncateSync(fd, size - torn);
    let sequence = readRange(fd, forgetLogStart, size).position.sequence;
    const lines: string[] = [];
    for (const ordinal of ordinals) {
      if (ordinal === NOBODY) throw new Error("forget.log: ordinal 0 is nobody");
      lines.push(lineOf(++sequence, ordinal));
    }
    writeSync(fd, lines.join(""));
    fdatasyncSync(fd);
    return sequence;
  } finally {
    closeSync(fd);
  }
}

export type ForgetTail = {
  /** Reads now, beside the regular turns: for tests and before a swap. */
  readonly poll: () => void;
  readonly stop: () => void;
};

/**
 * Follows the log every second from where a loaded snapshot's replay ended and gives each person to
 * `forget` once.
 * `alarm` hears of damaged lines and of a log that cannot be read; the tail goes on trying.
 */
export function tailForgetLog(
  path: string,
  from: ForgetPosition,
  forget: (record: ForgetRecord) => void,
  alarm: (words: string) => void,
  everyMs = 1000,
): ForgetTail {
  let position = from;
  let complaint = "";
  const poll = (): void => {
    try {
      const read = readForgetLog(path, position);
      position = read.position;
      for (const record of read.records) forget(record);
      for (const at of read.damagedAt) alarm(`${path}: damaged line at byte ${at}`);
      complaint = "";
    } catch (error) {
      const words = `${path} cannot be read: ${(error as Error).message}`;
      if (words !== complaint) alarm(words);
      complaint = words;
    }
  };
  const timer = setInterval(poll, everyMs);
  timer.unref();
  return { poll, stop: () => clearInterval(timer) };
}
