import { join } from "node:path";
import { SharedBits } from "../base/bitset.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { PartKind } from "../index/format.js";
import { allocateRows, type IndexParts, rowShiftFor } from "../index/index-parts.js";
import type { Manifest, SegmentEntry } from "../index/manifest.js";
import { type Place, projectionOf } from "../index/projection.js";
import { dictionaryKeyOf, type Refusal, type RefusalCode, refuse } from "../index/verify.js";
import { type ForgetPosition, forgetLogStart, readForgetLog } from "./forget-log.js";
import type { FillPiece, FillPlan } from "./snapshot-fill.js";
import {
  admitSnapshot,
  listEpochs,
  type PartFile,
  partFilesOf,
  type SnapshotTrust,
} from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** What to load; plain values, because it is posted to the loader thread. */
export type LoadRequest = {
  readonly snapshotsFolder: string;
  readonly forgetLog: string;
  readonly trust: SnapshotTrust;
  /** Only epochs above this one; 0 at start. */
  readonly servedEpoch: Epoch;
  /** Segments that audiences use; null = all, when they fit in memory (512). */
  readonly wanted: readonly string[] | null;
  readonly nowMs: UnixMs;
  /** Only this epoch: to load the served one again with other planes (pass servedEpoch 0). */
  readonly onlyEpoch?: Epoch;
  /** Not these: they were refused a moment ago. */
  readonly skip?: readonly number[];
};

/** A verified snapshot in memory, with what the cold side wants to know of it. */
export type LoadedSnapshot = {
  readonly parts: IndexParts;
  /** Segment name -> its bit in the row, for the campaign compiler. */
  readonly places: ReadonlyMap<string, Place>;
  /** Wanted segments that the snapshot does not have. */
  readonly unknownSegments: readonly string[];
  readonly segments: readonly SegmentEntry[];
  readonly areas: readonly string[];
  readonly source: string;
  /** Up to here the forget log is applied: tail from it. */
  readonly forgetPosition: ForgetPosition;
  /** Lines of the forget log that cannot be read: alarm. */
  readonly forgetDamagedAt: readonly number[];
};

export type RefusedEpoch = {
  readonly epoch: number;
  readonly code: RefusalCode;
  readonly words: string;
};

/** A snapshot whose manifest and file sizes are admitted, with memory waiting to be filled. */
export type PreparedLoad = { readonly ok: true; readonly plan: FillPlan; readonly load: Load };
type Load = {
  readonly manifest: Manifest;
  readonly parts: IndexParts;
  readonly places: ReadonlyMap<string, Place>;
  readonly unknown: readonly string[];
};

/** The epochs worth trying, newest first. */
export const candidateEpochs = (request: LoadRequest): number[] =>
  listEpochs(request.snapshotsFolder).filter(
    (epoch) =>
      request.skip?.includes(epoch) !== true &&
      (request.onlyEpoch === undefined ? epoch > request.servedEpoch : epoch === request.onlyEpoch),
  );

/** Judges one epoch's manifest, chooses the planes and takes the memory. */
export function prepareLoad(request: LoadRequest, epoch: number): PreparedLoad | Refusal {
  const folder = join(request.snapshotsFolder, epochFolderName(epoch));
  const { servedEpoch, nowMs, trust } = request;
  const admitted = admitSnapshot(folder, epoch, servedEpoch, nowMs, trust);
  if (!admitted.ok) return admitted;
  const { manifest } = admitted;
  const names = manifest.segments.map((segment) => segment.name);
  const projected = projectionOf(names, request.wanted ?? names);
  if (!projected.ok) return refuse("dictionary", projected.words);
  const { planes, places } = projected.projection;
  const parts = emptyParts(manifest, planes);
  const plan: FillPlan = {
    folder,
    pieces: piecesOf(manifest, parts),
    rows: parts.rows,
    rowShift: parts.rowShift,
    rowWords: planes.length,
    turn: new SharedArrayBuffer(8),
  };
  return { ok: true, plan, load: { manifest, parts, places, unknown: projected.unknown } };
}

function emptyParts(manifest: Manifest, planes: readonly number[]): IndexParts {
  const { epoch, createdMs, notAfterMs, lineCount, rowCount, shifts } = manifest;
  const { identifierCount, peopleCount } = manifest;
  const rowShift = rowShiftFor(planes.length, shifts.people);
  const buffersOf = (kind: PartKind): SharedArrayBuffer[] =>
    partFilesOf(manifest, kind).map(({ entry }) => new SharedArrayBuffer(entry.bytes));
  return {
    ...{ epoch, createdMs, notAfterMs, lineCount, rowCount, shifts, identifierCount, peopleCount },
    dictionaryKey: dictionaryKeyOf(manifest.segments),
    table: buffersOf(PartKind.TABLE),
    home: buffersOf(PartKind.HOME),
    ...{ planes, rowShift, rows: allocateRows(rowCount, planes.length, rowShift) },
    suppressed: new SharedArrayBuffer(SharedBits.bytesFor(rowCount)),
  };
}

function piecesOf(manifest: Manifest, parts: IndexParts): FillPiece[] {
  const copies = (kind: PartKind, targets: readonly SharedArrayBuffer[]): FillPiece[] =>
    partFilesOf(manifest, kind).map((file, i) => ({ kind: "copy", file, target: targets[i]! }));
  const byPart = new Map<number, PartFile[]>();
  for (const file of partFilesOf(manifest, PartKind.PLANE)) {
    if (!parts.planes.includes(file.header.plane)) continue;
    const files = byPart.get(file.header.part) ?? [];
    byPart.set(file.header.part, [...files, file]);
  }
  const rows: FillPiece[] = [...byPart.values()].map((files) => ({
    ...{ kind: "rows", files },
    firstRow: files[0]?.header.firstItem ?? 0,
  }));
  // The largest pieces first, so that two threads end together.
  return [...rows, ...copies(PartKind.TABLE, parts.table), ...copies(PartKind.HOME, parts.home)];
}

export const planBytes = (plan: FillPlan): number =>
  plan.pieces.reduce(
    (sum, piece) =>
      sum +
      (piece.kind === "copy"
        ? piece.file.entry.bytes
        : piece.files.reduce((bytes, file) => bytes + file.entry.bytes, 0)),
    0,
  );

/**
 * When every piece is filled: people forgotten since the snapshot was made become unknown, then it
 * may be served.
 */
export function finishLoad(request: LoadRequest, { manifest, ...load }: Load): LoadedSnapshot {
  const suppressed = new SharedBits(load.parts.suppressed, load.parts.rowCount);
  const read = readForgetLog(request.forgetLog, forgetLogStart);
  for (const { sequence, ordinal } of read.records) {
    if (sequence > manifest.forgetSequence) suppressed.set(ordinal);
  }
  return {
    ...{ parts: load.parts, places: load.places, unknownSegments: load.unknown },
    ...{ segments: manifest.segments, areas: manifest.areas, source: manifest.source },
    ...{ forgetPosition: read.position, forgetDamagedAt: read.damagedAt },
  };
}
