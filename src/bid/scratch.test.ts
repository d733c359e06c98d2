import { expect, test } from "vitest";
import { emptyTable } from "../testing/empty-table.js";
import { Scratch } from "./scratch.js";

test("stamps begin anew before 32 bits cannot hold them, and old marks are forgotten", () => {
  const scratch = new Scratch(emptyTable(), 1);
  scratch.requestMark.fill(7);
  scratch.dealTaken[3] = 7;
  scratch.stamp = 1000;
  scratch.renewStamps();
  expect(scratch.stamp).toBe(1000);
  scratch.stamp = 2 ** 32 - 100;
  scratch.renewStamps();
  expect(scratch.stamp).toBe(1);
  expect([...scratch.requestMark].every((mark) => mark === 0)).toBe(true);
  expect(scratch.dealTaken[3]).toBe(0);
});
