import { assert } from "../base/assert.js";
import { planesResidentMax, segmentsInSnapshotMax } from "../base/limits.js";
import { segmentsPerPlane } from "./format.js";

/** Where a segment is in the row that `SegmentIndex.rowInto` writes. */
export type Place = { readonly word: number; readonly bit: number };

/** The planes kept in memory and, for every segment in them, its place. */
export type Projection = {
  /** Ascending; the row's word w is plane `planes[w]`. */
  readonly planes: readonly number[];
  readonly places: ReadonlyMap<string, Place>;
};

export type Projected =
  | {
      readonly ok: true;
      readonly projection: Projection;
      /** Wanted names that the snapshot does not have: audiences of theirs are not live. */
      readonly unknown: readonly string[];
    }
  | { readonly ok: false; readonly words: string };

/**
 * Chooses the planes that hold the wanted segments. `dictionary` lists the snapshot's names in its
 * order: entry i is bit i % 32 of plane i / 32. Refused when the wanted ones lie in more planes
 * than fit in memory.
 */
export function projectionOf(dictionary: readonly string[], wanted: Iterable<string>): Projected {
  assert(dictionary.length <= segmentsInSnapshotMax);
  const positions = new Map(dictionary.map((name, position) => [name, position]));
  const unknown: string[] = [];
  const planes = new Set<number>();
  for (const name of wanted) {
    const position = positions.get(name);
    if (position === undefined) unknown.push(name);
    else planes.add(Math.floor(position / segmentsPerPlane));
  }
  if (planes.size > planesResidentMax) {
    const words =
      `the wanted segments lie in ${planes.size} planes of 32, at most ${planesResidentMax} fit: ` +
      "use fewer segments, or build the snapshot with the used ones side by side";
    return { ok: false, words };
  }
  const resident = [...planes].sort((a, b) => a - b);
  return { ok: true, projection: placesIn(dictionary, resident), unknown };
}

/** The places of every segment of the given planes: a plane brings its other segments along. */
export function placesIn(dictionary: readonly string[], planes: readonly number[]): Projection {
  const places = new Map<string, Place>();
  for (const [word, plane] of planes.entries()) {
    const first = plane * segmentsPerPlane;
    for (const [bit, name] of dictionary.slice(first, first + segmentsPerPlane).entries()) {
      places.set(name, { word, bit });
    }
  }
  return { planes, places };
}
