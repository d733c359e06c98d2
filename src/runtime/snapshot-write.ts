import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Packr } from "msgpackr";
import { assert } from "../base/assert.js";
import type { UnixMs } from "../base/units.js";
import { manifestVersion, PartKind } from "../index/format.js";
import type { IndexImage } from "../index/index-builder.js";
import {
  type ExpectedFile,
  expectedFiles,
  type FileEntry,
  type Manifest,
  manifestToArrays,
  planeCountOf,
  type SegmentEntry,
} from "../index/manifest.js";
import { mergeCountOf } from "../index/merged-people.js";
import { sealManifest } from "../index/verify.js";
import { type SigningKeys, syncFolder } from "./key-files.js";
import { isAlive } from "./process-alive.js";

/** What a snapshot says beside the index itself. */
export type SnapshotFacts = {
  readonly createdMs: UnixMs;
  readonly notAfterMs: UnixMs;
  readonly identifierKeyId: string;
  readonly source: string;
  readonly forgetSequence: number;
  readonly segments: readonly SegmentEntry[];
  readonly areas: readonly string[];
};

const writeBytesMax = 8 * 1024 * 1024;
/** A folder under way: prefix, epoch, hyphen, process. */
export const temporaryPrefix = ".writing-";
export const epochFolderName = (epoch: number): string => `epoch-${epoch}`;

/**
 * Publishes `epoch-<n>` in the snapshots folder: all files and the manifest are written and synced
 * in a hidden folder, which is renamed last, so that a reader sees the whole epoch or none. Returns
 * the folder's path. Throws when the epoch exists or the disk fails; nothing is left behind then
 * but a hidden folder.
 */
export function writeSnapshot(
  snapshotsFolder: string,
  image: IndexImage,
  facts: SnapshotFacts,
  signing: SigningKeys,
  onProgress: (doneBytes: number, totalBytes: number) => void = () => {},
): string {
  const folder = join(snapshotsFolder, epochFolderName(image.epoch));
  if (existsSync(folder)) throw new Error(`${folder} exists: epochs are never written twice`);
  assert(planeCountOf(facts.segments.length) === image.planeCount, "a plane for 32 segments");
  mkdirSync(snapshotsFolder, { recursive: true, mode: 0o700 });
  clearLeftovers(snapshotsFolder);
  const temporary = join(snapshotsFolder, `${temporaryPrefix}${image.epoch}-${process.pid}`);
  mkdirSync(temporary, { mode: 0o700 });
  const expected = expectedFiles({ ...image, mergeCount: mergeCountOf(image.merges) });
  const totalBytes = expected.reduce((sum, file) => sum + file.bytes, 0);
  let doneBytes = 0;
  const files: FileEntry[] = expected.map((file) => {
    const sha256 = writeFile(join(temporary, file.name), bytesOf(image, file));
    doneBytes += file.bytes;
    onProgress(doneBytes, totalBytes);
    return { name: file.name, bytes: file.bytes, sha256 };
  });
  const body = manifestBody(manifestOf(image, facts, files));
  const sealed = sealManifest(body, signing.privateKey, signing.keyId);
  writeFile(join(temporary, "manifest"), sealed);
  syncFolder(temporary);
  renameSync(temporary, folder);
  syncFolder(snapshotsFolder);
  return folder;
}

function manifestOf(
  image: IndexImage,
  facts: SnapshotFacts,
  files: readonly FileEntry[],
): Manifest {
  const { epoch, shifts, lineCount, rowCount, identifierCount, peopleCount } = image;
  const mergeCount = mergeCountOf(image.merges);
  const counts = { lineCount, rowCount, identifierCount, peopleCount, mergeCount };
  return { schema: manifestVersion, epoch, shifts, ...counts, ...facts, files };
}

/** msgpack of plain arrays: each file decodes alone, without shared structures. */
export function manifestBody(manifest: Manifest): Uint8Array {
  const packr = new Packr({ useRecords: false, variableMapSize: true });
  return new Uint8Array(packr.pack(manifestToArrays(manifest)));
}

function bytesOf(image: IndexImage, file: ExpectedFile): Uint8Array {
  const { kind, plane, part } = file;
  if (kind === PartKind.MERGES) return new Uint8Array(checked(image.merges, file));
  const parts =
    kind === PartKind.TABLE
      ? image.table
      : kind === PartKind.PLANE
        ? image.planes[plane]
        : kind === PartKind.HOME
          ? image.home
          : image.people;
  return new Uint8Array(checked(parts?.[part], file));
}

function checked(buffer: SharedArrayBuffer | undefined, file: ExpectedFile): SharedArrayBuffer {
  assert(buffer !== undefined && buffer.byteLength === file.bytes, `${file.name} is in the image`);
  return buffer;
}

/** Writes, syncs and digests what it has written. */
export function writeFile(path: string, bytes: Uint8Array): Uint8Array {
  const digest = createHash("sha256");
  const fd = openSync(path, "wx", 0o400);
  try {
    for (let at = 0; at < bytes.length; ) {
      const block = bytes.subarray(at, at + writeBytesMax);
      const written = writeSync(fd, block);
      digest.update(block.subarray(0, written));
      at += written;
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return digest.digest();
}

/**
 * Folders that a killed writer left: it held them alone, so their names end in a process that is
 * gone.
 */
export function clearLeftovers(snapshotsFolder: string): void {
  for (const name of readdirSync(snapshotsFolder)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const pid = Number(name.split("-").at(-1));
    if (pid === process.pid || !isAlive(pid))
      rmSync(join(snapshotsFolder, name), { recursive: true });
  }
}
