import { encodeBlock } from "./block.js";
import type { Entry } from "./entry.js";
import type { JournalFile, JournalFolder } from "./file.js";
import { appendAll } from "./file.js";
import { scanJournal, segmentName } from "./scan.js";

/** The money's one truth, open for appending. Whoever opens it holds the folder's lock. */
export class Journal {
  private readonly folder: JournalFolder;
  private readonly segmentBytesMax: number;
  private file: JournalFile | null;
  private fileBytes: number;
  private nextSequence: number;
  private broken = false;

  private constructor(
    folder: JournalFolder,
    segmentBytesMax: number,
    file: JournalFile | null,
    fileBytes: number,
    nextSequence: number,
  ) {
    this.folder = folder;
    this.segmentBytesMax = segmentBytesMax;
    this.file = file;
    this.fileBytes = fileBytes;
    this.nextSequence = nextSequence;
  }

  /**
   * Reads everything to `visit`, then cuts a torn last block off (kept aside in
   * `torn-<segment>-<byte>.bin`) and goes on behind it. Throws JournalDamage, or what the disk
   * throws.
   */
  static open(
    folder: JournalFolder,
    segmentBytesMax: number,
    visit: (entry: Entry) => void,
  ): Journal {
    const end = scanJournal(folder, visit);
    const { lastSegment, soundBytes, torn } = end;
    if (lastSegment === "") return new Journal(folder, segmentBytesMax, null, 0, end.nextSequence);
    const file = folder.open(lastSegment);
    if (torn.length > 0) {
      keepAside(folder, `torn-${lastSegment}-${soundBytes}.bin`, torn);
      file.truncate(soundBytes);
      file.sync();
    }
    return new Journal(folder, segmentBytesMax, file, soundBytes, end.nextSequence);
  }

  /**
   * Makes the records durable as one block. Throws when the disk fails: what was written then is
   * unknown, so every later commit throws too, and only opening the journal anew goes on.
   */
  commit(entries: readonly Entry[]): void {
    if (this.broken) throw new Error("the journal failed before; restart to recover it");
    this.broken = true;
    const file = this.segment();
    const block = encodeBlock(this.nextSequence, entries);
    appendAll(file, block);
    file.sync();
    this.fileBytes += block.length;
    this.nextSequence++;
    this.broken = false;
  }

  close(): void {
    this.file?.close();
    this.file = null;
    this.broken = true;
  }

  private segment(): JournalFile {
    if (this.file !== null && this.fileBytes < this.segmentBytesMax) return this.file;
    this.file?.close();
    this.file = this.folder.open(segmentName(this.nextSequence));
    this.fileBytes = 0;
    this.folder.sync();
    return this.file;
  }
}

function keepAside(folder: JournalFolder, name: string, bytes: Uint8Array): void {
  const file = folder.open(name);
  file.truncate(0);
  appendAll(file, bytes);
  file.sync();
  file.close();
  folder.sync();
}
