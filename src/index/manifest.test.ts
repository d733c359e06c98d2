import { expect, test } from "vitest";
import { fullParts, lineCountFor } from "./format.js";
import { bandOf, expectedFiles, planeCountOf } from "./manifest.js";

test("a size is only told as a band, never above it and never below the crowd minimum", () => {
  expect(bandOf(99_999)).toBe(0);
  expect(bandOf(100_000)).toBe(100_000);
  expect(bandOf(149_999)).toBe(100_000);
  expect(bandOf(150_000)).toBe(150_000);
  expect(bandOf(699_999)).toBe(500_000);
  expect(bandOf(1_234_567)).toBe(1_000_000);
  expect(bandOf(630_000_000)).toBe(500_000_000);
  expect(bandOf(13, 12)).toBe(12);
});

test("630 million people in 128 segments are files of at most 1 GiB, 17 GB in all", () => {
  const rowCount = 630_000_001;
  const files = expectedFiles({
    ...{ shifts: fullParts, lineCount: lineCountFor(630e6), rowCount },
    planeCount: planeCountOf(128),
  });
  expect(Math.max(...files.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2 ** 30);
  expect(files.map(({ name }) => name)).toContain("plane-3-4");
  expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
  const people = files.filter(({ name }) => name.startsWith("plane-2-"));
  expect(people.reduce((sum, { itemCount }) => sum + itemCount, 0)).toBe(rowCount);
  expect(people.map(({ firstItem }) => firstItem)).toEqual([0, 1, 2, 3, 4].map((n) => n * 2 ** 27));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(Math.round(total / 1e9)).toBe(17);
});
