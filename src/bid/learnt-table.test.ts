import { expect, test } from "vitest";
import { LearntTable, learntTableBytes } from "./learnt-table.js";

const table = (entries: number): LearntTable =>
  new LearntTable(new SharedArrayBuffer(learntTableBytes(entries)));

test("values are found by both halves of their key, and by no other", () => {
  const one = table(16);
  expect(one.put(3, 0, 7)).toBe(true);
  expect(one.put(3, 1, 8)).toBe(true);
  one.add(3, 1, 2);
  one.add(4, 0, 5);
  expect([one.get(3, 0), one.get(3, 1), one.get(4, 0), one.get(4, 1)]).toEqual([7, 10, 5, 0]);
});

test("a table that is half full takes no new key, and goes on with those that it has", () => {
  const one = table(8);
  for (let lo = 1; lo <= 4; lo++) expect(one.put(lo, 0, lo)).toBe(true);
  expect(one.put(5, 0, 5)).toBe(false);
  expect(one.put(4, 0, 9)).toBe(true);
  expect([one.get(4, 0), one.get(5, 0)]).toEqual([9, 0]);
});

test("what is told of nothing, exchange 0, is refused and stops nobody", () => {
  const one = table(8);
  expect(one.put(0, 1, 5)).toBe(false);
  one.add(0, 1, 5);
  expect(one.get(0, 1)).toBe(0);
});
