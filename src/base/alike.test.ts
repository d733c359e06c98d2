import { expect, test } from "vitest";
import { areAlike, haveSameElements } from "./alike.js";

test("values that say the same are alike, whatever the order of their keys", () => {
  const one = { a: [1, { b: 2n }], c: null, d: undefined };
  expect(areAlike(one, { d: undefined, c: null, a: [1, { b: 2n }] })).toBe(true);
  expect(areAlike(one, { ...one, a: [1, { b: 3n }] })).toBe(false);
  expect(areAlike(one, { ...one, a: [1] })).toBe(false);
  expect(areAlike(one, { a: one.a, c: null })).toBe(false);
  expect(areAlike({ a: undefined }, { b: undefined })).toBe(false);
  expect(areAlike([], {})).toBe(false);
  expect(areAlike(Number.NaN, Number.NaN)).toBe(true);
});

test("what is no plain value is like itself alone", () => {
  const map = new Map();
  expect(areAlike(map, map)).toBe(true);
  expect(areAlike(map, new Map())).toBe(false);
});

test("lists have the same elements when each is the very same thing", () => {
  const [one, two] = [{}, {}];
  expect(haveSameElements([one, two], [one, two])).toBe(true);
  expect(haveSameElements([one, two], [two, one])).toBe(false);
  expect(haveSameElements([one], [one, two])).toBe(false);
});
