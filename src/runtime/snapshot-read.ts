import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { Unpackr } from "msgpackr";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { headerBytes, headerMismatch, type PartHeader, type PartKind } from "../index/format.js";
import { expectedFiles, type FileEntry, type Manifest, planeCountOf } from "../index/manifest.js";
import { readManifest } from "../index/manifest-read.js";
import {
  admitDigest,
  admitFile,
  admitManifest,
  manifestBytesMax,
  openSeal,
  type Refusal,
  refuse,
} from "../index/verify.js";

/** What a reader trusts; plain values, so that it can be posted to a thread. */
export type SnapshotTrust = {
  /** SPKI PEMs, by signing key id. */
  readonly publicKeys: Readonly<Record<string, string>>;
  readonly identifierKeyId: string;
  /** Of a segment's banded size; another value than the default is for tests. */
  readonly crowdMinimum: number;
};

/** Bytes read and digested at a time: below a second level cache, far above the cost of a call. */
export const readBytesMax = 1024 * 1024;

/** The epochs of a snapshots folder, newest first; a missing folder has none. */
export function listEpochs(snapshotsFolder: string): number[] {
  let names: string[];
  try {
    names = readdirSync(snapshotsFolder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .map((name) => Number(/^epoch-([1-9]\d{0,9})$/.exec(name)?.[1] ?? 0))
    .filter((epoch) => epoch > 0)
    .sort((a, b) => b - a);
}

export type ReadManifest =
  | {
      readonly ok: true;
      readonly manifest: Manifest;
      /** Which of all snapshots it is (`makingOf`). */
      readonly digest: string;
    }
  | Refusal;

/**
 * Reads and judges the manifest of `folder`, then every file's presence, kind and size. No file is
 * read yet.
 */
export function admitSnapshot(
  folder: string,
  folderEpoch: number,
  servedEpoch: Epoch,
  nowMs: UnixMs,
  trust: SnapshotTrust,
  highestServed = 0 as Epoch,
): ReadManifest {
  if (!lstatSync(folder).isDirectory()) return refuse("not_a_file", `${folder} is no folder`);
  const read = readSealed(join(folder, "manifest"), trust);
  if (!read.ok) return read;
  const { identifierKeyId } = trust;
  const demands = { folderEpoch, servedEpoch, highestServed, nowMs, identifierKeyId };
  const admitted = admitManifest(read.manifest, demands);
  if (!admitted.ok) return admitted;
  for (const entry of read.manifest.files) {
    const opened = openPart(folder, entry);
    if (!opened.ok) return opened;
    closeSync(opened.fd);
  }
  return read;
}

/** Reads a manifest, its seal and its fields, without asking whether it may be served now. */
export function readSealed(path: string, trust: SnapshotTrust): ReadManifest {
  const opened = openRegular(path, "manifest");
  if (!opened.ok) return opened;
  try {
    if (opened.bytes > manifestBytesMax) return refuse("wrong_size", "the manifest is over 16 MiB");
    const bytes = new Uint8Array(opened.bytes);
    readFully(opened.fd, bytes);
    const keys = new Map<string, KeyObject>();
    for (const [id, pem] of Object.entries(trust.publicKeys)) keys.set(id, createPublicKey(pem));
    const seal = openSeal(bytes, keys);
    if (!seal.ok) return seal;
    const read = decodeBody(seal.body, trust.crowdMinimum);
    return read.ok ? { ...read, digest: makingOf(read.manifest) } : read;
  } finally {
    closeSync(opened.fd);
  }
}

/**
 * SHA-256, hexadecimal, of what a snapshot was made as. Forgetting someone rewrites its files and
 * counts under the same epoch (snapshot-scrub.ts), and it stays the same snapshot by this.
 */
function makingOf(m: Manifest): string {
  const { epoch, createdMs, notAfterMs, identifierKeyId, source, segments, areas } = m;
  const made = [epoch, createdMs, notAfterMs, identifierKeyId, source, segments, areas];
  const shape = [m.shifts.lines, m.shifts.people, m.lineCount, m.rowCount];
  return createHash("sha256")
    .update(JSON.stringify([made, shape]))
    .digest("hex");
}

function decodeBody(
  body: Uint8Array,
  crowdMinimum: number,
): { readonly ok: true; readonly manifest: Manifest } | Refusal {
  try {
    const unpackr = new Unpackr({ useRecords: false, copyBuffers: true });
    return readManifest(unpackr.unpack(body), crowdMinimum);
  } catch (error) {
    return refuse("malformed", `manifest: no msgpack (${(error as Error).message})`);
  }
}

type Opened = { readonly ok: true; readonly fd: number; readonly bytes: number } | Refusal;

/**
 * Opens a part without following links or waiting for a pipe, and checks what was opened, not what
 * was named.
 */
export function openPart(folder: string, entry: FileEntry): Opened {
  const opened = openRegular(join(folder, entry.name), entry.name);
  if (!opened.ok) return opened;
  const admitted = admitFile(entry, { exists: true, regular: true, bytes: opened.bytes });
  if (admitted.ok) return opened;
  closeSync(opened.fd);
  return admitted;
}

function openRegular(path: string, name: string): Opened {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return refuse("truncated", `${name} is missing`);
    if (code === "ELOOP") return refuse("not_a_file", `${name} is a link; links are not followed`);
    if (code === "ENXIO") return refuse("not_a_file", `${name} is no regular file`);
    return refuse("unreadable", `${name}: ${(error as Error).message}`);
  }
  const facts = fstatSync(fd);
  if (facts.isFile()) return { ok: true, fd, bytes: facts.size };
  closeSync(fd);
  return refuse("not_a_file", `${name} is no regular file`);
}

/** Fills `target` from the file's current position; false when the file ends before. */
export function readFully(fd: number, target: Uint8Array): boolean {
  for (let at = 0; at < target.length; ) {
    const got = readSync(fd, target, at, target.length - at, null);
    if (got === 0) return false;
    at += got;
  }
  return true;
}

/** A part file with the header that it must begin with. */
export type PartFile = { readonly entry: FileEntry; readonly header: PartHeader };

/** The part files of a manifest, in its order, of one kind. */
export function partFilesOf(manifest: Manifest, kind: PartKind): PartFile[] {
  const planeCount = planeCountOf(manifest.segments.length);
  const files: PartFile[] = [];
  for (const [i, expected] of expectedFiles({ ...manifest, planeCount }).entries()) {
    const entry = manifest.files[i];
    if (entry === undefined || expected.kind !== kind) continue;
    const { part, firstItem, itemCount, plane, itemsInAll } = expected;
    const header = { kind, part, firstItem, itemCount, plane, epoch: manifest.epoch, itemsInAll };
    files.push({ entry, header });
  }
  return files;
}

/**
 * Reads files of equal length side by side, block by block, digests them and hands each block on;
 * the digests are compared at the end, so what `onBlock` has made must be thrown away when this
 * refuses.
 * `onBlock(file, at, block)`: `at` is the block's byte offset behind the header, a multiple of
 * `blockBytes`.
 */
export function readVerified(
  folder: string,
  files: readonly PartFile[],
  blockBytes: number,
  onBlock: (file: number, at: number, block: Uint8Array) => void,
): { readonly ok: true } | Refusal {
  const fds: number[] = [];
  try {
    for (const { entry } of files) {
      const opened = openPart(folder, entry);
      if (!opened.ok) return opened;
      fds.push(opened.fd);
    }
    return readOpened(files, fds, blockBytes, onBlock);
  } catch (error) {
    return refuse("unreadable", `${files[0]?.entry.name}: ${(error as Error).message}`);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function readOpened(
  files: readonly PartFile[],
  fds: readonly number[],
  blockBytes: number,
  onBlock: (file: number, at: number, block: Uint8Array) => void,
): { readonly ok: true } | Refusal {
  const digests = files.map(() => createHash("sha256"));
  const header = new Uint8Array(headerBytes);
  for (const [i, file] of files.entries()) {
    const { name } = file.entry;
    if (!readFully(fds[i]!, header)) return refuse("truncated", `${name} became shorter`);
    const wrong = headerMismatch(header.buffer, file.header);
    if (wrong !== "") return refuse("changed", `${name}: ${wrong}`);
    digests[i]!.update(header);
  }
  const payload = (files[0]?.entry.bytes ?? headerBytes) - headerBytes;
  const scratch = new Uint8Array(Math.min(blockBytes, payload));
  for (let at = 0; at < payload; at += blockBytes) {
    const block = scratch.subarray(0, Math.min(blockBytes, payload - at));
    for (const [i, fd] of fds.entries()) {
      const { name } = files[i]!.entry;
      if (!readFully(fd, block)) return refuse("truncated", `${name} became shorter`);
      digests[i]!.update(block);
      onBlock(i, at, block);
    }
  }
  for (const [i, { entry }] of files.entries()) {
    const admitted = admitDigest(entry, digests[i]!.digest());
    if (!admitted.ok) return admitted;
  }
  return { ok: true };
}
