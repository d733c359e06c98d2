import { join } from "node:path";
import { SharedBits } from "../base/bitset.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { PartKind } from "../index/format.js";
import { allocateRows, type IndexParts, rowShiftFor } from "../index/index-parts.js";
import type { Manifest, SegmentEntry } from "../index/manifest.js";
import { sortMerges } from "../index/merged-people.js";
import { type Absent, type Places, projectionOf, type SegmentWanted } from "../index/projection.js";
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
  /** The highest epoch that was ever served: an older one never is. Default 0, none. */
  readonly highestServed?: Epoch;
  /** Segments that audiences use: their planes must be there; null = every plane, or none fits. */
  readonly wanted: readonly SegmentWanted[] | null;
  readonly nowMs: UnixMs;
  /** The served epoch again, for other planes; `servedEpoch` does not count then. */
  readonly again?: ServedAgain;
  /** Not these: they were refused a moment ago. */
  readonly skip?: readonly number[];
};

/**
 * What a second load of one epoch shares with the first: identifiers and home areas need not be
 * read twice nor held twice, and whoever is forgotten in the meantime is in both.
 */
export type ServedAgain = Pick<IndexParts, "epoch" | "table" | "home" | "merges" | "suppressed"> & {
  readonly manifestDigest: string;
};

/** A verified snapshot in memory, with what the cold side wants to know of it. */
export type LoadedSnapshot = {
  readonly parts: IndexParts;
  /** Segment name -> its bit in the row, for the campaign compiler. */
  readonly places: Places;
  readonly absent: Absent;
  readonly manifestDigest: string;
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
  readonly manifestDigest: string;
  readonly places: Places;
  readonly absent: Absent;
};

/** The epochs worth trying, newest first. */
export const candidateEpochs = (request: LoadRequest): number[] =>
  listEpochs(request.snapshotsFolder).filter(
    (epoch) =>
      request.skip?.includes(epoch) !== true &&
      (request.again === undefined
        ? epoch > request.servedEpoch && epoch >= (request.highestServed ?? 0)
        : epoch === request.again.epoch),
  );

/** Judges one epoch's manifest, chooses the planes and takes the memory. */
export function prepareLoad(request: LoadRequest, epoch: number): PreparedLoad | Refusal {
  const folder = join(request.snapshotsFolder, epochFolderName(epoch));
  const { nowMs, trust, again, highestServed } = request;
  const servedEpoch = again === undefined ? request.servedEpoch : (0 as Epoch);
  const admitted = admitSnapshot(folder, epoch, servedEpoch, nowMs, trust, highestServed);
  if (!admitted.ok) return admitted;
  const { manifest, digest: manifestDigest } = admitted;
  if (again !== undefined && again.manifestDigest !== manifestDigest) {
    return refuse("changed", `epoch ${epoch} is not the one that was loaded: it was exchanged`);
  }
  const projected = projectionOf(manifest.segments, request.wanted, manifest.rowCount);
  if (!projected.ok) return refuse("dictionary", projected.words);
  const { planes, places, absent } = projected.projection;
  const parts = emptyParts(manifest, planes, again);
  const plan: FillPlan = {
    folder,
    pieces: piecesOf(manifest, parts, again !== undefined),
    rows: parts.rows,
    rowShift: parts.rowShift,
    rowWords: planes.length,
    turn: new SharedArrayBuffer(8),
  };
  return { ok: true, plan, load: { manifest, manifestDigest, parts, places, absent } };
}

function emptyParts(
  manifest: Manifest,
  planes: readonly number[],
  again: ServedAgain | undefined,
): IndexParts {
  const { epoch, createdMs, notAfterMs, lineCount, rowCount, shifts } = manifest;
  const { identifierCount, peopleCount } = manifest;
  const rowShift = rowShiftFor(planes.length, shifts.people);
  const buffersOf = (kind: PartKind): SharedArrayBuffer[] =>
    partFilesOf(manifest, kind).map(({ entry }) => new SharedArrayBuffer(entry.bytes));
  return {
    ...{ epoch, createdMs, notAfterMs, lineCount, rowCount, shifts, identifierCount, peopleCount },
    dictionaryKey: dictionaryKeyOf(manifest.segments),
    table: again?.table ?? buffersOf(PartKind.TABLE),
    home: again?.home ?? buffersOf(PartKind.HOME),
    merges: again?.merges ?? buffersOf(PartKind.MERGES),
    ...{ planes, rowShift, rows: allocateRows(rowCount, planes.length, rowShift) },
    suppressed: again?.suppressed ?? new SharedArrayBuffer(SharedBits.bytesFor(rowCount)),
  };
}

function piecesOf(manifest: Manifest, parts: IndexParts, rowsAlone: boolean): FillPiece[] {
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
  if (rowsAlone) return rows;
  // The largest pieces first, so that two threads end together.
  return [
    ...rows,
    ...copies(PartKind.TABLE, parts.table),
    ...copies(PartKind.HOME, parts.home),
    ...copies(PartKind.MERGES, parts.merges ?? []),
  ];
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
  // Where pairs of forgotten people were erased the order is gone.
  for (const part of load.parts.merges ?? []) sortMerges(part);
  const suppressed = new SharedBits(load.parts.suppressed, load.parts.rowCount);
  const read = readForgetLog(request.forgetLog, forgetLogStart);
  for (const { sequence, ordinal } of read.records) {
    if (sequence > manifest.forgetSequence) suppressed.set(ordinal);
  }
  return {
    ...load,
    ...{ segments: manifest.segments, areas: manifest.areas, source: manifest.source },
    ...{ forgetPosition: read.position, forgetDamagedAt: read.damagedAt },
  };
}
