import type { Epoch } from "../base/ids.js";
import { crowdMinimumPeople, segmentAgenciesMax, segmentsInSnapshotMax } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import {
  fullParts,
  headerBytes,
  lineBytes,
  manifestVersion,
  manifestVersionMin,
  mergesShift,
} from "./format.js";
import {
  expectedFiles,
  type FileEntry,
  type Manifest,
  planeCountOf,
  type SegmentEntry,
} from "./manifest.js";
import { type Refusal, refuse } from "./verify.js";

/**
 * From the decoded body of a signed manifest to the typed one, every field checked: the signature
 * says who wrote it, this says that a bug of theirs cannot become ours.
 */
const namePattern = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
const methods = ["declared", "observed", "inferred"];

const isMethod = (value: unknown): value is string => methods.some((known) => known === value);
const textMax = 200;

const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max;

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= textMax;

const areCounts = (value: unknown, length: number, max: number): value is number[] =>
  Array.isArray(value) && value.length === length && value.every((v) => isCount(v, max));

const isList = (value: unknown, length: number): value is readonly unknown[] =>
  Array.isArray(value) && value.length === length;

/** Rising, so that each is there once. */
const areAgencies = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= segmentAgenciesMax &&
  value.every((id, i) => isCount(id, 0xffff_ffff) && id > (i === 0 ? 0 : Number(value[i - 1])));

const malformed = (what: string): Refusal => refuse("malformed", `manifest: ${what}`);

/**
 * Reads what `manifestToArrays` wrote. `crowdMinimum` is injected by tests only: no segment of
 * fewer people is accepted from anyone.
 */
export function readManifest(
  value: unknown,
  crowdMinimum = crowdMinimumPeople,
): { readonly ok: true; readonly manifest: Manifest } | Refusal {
  if (!isList(value, 12) && !isList(value, 13)) return malformed("not a list of 12 or 13 fields");
  const [schema, epoch, createdMs, notAfterMs, identifierKeyId, source, forgetSequence] = value;
  const [shifts, counts, segmentRows, areas, fileRows, mergeCount = 0] = value.slice(7);
  if (schema !== manifestVersion && schema !== manifestVersionMin) {
    return refuse("other_schema", `manifest schema ${schema}`);
  }
  if (!isCount(epoch, 0xffff_ffff) || epoch === 0) return malformed("epoch is no u32 above 0");
  if (!isCount(createdMs) || !isCount(notAfterMs)) return malformed("times are no milliseconds");
  if (typeof identifierKeyId !== "string" || !/^[0-9a-f]{16}$/.test(identifierKeyId)) {
    return malformed("identifierKeyId is no key id");
  }
  if (!isText(source)) return malformed("source is no text");
  if (!isCount(forgetSequence)) return malformed("forgetSequence is no count");
  if (!areCounts(shifts, 2, 30) || shifts[0]! > fullParts.lines || shifts[1]! > fullParts.people) {
    return malformed("parts are larger than 512 MiB");
  }
  if (!areCounts(counts, 4, 2 ** 31)) return malformed("counts");
  const lineCount = counts[0]!;
  const rowCount = counts[1]!;
  const identifierCount = counts[2]!;
  const peopleCount = counts[3]!;
  if (lineCount === 0 || rowCount === 0) return malformed("no line or no row");
  if (identifierCount * 8 > lineCount * lineBytes || peopleCount >= rowCount) {
    return malformed("counts do not fit each other");
  }
  const dictionary = readSegments(segmentRows, crowdMinimum);
  if (!dictionary.ok) return dictionary;
  if (!Array.isArray(areas) || areas.length > 0xffff || !areas.every(isText)) {
    return malformed("areas are no list of names");
  }
  if (!isCount(mergeCount, 2 ** mergesShift) || (value.length === 13) !== mergeCount > 0) {
    return malformed("the number of merges");
  }
  const shape = {
    shifts: { lines: shifts[0]!, people: shifts[1]! },
    lineCount,
    rowCount,
    mergeCount,
  };
  const files = readFiles(fileRows, {
    ...shape,
    planeCount: planeCountOf(dictionary.segments.length),
  });
  if (!files.ok) return files;
  const manifest: Manifest = {
    ...{ schema, epoch: epoch as Epoch, createdMs: createdMs as UnixMs },
    ...{ notAfterMs: notAfterMs as UnixMs, identifierKeyId, source, forgetSequence, ...shape },
    ...{ identifierCount, peopleCount, segments: dictionary.segments, areas, files: files.files },
  };
  return { ok: true, manifest };
}

type Dictionary = { readonly ok: true; readonly segments: readonly SegmentEntry[] };

function readSegments(list: unknown, crowdMinimum: number): Dictionary | Refusal {
  if (!Array.isArray(list)) return malformed("segments are no list");
  const rows: readonly unknown[] = list;
  if (rows.length > segmentsInSnapshotMax) {
    return refuse("dictionary", `${rows.length} segments, at most ${segmentsInSnapshotMax}`);
  }
  const seen = new Set<string>();
  const segments: SegmentEntry[] = [];
  for (const [i, row] of rows.entries()) {
    if (!isList(row, 7)) return malformed(`segment ${i} is no list of 7`);
    const [name, label, source, recencyDays, method, bandedPeople, agencies] = row;
    if (!isText(name) || name.length > 64 || !namePattern.test(name)) {
      return refuse("dictionary", `segment ${i} has no proper name`);
    }
    if (seen.has(name)) return refuse("dictionary", `segment ${name} is there twice`);
    seen.add(name);
    if (!isText(label) || !isText(source) || !isCount(recencyDays) || !isMethod(method)) {
      return refuse("dictionary", `segment ${name}: label, source, recency or method is wrong`);
    }
    if (!isCount(bandedPeople) || bandedPeople < crowdMinimum) {
      return refuse("dictionary", `segment ${name} is below the crowd minimum of ${crowdMinimum}`);
    }
    if (!areAgencies(agencies)) {
      const words = `segment ${name}: its agencies are no rising list of up to`;
      return refuse("dictionary", `${words} ${segmentAgenciesMax} ids`);
    }
    segments.push({ name, label, source, recencyDays, method, bandedPeople, agencies });
  }
  return { ok: true, segments };
}

type Files = { readonly ok: true; readonly files: readonly FileEntry[] };

/**
 * The list must be exactly the files of this shape: no name of its own ever reaches the file
 * system.
 */
function readFiles(list: unknown, shape: Parameters<typeof expectedFiles>[0]): Files | Refusal {
  if (!Array.isArray(list)) return malformed("files are no list");
  const rows: readonly unknown[] = list;
  const expected = expectedFiles(shape);
  if (rows.length !== expected.length) {
    return malformed(`${rows.length} files instead of ${expected.length}`);
  }
  const files: FileEntry[] = [];
  for (const [i, want] of expected.entries()) {
    const row = rows[i];
    if (!isList(row, 3)) return malformed(`file ${i} is no list of 3`);
    const [name, bytes, sha256] = row;
    if (name !== want.name || bytes !== want.bytes || want.bytes < headerBytes) {
      return malformed(`file ${i} is ${String(name)}, expected ${want.name} of ${want.bytes} B`);
    }
    if (!(sha256 instanceof Uint8Array) || sha256.length !== 32) {
      return malformed(`file ${want.name} has no sha256`);
    }
    files.push({ name: want.name, bytes: want.bytes, sha256 });
  }
  return { ok: true, files };
}
