import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { identifierHashOf } from "../src/base/identifier.js";
import type { Epoch } from "../src/base/ids.js";
import type { UnixMs } from "../src/base/units.js";
import { IndexBuilder } from "../src/index/index-builder.js";
import { partsOfImage } from "../src/index/index-parts.js";
import type { PeopleShare } from "../src/index/people-fill.js";
import { SegmentIndex } from "../src/index/segment-index.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { syntheticIdentifier, syntheticSeed } from "../src/testing/synthetic-index.js";
import { buildScale, type ScaleOrder } from "./scale-build.js";
import { countWrong, loadScale } from "./scale-load.js";
import { scaleOptionsOf, withFolder } from "./scale-options.js";
import { fillIdentifiers, fillPeople, type ScaleStream, scaleHashInto } from "./scale-stream.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-scale-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const nowMs = Date.now();
/** Parts of 2^11 lines and 2^14 people: a few thousand people cross their borders. */
const shifts = { lines: 11, people: 14 };

/** As in the bench, but in this thread and through what a post between threads makes of it. */
const fillHere = async (share: PeopleShare, stream: ScaleStream): Promise<number> => {
  fillPeople(structuredClone(share), structuredClone(stream));
  return 0;
};

const orderOf = (name: string, stream: ScaleOrder["stream"], reachable = 0): ScaleOrder => ({
  ...{ dataFolder: join(root, name), into: "snapshots", epoch: 1, stream, reachable },
  ...{ nowMs, shifts },
});

test.each([
  { people: 150_000, identifiersEach: 1, segments: 128 },
  { people: 60_001, identifiersEach: 2, segments: 32 },
])(
  "a stream of $people people x $identifiersEach is built, written, loaded and found",
  async (size) => {
    const stream = { seed: 5, ...size };
    const order = orderOf(`found-${size.people}`, stream);
    const stages = new Set<string>();
    const built = await buildScale(order, fillHere, (stage) => stages.add(stage));
    expect(built.identifiers).toBe(size.people * size.identifiersEach);
    expect([built.failedInserts, built.collisions]).toEqual([0, 0]);
    expect(built.tableBytes / built.identifiers).toBeLessThan(8.6);
    expect(built.planeBytes).toBeGreaterThan((size.people * size.segments) / 8);
    // The last twentieth fills the table from 0.90 to 0.95: about three moves an insert.
    expect(built.displacedLast).toBeGreaterThan(1);
    expect(built.displacedLast).toBeLessThan(6);
    expect(built.displacedMean).toBeLessThan(0.5);
    expect([...stages]).toEqual(["identifiers", "write"]);

    const whole: ScaleStream = { ...stream, reachable: null };
    const loading = { dataFolder: order.dataFolder, stream: whole, nowMs, rounds: 2000 };
    const loaded = await loadScale(loading, () => {});
    expect([loaded.checked, loaded.wrong]).toEqual([2 * size.people, 0]);
    expect(loaded.loadedBytes).toBeGreaterThan(built.tableBytes + built.planeBytes);
    for (const ns of Object.values(loaded.lookups)) expect(ns).toBeGreaterThan(0);
  },
);

const smallStream: ScaleStream = {
  ...{ seed: 9, people: 5000, identifiersEach: 2, segments: 64, reachable: null },
};

function indexOf(stream: ScaleStream): SegmentIndex {
  const builder = new IndexBuilder({
    ...{ epoch: 1 as Epoch, ordinalMax: stream.people, planeCount: 2, shifts },
    identifierCountMax: stream.people * stream.identifiersEach,
  });
  fillIdentifiers(builder, stream, () => {});
  fillPeople(builder.peopleShare(), stream);
  const facts = { createdMs: 0 as UnixMs, notAfterMs: 1 as UnixMs, dictionaryKey: 1 };
  return SegmentIndex.from(partsOfImage(builder.finish(), [0, 1], facts));
}

test("the check finds people of another stream wrong, each of them", () => {
  const index = indexOf(smallStream);
  expect(countWrong(index, smallStream, 3000)).toBe(0);
  expect(countWrong(index, { ...smallStream, seed: 10 }, 3000)).toBe(3000);
});

test("reachable people are found by what a bid carries, with the bidder's own hash", () => {
  const { identifierKey: key } = openKeyFiles(join(root, "reachable"));
  const index = indexOf({ ...smallStream, reachable: { every: 50, key } });
  for (const k of [1, 2, 99, 100]) {
    const { namespace, value } = syntheticIdentifier(syntheticSeed, k)!;
    const hash = identifierHashOf(namespace, value, 0, key)!;
    expect(index.ordinalOf(hash.lo, hash.hi)).toBe(50 * k);
  }
});

test("the stream's hashes repeat halves as random ones do, which a counter's mix would not", () => {
  const count = 300_000;
  const hash = new Uint32Array(2);
  const [los, his] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < count; i++) {
    scaleHashInto(1, i, hash, 0);
    los.add(hash[0]!);
    his.add(hash[1]!);
  }
  // n^2 / 2^33 = 10.5 pairs are expected.
  for (const { size } of [los, his]) {
    expect(count - size).toBeGreaterThan(0);
    expect(count - size).toBeLessThan(40);
  }
});

test("flags are read, wrong ones and a disk that is too small are refused in words", async () => {
  const args = ["--scale", "--people", "5000", "--identifiers", "2", "--segments", "32"];
  const options = scaleOptionsOf([...args, "--data", root], 1_000_000);
  expect(options).toMatchObject({ people: 5000, identifiersEach: 2, segments: 32, root });
  expect(scaleOptionsOf(["--swap"], 1_000_000)).toMatchObject({ people: 1_000_000, rate: 1000 });
  expect(() => scaleOptionsOf(["--people", "5e6"], 1_000_000)).toThrow(
    /--people 5e6: give a whole number/,
  );
  expect(() => scaleOptionsOf(["--segments", "64"], 1_000_000)).toThrow(/--segments is 32 or 128/);
  await expect(withFolder(options, 1e18, async () => {})).rejects.toThrow(/GB are needed/);
});
