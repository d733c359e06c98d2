import { isUtf8 } from "node:buffer";
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import {
  type CsvCursor,
  headerNames,
  readCsvRecord,
  recordBytesMax,
  skipLine,
} from "./csv-records.js";
import { RefusedFile } from "./result.js";
import type { SourceFile } from "./source-files.js";

/** A row that cannot be read: its line in the file, 1-based. */
export type BrokenRow = { readonly line: number; readonly reason: "malformed" | "not_utf8" };

/**
 * The sound records of a text file, each behind the number of its line, for DuckDB to read: what it
 * would stumble over is not in it. The copy has no name, so that not even a kill leaves raw values
 * behind.
 */
export type TextCopy = {
  readonly path: string;
  /** Of a CSV: the names of its columns; of NDJSON: none. */
  readonly names: readonly string[];
  readonly delimiter: string;
  /** Some record spans lines. */
  readonly multiline: boolean;
  readonly broken: readonly BrokenRow[];
  readonly close: () => void;
};

/** Separates line number and record of NDJSON: no sound JSON text holds it. */
export const jsonDelimiter = "\u0001";
const csvDelimiters = [",", ";", "\t", "|"] as const;

export async function copyText(
  file: SourceFile,
  folder: string,
  columnsWanted: ReadonlySet<string>,
): Promise<TextCopy> {
  const sink = new Sink(folder);
  try {
    const copier = new Copier(file.format === "csv", columnsWanted, sink);
    const raw = createReadStream(file.path, { highWaterMark: 1 << 20 });
    let pending: Buffer = Buffer.alloc(0);
    for await (const part of file.gzipped ? gunzipped(raw) : raw) {
      pending = pending.length === 0 ? (part as Buffer) : Buffer.concat([pending, part as Buffer]);
      pending = pending.subarray(copier.take(pending, false));
    }
    copier.take(pending, true);
    sink.flush();
    refuseForeign(copier);
    const { names, delimiter, multiline, broken } = copier;
    return { path: sink.path, names, delimiter, multiline, broken, close: () => sink.close() };
  } catch (error) {
    sink.close();
    throw error;
  }
}

async function* gunzipped(raw: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  raw.on("error", (error: Error) => gunzip.destroy(error));
  try {
    for await (const part of raw.pipe(gunzip)) yield part as Buffer;
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith("Z_")) throw error;
    throw new RefusedFile("is damaged or not complete as gzip: write it again");
  }
}

function refuseForeign(copier: Copier): void {
  const foreign = copier.broken.filter(({ reason }) => reason === "not_utf8").length;
  if (foreign * 2 > copier.records) {
    throw new RefusedFile("is not UTF-8 in most of its rows: write it again as UTF-8");
  }
}

class Copier {
  names: readonly string[] = [];
  delimiter: string;
  multiline = false;
  readonly broken: BrokenRow[] = [];
  records = 0;
  private readonly csv: boolean;
  private readonly columnsWanted: ReadonlySet<string>;
  private readonly sink: Sink;
  private started = false;
  /** Inside of a line that is longer than any record. */
  private skipping = false;
  private line = 1;
  private readonly cursor: CsvCursor = { end: 0, next: 0, fields: 1, sound: true };

  constructor(csv: boolean, columnsWanted: ReadonlySet<string>, sink: Sink) {
    this.csv = csv;
    this.columnsWanted = columnsWanted;
    this.sink = sink;
    this.delimiter = csv ? "," : jsonDelimiter;
  }

  /** Copies the whole records of `bytes`; how many bytes it is done with. */
  take(bytes: Buffer, last: boolean): number {
    let at = this.start(bytes, last);
    if (at === -1) return 0;
    const newline = bytes.lastIndexOf(10);
    const clean = isUtf8(last ? bytes.subarray(at) : bytes.subarray(at, newline + 1));
    const holdsNul = bytes.includes(0, at);
    while (at < bytes.length) {
      if (!this.read(bytes, at, last)) break;
      const { end, next, sound } = this.cursor;
      if (this.skipping) this.skipping = false;
      else if (end > at) this.record(bytes.subarray(at, end), sound, clean, holdsNul);
      this.line += bytes[next - 1] === 10 ? this.newlines(bytes, at, next) : 0;
      this.skipping = next === bytes.length && !last && bytes[next - 1] !== 10;
      at = next;
    }
    return at;
  }

  /** The header and the byte order mark; -1: more bytes are needed. */
  private start(bytes: Buffer, last: boolean): number {
    if (this.started) return 0;
    const newline = bytes.indexOf(10);
    if (newline === -1 && !last && bytes.length <= recordBytesMax) return -1;
    this.started = true;
    if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
      throw new RefusedFile("is UTF-16: write it again as UTF-8");
    }
    const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    if (!this.csv) return from;
    const end = newline === -1 ? bytes.length : newline;
    if (end > recordBytesMax) throw new RefusedFile("has no header line: name its columns");
    this.header(bytes.subarray(from, end));
    this.line = 2;
    return Math.min(end + 1, bytes.length);
  }

  /** The delimiter is the one that finds most of the columns that the touch-point names. */
  private header(bytes: Buffer): void {
    if (!isUtf8(bytes)) throw new RefusedFile("is not UTF-8: write it again as UTF-8");
    const line = bytes.toString("utf8").replace(/\r$/, "");
    let most = -1;
    for (const delimiter of csvDelimiters) {
      const names = headerNames(line, delimiter);
      const known = names.filter((name) => this.columnsWanted.has(name)).length;
      if (known <= most) continue;
      most = known;
      this.names = names;
      this.delimiter = delimiter;
    }
  }

  private read(bytes: Buffer, at: number, last: boolean): boolean {
    const { cursor } = this;
    if (this.skipping) return skipLine(bytes, at, last, cursor);
    if (this.csv) {
      if (!readCsvRecord(bytes, at, this.delimiter.charCodeAt(0), last, cursor)) return false;
      if (cursor.fields === this.names.length || !cursor.sound || cursor.end === at) return true;
      // A record over several lines that has too many fields is one with a broken quote.
      return skipLine(bytes, at, last, cursor);
    }
    if (!skipLine(bytes, at, last, cursor)) return false;
    cursor.sound = cursor.end - at <= recordBytesMax;
    if (bytes[cursor.end - 1] === 13 && cursor.end > at) cursor.end--;
    return true;
  }

  private record(bytes: Buffer, sound: boolean, clean: boolean, holdsNul: boolean): void {
    this.records++;
    if (!clean && !isUtf8(bytes)) this.broken.push({ line: this.line, reason: "not_utf8" });
    else if (!sound || (holdsNul && bytes.includes(0)) || (!this.csv && bytes.includes(1))) {
      this.broken.push({ line: this.line, reason: "malformed" });
    } else this.sink.write(this.line, this.delimiter, bytes);
  }

  private newlines(bytes: Buffer, from: number, to: number): number {
    if (!this.csv) return 1;
    let lines = 0;
    for (let at = bytes.indexOf(10, from); at !== -1 && at < to; at = bytes.indexOf(10, at + 1)) {
      lines++;
    }
    if (lines > 1) this.multiline = true;
    return lines;
  }
}

const sinkBytes = 1 << 20;

/** A file that is there for its descriptor alone. */
class Sink {
  readonly path: string;
  private readonly handle: number;
  private readonly named: string | null;
  private readonly buffer = Buffer.allocUnsafe(sinkBytes + recordBytesMax + 32);
  private length = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, "text");
    this.handle = openSync(path, "w+", 0o600);
    const byHandle = `/proc/self/fd/${this.handle}`;
    // Elsewhere than on Linux the name stays until the file is taken in.
    this.named = existsSync(byHandle) ? null : path;
    if (this.named === null) rmSync(path);
    this.path = this.named ?? byHandle;
  }

  write(line: number, delimiter: string, record: Buffer): void {
    this.length += this.buffer.write(`${line}${delimiter}`, this.length, "latin1");
    this.length += record.copy(this.buffer, this.length);
    this.buffer[this.length++] = 10;
    if (this.length >= sinkBytes) this.flush();
  }

  flush(): void {
    for (let at = 0; at < this.length; ) {
      at += writeSync(this.handle, this.buffer, at, this.length - at);
    }
    this.length = 0;
  }

  close(): void {
    closeSync(this.handle);
    if (this.named !== null) rmSync(this.named, { force: true });
  }
}
