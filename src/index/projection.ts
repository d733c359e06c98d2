import { assert } from "../base/assert.js";
import { planesResidentMax, segmentsInSnapshotMax, wholeRowsBytesMax } from "../base/limits.js";
import { segmentsPerPlane } from "./format.js";
import type { SegmentEntry } from "./manifest.js";

/** Where a segment is in the row that `SegmentIndex.rowInto` writes, and whose it is. */
export type Place = {
  readonly word: number;
  readonly bit: number;
  /** Ids of the agencies that may use it; none = everybody. */
  readonly agencies: readonly number[];
};

export type Places = ReadonlyMap<string, Place>;
/** Segments that the snapshot has and memory has not, with the agencies that may use each. */
export type Absent = ReadonlyMap<string, readonly number[]>;

/** A line of a snapshot's dictionary, as far as a projection reads it. */
export type DictionaryEntry = Pick<SegmentEntry, "name" | "agencies">;

/** A segment that line items of an agency name. */
export type SegmentWanted = { readonly name: string; readonly agency: number };

/** The planes kept in memory and, for every segment in them, its place. */
export type Projection = {
  /** Ascending; the row's word w is plane `planes[w]`. */
  readonly planes: readonly number[];
  readonly places: Places;
  readonly absent: Absent;
};

export type Projected =
  | { readonly ok: true; readonly projection: Projection }
  | { readonly ok: false; readonly words: string };

/** Whether an agency may use a segment that is these agencies'. */
export const mayUse = (agencies: readonly number[], agency: number): boolean =>
  agencies.length === 0 || agencies.includes(agency);

/**
 * The place of a segment for line items of an agency. undefined: memory does not hold it, or it is
 * other agencies' own. The two are one answer, so that nobody learns what others have.
 */
export function placeFor(places: Places, name: string, agency: number): Place | undefined {
  const place = places.get(name);
  return place !== undefined && mayUse(place.agencies, agency) ? place : undefined;
}

/** True where the agency's line items wait for the segment: a load with it in mind brings it. */
export function isAbsentFor(absent: Absent, name: string, agency: number): boolean {
  const agencies = absent.get(name);
  return agencies !== undefined && mayUse(agencies, agency);
}

/**
 * Chooses the planes to keep: all of them where they fit side by side (512 segments, and rows of
 * `wholeBytesMax`), else those of the wanted segments; null = all, or nothing. `dictionary` is the
 * snapshot's, in its order: entry i is bit i % 32 of plane i / 32. Refused when the wanted ones lie
 * in more planes than fit.
 */
export function projectionOf(
  dictionary: readonly DictionaryEntry[],
  wanted: Iterable<SegmentWanted> | null,
  rowCount: number,
  wholeBytesMax = wholeRowsBytesMax,
): Projected {
  assert(dictionary.length <= segmentsInSnapshotMax);
  const planeCount = Math.ceil(dictionary.length / segmentsPerPlane);
  const fits = planeCount <= planesResidentMax && planeCount * rowCount * 4 <= wholeBytesMax;
  const planes =
    wanted === null || fits
      ? Array.from({ length: planeCount }, (_, plane) => plane)
      : planesOf(dictionary, wanted);
  if (planes.length > planesResidentMax) {
    const words =
      `the wanted segments lie in ${planes.length} planes of 32, at most ${planesResidentMax} ` +
      "fit: use fewer segments, or build the snapshot with the used ones side by side";
    return { ok: false, words };
  }
  return { ok: true, projection: placesIn(dictionary, planes) };
}

/** Ascending. What an agency may not use costs no plane. */
function planesOf(
  dictionary: readonly DictionaryEntry[],
  wanted: Iterable<SegmentWanted>,
): readonly number[] {
  const positions = new Map(dictionary.map(({ name }, position) => [name, position]));
  const planes = new Set<number>();
  for (const { name, agency } of wanted) {
    const position = positions.get(name);
    if (position === undefined || !mayUse(dictionary[position]!.agencies, agency)) continue;
    planes.add(Math.floor(position / segmentsPerPlane));
  }
  return [...planes].sort((a, b) => a - b);
}

/** The places of every segment of the given planes: a plane brings its other segments along. */
export function placesIn(
  dictionary: readonly DictionaryEntry[],
  planes: readonly number[],
): Projection {
  const words = new Map(planes.map((plane, word) => [plane, word]));
  const places = new Map<string, Place>();
  const absent = new Map<string, readonly number[]>();
  for (const [position, { name, agencies }] of dictionary.entries()) {
    const word = words.get(Math.floor(position / segmentsPerPlane));
    if (word === undefined) absent.set(name, agencies);
    else places.set(name, { word, bit: position % segmentsPerPlane, agencies });
  }
  return { planes, places, absent };
}
