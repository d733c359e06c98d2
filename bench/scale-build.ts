import { join } from "node:path";
import type { Epoch } from "../src/base/ids.js";
import type { UnixMs } from "../src/base/units.js";
import type { PartShifts } from "../src/index/format.js";
import { Insert, type InsertTally } from "../src/index/identifier-table.js";
import { IndexBuilder, type IndexImage } from "../src/index/index-builder.js";
import { planeCountOf } from "../src/index/manifest.js";
import type { PeopleShare } from "../src/index/people-fill.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { writeSnapshot } from "../src/runtime/snapshot-write.js";
import { residentPeakBytes } from "./machine.js";
import { fillIdentifiers, type ScaleStream, scaleAreas, scaleSegments } from "./scale-stream.js";

/** What the building process is told; plain values. */
export type ScaleOrder = {
  /** Its keys sign. */
  readonly dataFolder: string;
  /** The folder in it that gets `epoch-<n>`: "snapshots" is what a bidder looks at. */
  readonly into: string;
  readonly epoch: number;
  readonly stream: Omit<ScaleStream, "reachable">;
  /** People with an identifier that a bid can carry. */
  readonly reachable: number;
  readonly nowMs: number;
  /** Smaller parts than the format's, for tests; null: the format's. */
  readonly shifts: PartShifts | null;
};

export type ScaleBuilt = {
  readonly buildSec: number;
  readonly peopleSec: number;
  readonly residentPeakBytes: number;
  readonly identifiers: number;
  readonly collisions: number;
  readonly failedInserts: number;
  readonly tableBytes: number;
  readonly planeBytes: number;
  readonly homeBytes: number;
  /** Entries moved an insert: over all, and over the last twentieth. */
  readonly displacedMean: number;
  readonly displacedLast: number;
  readonly displacedMax: number;
  /** Nanoseconds an identifier: the first, the middle and the last twentieth. */
  readonly insertNs: readonly [number, number, number];
  readonly writeSec: number;
  readonly writtenBytes: number;
};

/** Fills the rows meanwhile; resolves with the seconds it took. */
export type FillPeople = (share: PeopleShare, stream: ScaleStream) => Promise<number>;
export type ScaleProgress = (stage: "identifiers" | "write", done: number, total: number) => void;

const dayMs = 24 * 3600 * 1000;

/** Builds the stream's index and writes it as a signed snapshot. */
export async function buildScale(
  order: ScaleOrder,
  fillPeople: FillPeople,
  onProgress: ScaleProgress = () => {},
): Promise<ScaleBuilt> {
  const keys = openKeyFiles(order.dataFolder);
  const stream = streamOf(order, keys.identifierKey);
  const startedMs = performance.now();
  const builder = builderFor(order);
  const slices = new Slices(builder.tally);
  const people = fillPeople(builder.peopleShare(), stream);
  fillIdentifiers(builder, stream, (done, total) => {
    slices.add(done);
    onProgress("identifiers", done, total);
  });
  const peopleSec = await people;
  const image = builder.finish();
  const buildSec = secondsSince(startedMs);
  const written = write(order, image, keys, onProgress);
  return {
    ...{ buildSec, peopleSec, ...written, ...sizesOf(image), ...slices.figures() },
    residentPeakBytes: residentPeakBytes(),
  };
}

const streamOf = (
  { stream, reachable }: ScaleOrder,
  key: ReturnType<typeof openKeyFiles>["identifierKey"],
): ScaleStream => {
  const every = Math.floor(stream.people / Math.max(1, reachable));
  return { ...stream, reachable: reachable === 0 ? null : { every, key } };
};

const builderFor = ({ epoch, stream, shifts }: ScaleOrder): IndexBuilder =>
  new IndexBuilder({
    ...{ epoch: epoch as Epoch, ordinalMax: stream.people },
    identifierCountMax: stream.people * stream.identifiersEach,
    planeCount: planeCountOf(stream.segments),
    ...(shifts === null ? {} : { shifts }),
  });

export const secondsSince = (startedMs: number): number => (performance.now() - startedMs) / 1000;

function write(
  { dataFolder, into, stream, nowMs }: ScaleOrder,
  image: IndexImage,
  { identifierKeyId, signing }: ReturnType<typeof openKeyFiles>,
  onProgress: ScaleProgress,
): Pick<ScaleBuilt, "writeSec" | "writtenBytes"> {
  const startedMs = performance.now();
  let writtenBytes = 0;
  const facts = {
    ...{ createdMs: nowMs as UnixMs, notAfterMs: (nowMs + dayMs) as UnixMs, identifierKeyId },
    ...{ source: `scale stream seed ${stream.seed}`, forgetSequence: 0, areas: scaleAreas },
    segments: scaleSegments({ ...stream, reachable: null }),
  };
  writeSnapshot(join(dataFolder, into), image, facts, signing, (done, total) => {
    writtenBytes = done;
    onProgress("write", done, total);
  });
  return { writeSec: secondsSince(startedMs), writtenBytes };
}

const bytesOf = (parts: readonly SharedArrayBuffer[]): number =>
  parts.reduce((sum, part) => sum + part.byteLength, 0);

const sizesOf = (image: IndexImage) => ({
  identifiers: image.identifierCount,
  tableBytes: bytesOf(image.table),
  planeBytes: bytesOf(image.planes.flat()),
  homeBytes: bytesOf(image.home),
});

/** How time and displacements grow with the load of the table. */
class Slices {
  private readonly tally: InsertTally;
  private readonly done: number[] = [0];
  private readonly atMs: number[] = [performance.now()];
  private readonly displaced: number[] = [0];

  constructor(tally: InsertTally) {
    this.tally = tally;
  }

  add(done: number): void {
    this.done.push(done);
    this.atMs.push(performance.now());
    this.displaced.push(this.tally.displaced);
  }

  figures() {
    const { tally } = this;
    const last = this.done.length - 1;
    const middle = Math.ceil(last / 2);
    const insertNs: ScaleBuilt["insertNs"] = [this.nsOf(1), this.nsOf(middle), this.nsOf(last)];
    return {
      collisions: tally.outcomes[Insert.COLLISION] ?? 0,
      failedInserts: tally.outcomes[Insert.FULL] ?? 0,
      displacedMean: tally.displaced / (this.done[last] ?? 1),
      displacedLast: between(this.displaced, last) / between(this.done, last),
      ...{ displacedMax: tally.displacedMax, insertNs },
    };
  }

  private nsOf(slice: number): number {
    return (1e6 * between(this.atMs, slice)) / between(this.done, slice);
  }
}

const between = (values: readonly number[], i: number): number =>
  (values[i] ?? 0) - (values[i - 1] ?? 0);
