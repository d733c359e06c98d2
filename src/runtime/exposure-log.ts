import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { closeExposureFile, closeLeftovers } from "./exposure-close.js";
import {
  type Behaviour,
  exposureDays,
  exposureFileName,
  exposureHead,
  liveEnding,
} from "./exposure-file.js";

export type ExposureRow = {
  readonly person: number;
  readonly epoch: number;
  readonly behaviour: Behaviour;
  readonly lineItem: number;
  /** 0 = not known. */
  readonly campaign: number;
  readonly advertiser: number;
  /** Alpha-3, "" = not known. */
  readonly country: string;
};

const daySec = 86_400;
const hourSec = 3600;
/** Rows that wait for a disk that takes none; more are lost and counted. */
const pendingCharsMax = 64 * 1024 * 1024;
/** Of one file: its close takes 83 ms (Node 20, busy machine), in which no bill is booked. */
const fileRowsMax = 32_768;

export const dayOf = (nowSec: number): string =>
  new Date(Math.floor(nowSec / daySec) * daySec * 1000).toISOString().slice(0, 10);

type OpenFile = {
  readonly descriptor: number;
  readonly hour: number;
  readonly path: string;
  rows: number;
};

/**
 * Writes the exposure log of one boot (exposure-file.ts). Rows go to the file of the hour in which
 * they are written, so that a day that is over grows no more, and no row stands in the journal's
 * order for longer than that. Nothing throws: what the disk refuses is kept and tried again, and
 * `failure` says why.
 */
export class ExposureLog {
  rows = 0;
  /** Rows that were dropped because the disk took none for too long. */
  lost = 0;
  /** "" while the disk takes what it gets. */
  failure = "";
  private readonly folder: string;
  private readonly retentionDays: number;
  private boot = 0;
  private readonly mark: string;
  private part = 0;
  /** Nobody whom the forget log names up to there is in the files that are opened now. */
  private forgets = 0;
  private forgetsHeard = 0;
  private pending = "";
  private pendingRows = 0;
  private open: OpenFile | null = null;
  /** Live files that are written no more and could not be sorted yet. */
  private readonly unsorted = new Set<string>();
  private dirty = false;
  private torn = false;

  /** `mark`: random hexadecimal digits. For the holder of the folder's lock. */
  constructor(folder: string, retentionDays: number, mark: string) {
    this.folder = folder;
    this.retentionDays = retentionDays;
    this.mark = mark;
    this.attempt(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      closeLeftovers(folder);
    });
  }

  /** Rows wait that the disk did not take: a crash would lose them. */
  get isBehind(): boolean {
    return this.pendingRows > 0;
  }

  /** Before the first row. */
  begin(boot: number): void {
    this.boot = boot;
  }

  add(row: ExposureRow, nowSec: number): void {
    if (this.pending.length >= pendingCharsMax) {
      this.lost++;
      return;
    }
    const hour = Math.floor(nowSec / hourSec) * hourSec;
    const { person, epoch, behaviour, lineItem, campaign, advertiser, country } = row;
    this.pending +=
      `${this.boot}-${this.mark}-${this.rows},${hour},${person},${epoch},${behaviour},` +
      `${lineItem},${campaign},${advertiser},${country}\n`;
    this.rows++;
    this.pendingRows++;
  }

  /** Hands what waits to the disk, unsynced: what is written so outlives the process. */
  flush(nowSec: number): void {
    if (this.pending === "") return;
    this.attempt(() => {
      if (this.open !== null && !this.takesMore(this.open, nowSec)) this.closeFile();
      this.open ??= this.openFile(nowSec);
      const text = this.torn ? `\n${this.pending}` : this.pending;
      // What the disk took of a write that fails is a line of its own, which readers drop.
      this.torn = true;
      writeAll(this.open.descriptor, text);
      this.torn = false;
      this.open.rows += this.pendingRows;
      this.pending = "";
      this.pendingRows = 0;
      this.dirty = true;
    });
  }

  /**
   * Every second or so: what was written outlives the machine, and files that are full or over are
   * closed. One that an operator removed with its day is given up for a new one.
   */
  sync(nowSec: number): void {
    const { open } = this;
    if (open !== null) {
      this.attempt(() => {
        if (!existsSync(open.path)) {
          this.open = null;
          closeSync(open.descriptor);
        } else if (this.dirty) fdatasyncSync(open.descriptor);
        this.dirty = false;
        if (this.open !== null && !this.takesMore(open, nowSec)) this.closeFile();
      });
    }
    this.nameForgets();
    if (this.unsorted.size > 0) this.attempt(() => this.sortFiles());
  }

  /**
   * The forget log was read up to that sequence: rows from here on go to a new file, and the one of
   * before is closed, to be rewritten by whoever forgets. Rows that wait are of before: until the
   * disk has taken them no file says otherwise.
   */
  forgotten(sequence: number, nowSec: number): void {
    this.forgetsHeard = sequence;
    this.flush(nowSec);
    this.nameForgets();
  }

  private nameForgets(): void {
    if (this.forgets === this.forgetsHeard || this.isBehind) return;
    this.forgets = this.forgetsHeard;
    this.attempt(() => this.closeFile());
  }

  /** Days before the retention go. */
  expire(nowSec: number): void {
    const oldest = dayOf(nowSec - this.retentionDays * daySec);
    this.attempt(() => {
      for (const day of exposureDays(this.folder)) {
        if (day < oldest) rmSync(join(this.folder, day), { recursive: true, force: true });
      }
    });
  }

  close(nowSec: number): void {
    this.flush(nowSec);
    this.attempt(() => this.closeFile());
    this.lost += this.pendingRows;
  }

  private takesMore(open: OpenFile, nowSec: number): boolean {
    return open.hour === Math.floor(nowSec / hourSec) && open.rows < fileRowsMax;
  }

  private openFile(nowSec: number): OpenFile {
    const day = dayOf(nowSec);
    mkdirSync(join(this.folder, day), { recursive: true, mode: 0o700 });
    const stem = `${this.boot}-${this.mark}-${this.part++}`;
    const path = join(this.folder, day, exposureFileName(stem, this.forgets, liveEnding));
    const descriptor = openSync(path, "wx", 0o600);
    writeAll(descriptor, exposureHead);
    return { descriptor, hour: Math.floor(nowSec / hourSec), path, rows: 0 };
  }

  private closeFile(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    this.dirty = false;
    this.unsorted.add(open.path);
    closeSync(open.descriptor);
    this.sortFiles();
  }

  private sortFiles(): void {
    for (const path of this.unsorted) {
      closeExposureFile(path);
      this.unsorted.delete(path);
    }
  }

  private attempt(job: () => void): void {
    try {
      job();
      this.failure = "";
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.failure = `${this.folder} cannot be written: ${code ?? String(error)}`;
    }
  }
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
