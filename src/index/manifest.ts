import type { Epoch } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import {
  headerBytes,
  itemsInPart,
  PartKind,
  type PartShifts,
  partCount,
  partFileName,
  payloadBytes,
  segmentsPerPlane,
} from "./format.js";

/**
 * The manifest of a snapshot, as plain arrays in msgpack (useRecords false), sealed in verify.ts's
 * envelope:
 *
 *   [schema, epoch, createdMs, notAfterMs, identifierKeyId, source, forgetSequence,
 *    [lineShift, peopleShift], [lineCount, rowCount, identifierCount, peopleCount],
 *    [[name, label, source, recencyDays, method, bandedPeople, [agency, ...]], ...],
 *        segment i is bit i % 32 of plane i / 32
 *    [area name, ...],        name i is that of home area i + 1
 *    [[file name, bytes, sha256 as 32 bytes], ...],        in the order of `expectedFiles`
 *    mergeCount]                                           only where it is not 0
 */
export type Manifest = {
  readonly schema: number;
  readonly epoch: Epoch;
  readonly createdMs: UnixMs;
  readonly notAfterMs: UnixMs;
  /** 16 hexadecimal digits that name the key the identifiers were hashed with. */
  readonly identifierKeyId: string;
  /** What made the snapshot, with its version and settings: "demo-people 1 seed 7". */
  readonly source: string;
  /** The last record of the forget log that this snapshot already contains. */
  readonly forgetSequence: number;
  readonly shifts: PartShifts;
  readonly lineCount: number;
  readonly rowCount: number;
  readonly identifierCount: number;
  /** Who counts towards the crowd minimum; in manifest 2 who exists. */
  readonly peopleCount: number;
  readonly segments: readonly SegmentEntry[];
  readonly areas: readonly string[];
  readonly files: readonly FileEntry[];
  /** Pairs of merges-0. */
  readonly mergeCount: number;
};

export type SegmentEntry = {
  /** Lower-case words with dots and hyphens: "video.drama". */
  readonly name: string;
  readonly label: string;
  /** Where the membership comes from: "commerce", "video", ... */
  readonly source: string;
  /** How many days back the membership looks. */
  readonly recencyDays: number;
  /** "declared", "observed" or "inferred". */
  readonly method: string;
  /** The size rounded down to a band (`bandOf`); never the exact count. */
  readonly bandedPeople: number;
  /** Ids of the agencies that may use it, rising; none = everybody. */
  readonly agencies: readonly number[];
};

export type FileEntry = {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: Uint8Array;
};

export const planeCountOf = (segmentCount: number): number =>
  Math.ceil(segmentCount / segmentsPerPlane);

/**
 * Rounds a size down to 1, 1.5, 2, 3, 5 or 7 times a power of ten; 0 for what is below the crowd
 * minimum.
 */
export function bandOf(people: number, crowdMinimum = crowdMinimumPeople): number {
  if (people < crowdMinimum) return 0;
  const unit = 10 ** Math.floor(Math.log10(people));
  const steps = [7, 5, 3, 2, 1.5, 1];
  const step = steps.find((s) => s * unit <= people) ?? 1;
  return Math.max(crowdMinimum, Math.round(step * unit));
}

/** One part file with what its name, size and header must be. */
export type ExpectedFile = {
  readonly name: string;
  readonly bytes: number;
  readonly kind: PartKind;
  readonly plane: number;
  readonly part: number;
  readonly firstItem: number;
  readonly itemCount: number;
  readonly itemsInAll: number;
};

type Shape = Pick<Manifest, "shifts" | "lineCount" | "rowCount"> & {
  readonly planeCount: number;
  readonly mergeCount?: number;
};

/** Every file that a snapshot of this shape consists of, in manifest order; there are no others. */
export function expectedFiles(shape: Shape): ExpectedFile[] {
  const files: ExpectedFile[] = [];
  const push = (kind: PartKind, plane: number): void => {
    const isTable = kind === PartKind.TABLE;
    const itemsInAll = isTable ? shape.lineCount : shape.rowCount;
    const shift = isTable ? shape.shifts.lines : shape.shifts.people;
    for (let part = 0; part < partCount(itemsInAll, shift); part++) {
      const itemCount = itemsInPart(itemsInAll, shift, part);
      const name = partFileName(kind, plane, part);
      const bytes = headerBytes + payloadBytes(kind, itemCount);
      const firstItem = part * 2 ** shift;
      files.push({ name, bytes, kind, plane, part, firstItem, itemCount, itemsInAll });
    }
  };
  push(PartKind.TABLE, 0);
  for (let plane = 0; plane < shape.planeCount; plane++) push(PartKind.PLANE, plane);
  push(PartKind.HOME, 0);
  push(PartKind.PEOPLE, 0);
  const { mergeCount = 0 } = shape;
  if (mergeCount > 0) {
    const kind = PartKind.MERGES;
    const bytes = headerBytes + payloadBytes(kind, mergeCount);
    const items = { firstItem: 0, itemCount: mergeCount, itemsInAll: mergeCount };
    files.push({ name: partFileName(kind, 0, 0), bytes, kind, plane: 0, part: 0, ...items });
  }
  return files;
}

/** The manifest as the arrays above, ready for msgpack. */
export function manifestToArrays(m: Manifest): readonly unknown[] {
  return [
    ...[m.schema, m.epoch, m.createdMs, m.notAfterMs, m.identifierKeyId, m.source],
    ...[m.forgetSequence, [m.shifts.lines, m.shifts.people]],
    [m.lineCount, m.rowCount, m.identifierCount, m.peopleCount],
    m.segments.map((s) => [
      ...[s.name, s.label, s.source, s.recencyDays, s.method, s.bandedPeople],
      [...s.agencies],
    ]),
    [...m.areas],
    m.files.map((f) => [f.name, f.bytes, f.sha256]),
    ...(m.mergeCount > 0 ? [m.mergeCount] : []),
  ];
}
