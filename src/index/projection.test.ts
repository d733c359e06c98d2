import { expect, test } from "vitest";
import { isAbsentFor, placeFor, projectionOf, type SegmentWanted } from "./projection.js";

const names = Array.from({ length: 4096 }, (_, i) => `s${i}`);
/** Segment 70 is agency 2's and 9's. */
const dictionary = names.map((name) => ({ name, agencies: name === "s70" ? [2, 9] : [] }));
const wantedBy = (agency: number, ...wanted: string[]): SegmentWanted[] =>
  wanted.map((name) => ({ name, agency }));
const rowCount = 1000;

test("only planes of wanted segments are resident, each segment with its place in a row", () => {
  const projected = projectionOf(dictionary, wantedBy(9, "s70", "s3", "s4000"), rowCount);
  if (!projected.ok) throw new Error(projected.words);
  expect(projected.projection.planes).toEqual([0, 2, 125]);
  expect(projected.projection.places.get("s70")).toEqual({ word: 1, bit: 6, agencies: [2, 9] });
  expect(projected.projection.places.get("s4000")).toMatchObject({ word: 2, bit: 0 });
  expect(projected.projection.places.get("s95")).toMatchObject({ word: 1, bit: 31 });
  const { places, absent } = projected.projection;
  expect([places.has("s32"), absent.has("s32"), places.size + absent.size]).toEqual([
    ...[false, true, 4096],
  ]);
});

test("unknown names and others' own cost no plane, and look alike", () => {
  const projected = projectionOf(dictionary, wantedBy(1, "s1", "gone", "s70"), rowCount);
  if (!projected.ok) throw new Error(projected.words);
  const { planes, absent } = projected.projection;
  expect(planes).toEqual([0]);
  const isAway = (name: string, agency: number) => isAbsentFor(absent, name, agency);
  expect([isAway("s70", 1), isAway("gone", 1), isAway("s70", 2), isAway("s71", 1)]).toEqual([
    ...[false, false, true, true],
  ]);
  const all = projectionOf(dictionary.slice(0, 96), [], rowCount);
  if (!all.ok) throw new Error(all.words);
  const { places } = all.projection;
  expect([placeFor(places, "s70", 1), placeFor(places, "gone", 1)]).toEqual([undefined, undefined]);
  expect(placeFor(places, "s70", 9)).toMatchObject({ word: 2, bit: 6 });
});

test("every plane is there where all of them fit, and only those in use where they do not", () => {
  const planesFor = (segments: number, rows: number): readonly number[] => {
    const projected = projectionOf(dictionary.slice(0, segments), wantedBy(1, "s33"), rows);
    return projected.ok ? projected.projection.planes : [];
  };
  expect([planesFor(512, 1000).length, planesFor(513, 1000)]).toEqual([16, [1]]);
  // 4 planes x 4 B a person in 2 GiB.
  expect([planesFor(128, 2 ** 27).length, planesFor(128, 2 ** 27 + 1)]).toEqual([4, [1]]);
});

test("512 segments fit side by side, one plane more is refused with what to do", () => {
  expect(projectionOf(dictionary, wantedBy(2, ...names.slice(0, 512)), rowCount).ok).toBe(true);
  expect(projectionOf(dictionary.slice(0, 512), null, 2 ** 31).ok).toBe(true);
  expect(projectionOf(dictionary, null, rowCount).ok).toBe(false);
  expect(projectionOf(dictionary, wantedBy(2, ...names.slice(0, 513)), rowCount)).toMatchObject({
    ok: false,
    words: expect.stringMatching(/17 planes of 32, at most 16 fit: use fewer/),
  });
});
