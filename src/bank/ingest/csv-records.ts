/**
 * Where one CSV record ends: RFC 4180 with any one-byte delimiter, LF or CR LF. Found on bytes, so
 * that a broken line costs itself alone and every record knows the line of the file it starts on.
 */
export type CsvCursor = {
  /** The record's content is bytes[from, end). */
  end: number;
  /** Where the next record starts. */
  next: number;
  fields: number;
  /** Quotes close, and no stray quote, CR or NUL is in it. */
  sound: boolean;
};

/** Longer records are broken ones: an open quote would swallow the rest of the file. */
export const recordBytesMax = 1 << 20;

const NUL = 0;
const LF = 10;
const CR = 13;
const QUOTE = 34;

/** Reads the record at `from`. False: it goes on behind the buffer, which is not the last one. */
export function readCsvRecord(
  bytes: Buffer,
  from: number,
  delimiter: number,
  last: boolean,
  out: CsvCursor,
): boolean {
  out.fields = 1;
  let at = from;
  for (;;) {
    if (bytes[at] === QUOTE) {
      at = quotedEnd(bytes, at + 1);
      if (at === -1 || at - from > recordBytesMax) {
        if (at === -1 && !last && bytes.length - from <= recordBytesMax) return false;
        return skipLine(bytes, from, last, out);
      }
    } else at = plainEnd(bytes, at, delimiter);
    if (at >= bytes.length) {
      if (!last) return bytes.length - from > recordBytesMax && skipLine(bytes, from, last, out);
      return ends(out, bytes.length, bytes.length);
    }
    const byte = bytes[at];
    if (byte === delimiter) {
      out.fields++;
      at++;
    } else if (byte === LF) return ends(out, at, at + 1);
    else if (byte === CR && bytes[at + 1] === LF) return ends(out, at, at + 2);
    else if (byte === CR && at + 1 === bytes.length) {
      if (!last) return false;
      return ends(out, at, at + 1);
    } else return skipLine(bytes, from, last, out);
  }
}

function ends(out: CsvCursor, end: number, next: number): true {
  out.end = end;
  out.next = next;
  out.sound = true;
  return true;
}

/** Behind the closing quote; -1 when the buffer holds none. A doubled quote is a character. */
function quotedEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    // A quote at the very end may be the first of two.
    if (quote === -1) return -1;
    if (bytes[quote + 1] !== QUOTE) return quote + 1;
    at = quote + 2;
  }
}

function plainEnd(bytes: Buffer, from: number, delimiter: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === delimiter || byte === LF || byte === CR || byte === QUOTE || byte === NUL) break;
  }
  return at;
}

/** A broken record ends with its first line: what follows may be sound. */
export function skipLine(bytes: Buffer, from: number, last: boolean, out: CsvCursor): boolean {
  const newline = bytes.indexOf(LF, from);
  if (newline === -1 && !last && bytes.length - from <= recordBytesMax) return false;
  out.end = newline === -1 ? bytes.length : newline;
  out.next = newline === -1 ? bytes.length : newline + 1;
  out.sound = false;
  return true;
}

/** The names of a header line, quotes taken off. */
export function headerNames(line: string, delimiter: string): string[] {
  const names: string[] = [];
  const field = /^(?:"((?:[^"]|"")*)"|([^"]*?))$/;
  let part = "";
  for (const piece of line.split(delimiter)) {
    part = part === "" ? piece : part + delimiter + piece;
    const match = field.exec(part);
    if (match === null) continue;
    names.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    part = "";
  }
  return names;
}
