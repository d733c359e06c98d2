import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { headerBytes, PartKind, writeHeader } from "../index/format.js";
import type { FileEntry, Manifest } from "../index/manifest.js";
import { type Refusal, type RefusalCode, sealManifest } from "../index/verify.js";
import { forgetLogStart, readForgetLog } from "./forget-log.js";
import { type SigningKeys, syncFolder } from "./key-files.js";
import { Eraser } from "./snapshot-erase.js";
import {
  listEpochs,
  type PartFile,
  partFilesOf,
  readBytesMax,
  readSealed,
  readVerified,
  type SnapshotTrust,
} from "./snapshot-read.js";
import { dropScrubbed, replaceEpoch } from "./snapshot-replace.js";
import {
  clearLeftovers,
  epochFolderName,
  manifestBody,
  temporaryPrefix,
  writeFile,
} from "./snapshot-write.js";

/** Whose bytes leave a snapshot. */
export type Forgotten = { readonly ordinals: ReadonlySet<number> };

/**
 * Rewrites a signed snapshot without some people: their slots of the identifier table, words of
 * every plane, home areas and people bits become zero, the counts follow, every other byte stays.
 * The epoch keeps its number: a bidder that serves it from memory goes on undisturbed, a restart
 * and the counting child get the new one. Banded sizes stay as they were: a band that changed with
 * one person would tell of that person.
 *
 * Files are read block by block (1 MiB of memory) against the digests of the manifest, once to see
 * whether they hold any of these people and a second time, written as they are read, where they do;
 * the others become a second name of the same file. A damaged snapshot is refused and stays as it
 * is; a full disk throws and leaves it as well.
 */
export function scrubSnapshot(
  snapshotsFolder: string,
  epoch: number,
  who: Forgotten,
  forgetSequence: number,
  trust: SnapshotTrust,
  signing: SigningKeys,
): { readonly ok: true } | Refusal {
  const folder = join(snapshotsFolder, epochFolderName(epoch));
  const read = readSealed(join(folder, "manifest"), trust);
  if (!read.ok) return read;
  const temporary = join(snapshotsFolder, `${temporaryPrefix}${epoch}-${process.pid}`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  try {
    const rewritten = rewriteFiles(folder, temporary, read.manifest, who);
    if (!rewritten.ok) return rewritten;
    const sequence = Math.max(forgetSequence, read.manifest.forgetSequence);
    const manifest = { ...rewritten.manifest, forgetSequence: sequence };
    const { privateKey, keyId } = signing;
    const sealed = sealManifest(manifestBody(manifest), privateKey, keyId, manifest.schema);
    writeFile(join(temporary, "manifest"), sealed);
    syncFolder(temporary);
    replaceEpoch(snapshotsFolder, epoch, temporary);
    return { ok: true };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const kinds = [
  PartKind.TABLE,
  PartKind.PLANE,
  PartKind.HOME,
  PartKind.PEOPLE,
  PartKind.MERGES,
] as const;

type Rewritten = { readonly ok: true; readonly manifest: Manifest } | Refusal;

function rewriteFiles(
  folder: string,
  temporary: string,
  manifest: Manifest,
  { ordinals }: Forgotten,
): Rewritten {
  const eraser = new Eraser(ordinals);
  const erased = { [PartKind.TABLE]: 0, [PartKind.PLANE]: 0, [PartKind.HOME]: 0 };
  const erasedBy: Record<PartKind, number> = {
    ...{ ...erased, [PartKind.PEOPLE]: 0, [PartKind.MERGES]: 0 },
  };
  const files: FileEntry[] = [];
  for (const kind of kinds) {
    for (const file of partFilesOf(manifest, kind)) {
      const done = rewriteFile(folder, temporary, file, eraser);
      if ("ok" in done) return done;
      erasedBy[kind] += done.erased;
      files.push(done.entry);
    }
  }
  const identifierCount = manifest.identifierCount - erasedBy[PartKind.TABLE];
  const peopleCount = manifest.peopleCount - erasedBy[PartKind.PEOPLE];
  return { ok: true, manifest: { ...manifest, files, identifierCount, peopleCount } };
}

type RewrittenFile = { readonly entry: FileEntry; readonly erased: number };

function rewriteFile(
  folder: string,
  temporary: string,
  file: PartFile,
  eraser: Eraser,
): RewrittenFile | Refusal {
  const { name } = file.entry;
  const same = (): RewrittenFile => {
    linkOrCopy(join(folder, name), join(temporary, name));
    return { entry: file.entry, erased: 0 };
  };
  // What is not read keeps its digest, so that a damaged file is refused by who loads it.
  if (!eraser.concerns(file.header)) return same();
  let found = 0;
  const looked = readVerified(folder, [file], readBytesMax, (_, at, block) => {
    found += eraser.erase(file.header, at, block);
  });
  if (!looked.ok) return looked;
  return found === 0 ? same() : copyErased(folder, temporary, file, eraser);
}

function copyErased(
  folder: string,
  temporary: string,
  file: PartFile,
  eraser: Eraser,
): RewrittenFile | Refusal {
  const { name, bytes } = file.entry;
  const digest = createHash("sha256");
  const header = new ArrayBuffer(headerBytes);
  writeHeader(header, file.header);
  let erased = 0;
  const fd = openSync(join(temporary, name), "wx", 0o400);
  try {
    append(fd, new Uint8Array(header), digest);
    const read = readVerified(folder, [file], readBytesMax, (_, at, block) => {
      erased += eraser.erase(file.header, at, block);
      append(fd, block, digest);
    });
    if (!read.ok) return read;
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { entry: { name, bytes, sha256: new Uint8Array(digest.digest()) }, erased };
}

function append(fd: number, bytes: Uint8Array, digest: Hash): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  digest.update(bytes);
}

/** A second name costs nothing; file systems without hard links get a copy. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    copyFileSync(from, to);
    const fd = openSync(to, "r");
    fsyncSync(fd);
    closeSync(fd);
  }
}

export type ScrubOrder = {
  readonly snapshotsFolder: string;
  readonly forgetLog: string;
  readonly trust: SnapshotTrust;
  readonly signing: SigningKeys;
};

export type Scrubs = {
  /** Epochs looked at, rewritten or not. */
  readonly epochs: number;
  /** Epochs that still hold what they held: they are damaged or not ours, and never served. */
  readonly refused: readonly {
    readonly epoch: number;
    readonly code: RefusalCode;
    readonly words: string;
  }[];
};

/**
 * Takes out of every snapshot on disk whomever the forget log names behind its manifest's sequence:
 * all of them, not only those of one request, because the new manifest says that the log is applied
 * up to its end. For the holder of the bank's lock.
 */
export function scrubSnapshots(order: ScrubOrder): Scrubs {
  const { snapshotsFolder, forgetLog, trust, signing } = order;
  dropScrubbed(snapshotsFolder);
  const epochs = listEpochs(snapshotsFolder);
  if (epochs.length > 0) clearLeftovers(snapshotsFolder);
  const { records, position } = readForgetLog(forgetLog, forgetLogStart);
  const refused: Scrubs["refused"][number][] = [];
  for (const epoch of epochs) {
    const manifest = readSealed(join(snapshotsFolder, epochFolderName(epoch), "manifest"), trust);
    const applied = manifest.ok ? manifest.manifest.forgetSequence : 0;
    const behind = records.filter(({ sequence }) => sequence > applied);
    if (behind.length === 0) continue;
    const who = { ordinals: new Set(behind.map(({ ordinal }) => Number(ordinal))) };
    const scrubbed = manifest.ok
      ? scrubSnapshot(snapshotsFolder, epoch, who, position.sequence, trust, signing)
      : manifest;
    if (!scrubbed.ok) refused.push({ epoch, code: scrubbed.code, words: scrubbed.words });
  }
  return { epochs: epochs.length, refused };
}
