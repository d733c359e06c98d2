import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { syncFolder } from "./boot.js";
import {
  type Behaviour,
  csvEnding,
  exposureDays,
  exposureFileName,
  exposureFiles,
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

export const dayOf = (nowSec: number): string =>
  new Date(Math.floor(nowSec / daySec) * daySec * 1000).toISOString().slice(0, 10);

/**
 * Writes the exposure log of one boot (exposure-file.ts). Rows go to the file of the day on which
 * they are written, so that a day that is over grows no more. Nothing throws: what the disk refuses
 * is kept and tried again, and `failure` says why.
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
  private forgets = 0;
  private pending = "";
  private pendingRows = 0;
  private open: { readonly descriptor: number; readonly day: string; path: string } | null = null;
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
      const day = dayOf(nowSec);
      if (this.open !== null && this.open.day !== day) this.closeFile();
      this.open ??= this.openFile(day);
      const text = this.torn ? `\n${this.pending}` : this.pending;
      // What the disk took of a write that fails is a line of its own, which readers drop.
      this.torn = true;
      writeAll(this.open.descriptor, text);
      this.torn = false;
      this.pending = "";
      this.pendingRows = 0;
      this.dirty = true;
    });
  }

  /**
   * Every second or so: what was written outlives the machine. A file that an operator removed with
   * its day is given up for a new one.
   */
  sync(): void {
    const { open } = this;
    if (open === null) return;
    this.attempt(() => {
      if (!existsSync(open.path)) {
        this.open = null;
        closeSync(open.descriptor);
      } else if (this.dirty) fdatasyncSync(open.descriptor);
      this.dirty = false;
    });
  }

  /**
   * The forget log was read up to that sequence: rows from here on go to a new file, and the one of
   * before is closed, to be rewritten by whoever forgets. Rows that wait are of before.
   */
  forgotten(sequence: number, nowSec: number): void {
    this.flush(nowSec);
    this.forgets = sequence;
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

  private openFile(day: string): NonNullable<ExposureLog["open"]> {
    mkdirSync(join(this.folder, day), { recursive: true, mode: 0o700 });
    const stem = `${this.boot}-${this.mark}-${this.part++}`;
    const path = join(this.folder, day, exposureFileName(stem, this.forgets, liveEnding));
    const descriptor = openSync(path, "wx", 0o600);
    writeAll(descriptor, exposureHead);
    return { descriptor, day, path };
  }

  private closeFile(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    try {
      fdatasyncSync(open.descriptor);
    } finally {
      closeSync(open.descriptor);
    }
    // Removed with its day: nothing to close.
    if (existsSync(open.path)) renameSync(open.path, closedPath(open.path));
    this.dirty = false;
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

const closedPath = (path: string): string => path.slice(0, -liveEnding.length) + csvEnding;

/** Closes what a crash has left live. For the holder of the folder's lock. */
export function closeLeftovers(folder: string): void {
  const left = exposureFiles(folder).filter(({ live }) => live);
  for (const { path } of left) renameSync(path, closedPath(path));
  for (const day of new Set(left.map((file) => file.day))) syncFolder(join(folder, day));
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
