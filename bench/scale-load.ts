import { mix32 } from "../src/base/hash.js";
import type { Epoch, Ordinal } from "../src/base/ids.js";
import { NOBODY } from "../src/base/ids.js";
import type { UnixMs } from "../src/base/units.js";
import { SegmentIndex } from "../src/index/segment-index.js";
import { forgetLogOf, snapshotsFolderOf, trustOf } from "../src/runtime/data-folder.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { loadNewestSnapshot } from "../src/runtime/snapshot-loader.js";
import type { Progress } from "./child.js";
import { residentPeakBytes } from "./machine.js";
import { secondsSince } from "./scale-build.js";
import { type LookupFigures, measureLookups } from "./scale-lookup.js";
import {
  firstIdentifierOf,
  homeAreaOf,
  rowWordOf,
  type ScaleStream,
  scaleHashInto,
} from "./scale-stream.js";

/** What the loading process is told; plain values. */
export type LoadOrder = {
  readonly dataFolder: string;
  readonly stream: ScaleStream;
  readonly nowMs: number;
  /** Look-ups a loop. */
  readonly rounds: number;
};

export type ScaleLoaded = {
  /** From the request to an index that answers. */
  readonly loadSec: number;
  readonly loadedBytes: number;
  readonly residentPeakBytes: number;
  readonly lookups: LookupFigures;
  /** People and strangers that were looked up once more, and how many answers were wrong. */
  readonly checked: number;
  readonly wrong: number;
};

/** Loads the newest snapshot as a bidder does, looks people up, and measures look-ups. */
export async function loadScale(order: LoadOrder, onProgress: Progress): Promise<ScaleLoaded> {
  const { dataFolder, stream } = order;
  const trust = trustOf(openKeyFiles(dataFolder));
  const startedMs = performance.now();
  const { loaded, refused } = await loadNewestSnapshot(
    {
      ...{ snapshotsFolder: snapshotsFolderOf(dataFolder), forgetLog: forgetLogOf(dataFolder) },
      ...{ trust, servedEpoch: 0 as Epoch, wanted: null, nowMs: order.nowMs as UnixMs },
    },
    (done, total) => onProgress("load", done, total),
  );
  if (loaded === null) throw new Error(`not loaded: ${JSON.stringify(refused)}`);
  const index = SegmentIndex.from(loaded.parts);
  const loadSec = secondsSince(startedMs);
  const { table, rows, home } = loaded.parts;
  const loadedBytes = [...table, ...rows, ...home].reduce((sum, part) => sum + part.byteLength, 0);
  const checked = Math.min(stream.people, 200_000);
  const wrong = countWrong(index, stream, checked);
  const lookups = measureLookups(index, stream, order.rounds);
  const peak = residentPeakBytes();
  return { loadSec, loadedBytes, residentPeakBytes: peak, lookups, checked: 2 * checked, wrong };
}

/** Looks `count` people and as many strangers up; how many were not what the stream says. */
export function countWrong(index: SegmentIndex, stream: ScaleStream, count: number): number {
  const hash = new Uint32Array(2);
  const strangers = stream.people * stream.identifiersEach;
  const find = (i: number): Ordinal => {
    scaleHashInto(stream.seed, i, hash, 0);
    return index.ordinalOf(hash[0]!, hash[1]!);
  };
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const n = 1 + Math.floor((mix32(3, i) / 2 ** 32) * stream.people);
    const which = i % stream.identifiersEach;
    const found = find(firstIdentifierOf(stream, n) + which);
    if (found !== n || !isRowRight(index, stream, n)) wrong++;
    if (find(strangers + i) !== NOBODY) wrong++;
  }
  return wrong;
}

const row = new Uint32Array(16);

function isRowRight(index: SegmentIndex, { seed }: ScaleStream, n: number): boolean {
  const words = index.rowInto(n as Ordinal, row);
  for (let plane = 0; plane < words; plane++) {
    if (row[plane] !== rowWordOf(seed, plane, n)) return false;
  }
  return words > 0 && index.homeAreaOf(n as Ordinal) === homeAreaOf(seed, n);
}
