import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { type EntityRecord, entityKinds } from "../admin/store/desk-store.js";
import { putInPlace } from "../bank/durable.js";
import { giveWay } from "./slices.js";

const header = '{"crowdbid":"book","version":1}';
const recordsAtOnce = 200;
/** Edits that come close together are written once. */
const waitMs = 1000;

/**
 * What is bought, as the store had it last: a start that cannot read the store goes on with it, so
 * that nothing bids that was paused or archived at the desk alone. One record a line, a header, and
 * a last line with their count; a copy that is not whole counts for nothing.
 */
export class BookCopy {
  private readonly path: string;
  private readonly onFailure: (words: string) => void;
  private recordsOf: (() => readonly EntityRecord[]) | null = null;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string, onFailure: (words: string) => void) {
    this.path = path;
    this.onFailure = onFailure;
  }

  /** null: there is no whole one. */
  read(): readonly EntityRecord[] | null {
    try {
      const lines = readFileSync(this.path, "utf8").split("\n");
      const last = JSON.parse(lines.at(-2) ?? "") as { records?: number };
      const records = lines.slice(1, -2).map((line) => JSON.parse(line) as EntityRecord);
      if (lines[0] !== header || last.records !== records.length) return null;
      return records.every(({ kind }) => entityKinds.includes(kind)) ? records : null;
    } catch {
      return null;
    }
  }

  /** Written within a second or so. */
  note(recordsOf: () => readonly EntityRecord[]): void {
    this.recordsOf = recordsOf;
    this.timer ??= setTimeout(() => void this.settle(), waitMs);
    this.timer.unref();
  }

  /** What was noted is on disk when it resolves. */
  settle(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.writing = this.writing
      .then(() => this.write())
      .catch((error: unknown) => {
        this.onFailure(error instanceof Error ? error.message : "unknown");
      });
    return this.writing;
  }

  private async write(): Promise<void> {
    const records = this.recordsOf?.();
    this.recordsOf = null;
    if (records === undefined) return;
    // A command may write one beside a running server.
    const temporary = `${this.path}.${process.pid}.new`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.write(`${header}\n`);
      for (let from = 0; from < records.length; from += recordsAtOnce) {
        const slice = records.slice(from, from + recordsAtOnce);
        await file.write(slice.map((record) => `${JSON.stringify(record)}\n`).join(""));
        await giveWay();
      }
      await file.write(`${JSON.stringify({ records: records.length })}\n`);
    } finally {
      await file.close();
    }
    putInPlace(temporary, this.path);
  }
}
