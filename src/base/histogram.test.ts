import { expect, test } from "vitest";
import { bucketEndUs, bucketOf, countBelow, histogramBuckets, quantileUs } from "./histogram.js";
import { SeededRandom } from "./random.js";

test("each value lies in a bucket that ends above it and begins at or below it", () => {
  for (let value = 0; value < 2 ** 24; value = value < 70_000 ? value + 1 : value * 1.01) {
    const bucket = bucketOf(value);
    const isBelowEnd = bucketEndUs(bucket) > value;
    const isFromBegin = bucket === 0 || bucketEndUs(bucket - 1) <= value;
    if (!isBelowEnd || !isFromBegin) expect.fail(`${value} lies in bucket ${bucket}`);
  }
});

test("bucket ends rise, and none is wider than a sixteenth of its value", () => {
  for (let bucket = 1; bucket < histogramBuckets; bucket++) {
    const width = bucketEndUs(bucket) - bucketEndUs(bucket - 1);
    expect(width).toBeGreaterThan(0);
    expect(width).toBeLessThanOrEqual(Math.max(1, bucketEndUs(bucket - 1) / 16));
  }
});

test("what no clock should give lands at the ends", () => {
  expect(bucketOf(-5)).toBe(0);
  expect(bucketOf(2 ** 24)).toBe(histogramBuckets - 1);
  expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(histogramBuckets - 1);
  expect(bucketOf(Number.NaN)).toBe(0);
});

test("quantiles and cumulated counts agree with the sorted values", () => {
  const random = new SeededRandom(11);
  const counts = new Float64Array(histogramBuckets);
  const values = Array.from({ length: 20_000 }, () => Math.floor(2 ** (random.fraction() * 20)));
  for (const value of values) counts[bucketOf(value)]! += 1;
  values.sort((a, b) => a - b);
  for (const share of [0.5, 0.9, 0.99, 0.999, 0.9999]) {
    const exact = values[Math.ceil(values.length * share) - 1]!;
    expect(quantileUs(counts, share)).toBeGreaterThan(exact);
    expect(quantileUs(counts, share)).toBeLessThanOrEqual(exact * 1.0625 + 1);
  }
  for (const limit of [16, 64, 1024, 65_536]) {
    expect(countBelow(counts, limit)).toBe(values.filter((value) => value < limit).length);
  }
  expect(quantileUs(new Float64Array(histogramBuckets), 0.99)).toBe(0);
});
