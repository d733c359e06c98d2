import { expect, test } from "vitest";
import { ladder, snapToLadder } from "./ladder.js";

test("steps are 8 % apart and 1000 is one of them", () => {
  expect(ladder).toContain(1000);
  for (let i = 1; i < ladder.length; i++) {
    expect(ladder[i]! / ladder[i - 1]!).toBeGreaterThan(1.07);
    expect(ladder[i]! / ladder[i - 1]!).toBeLessThan(1.09);
  }
});

test("every step snaps to itself and every factor to a step within 4 %", () => {
  for (const step of ladder) expect(snapToLadder(step)).toBe(step);
  for (let factor = 150; factor < 9000; factor += 7) {
    expect(Math.abs(Math.log(snapToLadder(factor) / factor))).toBeLessThan(0.045);
  }
  expect(snapToLadder(0)).toBe(ladder[0]);
  expect(snapToLadder(1e9)).toBe(ladder.at(-1));
});
