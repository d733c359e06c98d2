import { expect, test } from "vitest";
import { projectionOf } from "./projection.js";

const dictionary = Array.from({ length: 4096 }, (_, i) => `s${i}`);

test("only planes of wanted segments are resident, each segment with its place in a row", () => {
  const projected = projectionOf(dictionary, ["s70", "s3", "s4000"]);
  if (!projected.ok) throw new Error(projected.words);
  expect(projected.projection.planes).toEqual([0, 2, 125]);
  expect(projected.projection.places.get("s70")).toEqual({ word: 1, bit: 6 });
  expect(projected.projection.places.get("s4000")).toEqual({ word: 2, bit: 0 });
  expect(projected.projection.places.get("s95")).toEqual({ word: 1, bit: 31 });
  expect(projected.projection.places.has("s32")).toBe(false);
  expect(projected.unknown).toEqual([]);
});

test("unknown names are reported and cost no plane", () => {
  const projected = projectionOf(dictionary.slice(0, 5), ["s1", "gone"]);
  expect(projected).toMatchObject({ ok: true, unknown: ["gone"], projection: { planes: [0] } });
});

test("512 segments fit side by side, one plane more is refused with what to do", () => {
  expect(projectionOf(dictionary, dictionary.slice(0, 512)).ok).toBe(true);
  expect(projectionOf(dictionary, dictionary.slice(0, 513))).toMatchObject({
    ok: false,
    words: expect.stringMatching(/17 planes of 32, at most 16 fit: use fewer/),
  });
});
