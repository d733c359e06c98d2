import { expect, test } from "vitest";
import {
  admitsCrowd,
  crowdDelta,
  crowdEpsilonInverse,
  crowdMargin,
  crowdMarginPeople,
  crowdNoise,
  noiseAt,
  noiseProbability,
} from "./crowd-minimum.js";
import { sipKeyFrom } from "./hash.js";
import { crowdMinimumPeople } from "./limits.js";

const F = crowdMinimumPeople;
const m = crowdMarginPeople;
const key = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const digestOf = (n: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? n >>> (8 * i) : 7));
const draws = Array.from({ length: 20_000 }, (_, n) => crowdNoise(key, digestOf(n), 20_783));

test("the margin is 178 people at epsilon 0.1 and delta 1e-9, and 1,543 at epsilon 0.01", () => {
  expect(crowdMargin(0.1, 1e-9)).toBe(178);
  expect(crowdMargin(0.01, 1e-9)).toBe(1543);
});

/** P(Z = m) of a noise of that margin, summed without the formula. */
function endProbability(margin: number, epsilon: number): number {
  let sum = 0;
  for (let z = -margin; z <= margin; z++) sum += Math.exp(-epsilon * Math.abs(z));
  return Math.exp(-epsilon * margin) / sum;
}

test("178 is the smallest margin whose end is rarer than delta", () => {
  expect(endProbability(178, 0.1)).toBeLessThanOrEqual(crowdDelta);
  expect(endProbability(177, 0.1)).toBeGreaterThan(crowdDelta);
});

test("the integer weights are those of the distribution", () => {
  const epsilon = 1 / crowdEpsilonInverse;
  let sum = 0;
  for (let z = -m; z <= m; z++) sum += noiseProbability(z);
  expect(sum).toBeCloseTo(1, 12);
  expect(noiseProbability(m) / endProbability(m, epsilon)).toBeCloseTo(1, 6);
  expect(noiseProbability(-m)).toBeLessThanOrEqual(crowdDelta);
  for (let z = -m; z < m; z++) {
    const ratio = noiseProbability(z + 1) / noiseProbability(z);
    // Neighbouring populations shift the noise by one: e^epsilon is all that a verdict may tell.
    expect(Math.abs(Math.log(ratio))).toBeCloseTo(epsilon, 6);
  }
  expect([noiseProbability(m + 1), noiseProbability(-m - 1)]).toEqual([0, 0]);
});

test("the noise lies in [-m, m], whatever the 64 bits", () => {
  expect(noiseAt(0n)).toBe(-m);
  expect(noiseAt(2n ** 64n - 1n)).toBe(m);
  expect(noiseAt(2n ** 63n)).toBe(0);
  expect(Math.max(...draws.map(Math.abs))).toBeLessThanOrEqual(m);
});

test("draws spread as they should: mean 0, variance 2 q / (1 - q)^2", () => {
  const mean = draws.reduce((sum, z) => sum + z, 0) / draws.length;
  const variance = draws.reduce((sum, z) => sum + z * z, 0) / draws.length;
  // That is 199.8, and the mean of 20,000 draws has a standard deviation of 0.1.
  expect(Math.abs(mean)).toBeLessThan(0.5);
  expect(variance).toBeGreaterThan(180);
  expect(variance).toBeLessThan(220);
});

test("a set keeps its draw; another set, day or key has another one", () => {
  const other = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => 99 - i));
  const again = (n: number, day: number, k = key): number => crowdNoise(k, digestOf(n), day);
  const sets = Array.from({ length: 50 }, (_, n) => n);
  expect(sets.map((n) => again(n, 20_783))).toEqual(draws.slice(0, 50));
  expect(sets.map((n) => again(n, 20_813))).not.toEqual(draws.slice(0, 50));
  expect(sets.map((n) => again(n, 20_783, other))).not.toEqual(draws.slice(0, 50));
  expect(new Set(draws.slice(0, 50)).size).toBeGreaterThan(10);
});

test("nobody below the minimum is ever admitted, everybody from two margins above always", () => {
  for (let noise = -m; noise <= m; noise++) {
    expect(admitsCrowd(F - 1, noise, F)).toBe(false);
    expect(admitsCrowd(F + 2 * m, noise, F)).toBe(true);
  }
});

test("the line itself is in: F with the highest noise, and one person or step less is out", () => {
  expect(admitsCrowd(F, m, F)).toBe(true);
  expect(admitsCrowd(F, m - 1, F)).toBe(false);
  expect(admitsCrowd(F + 2 * m, -m, F)).toBe(true);
  expect(admitsCrowd(F + 2 * m - 1, -m, F)).toBe(false);
});

test("some sets between are admitted and some are not", () => {
  const verdicts = draws.slice(0, 200).map((noise) => admitsCrowd(F + m, noise, F));
  expect(new Set(verdicts).size).toBe(2);
});

test("what a draw is stays what it was: noise of old snapshots can be checked", () => {
  expect(draws.slice(0, 12)).toEqual([25, 0, 7, -1, -16, 3, 1, -1, 2, -2, -4, 1]);
});
