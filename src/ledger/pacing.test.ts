import { expect, test } from "vitest";
import { type PacingRun, runPacing } from "../testing/pacing-run.js";
import { lifeTo95, overspend, pacingError } from "./pacing-figures.js";

const run: PacingRun = {
  ...{ seed: 7, requestsPerSec: 5, winRate: 0.3, holdSec: 60, delaySec: 5 },
  ...{ budgetPart: 0.5, mode: "even", learnt: true, hours: 24 },
};

test("a feasible budget is spent to 99 % along the day's traffic, and nothing above it", () => {
  const { spentPart, above, error, shownError, late } = runPacing(run);
  expect([above, late]).toEqual([0, 0]);
  expect(spentPart).toBeGreaterThan(0.99);
  expect(error).toBeLessThan(0.1);
  // It plans by the day before, in hours: a little beside what the traffic turns out to be.
  expect(Math.abs(shownError! - error)).toBeLessThan(0.02);
});

test("a line item that leaves the plan does not slow the rest down", () => {
  const { spentPart, above, error } = runPacing({ ...run, otherLeavesHour: 9 });
  expect(above).toBe(0);
  expect(spentPart).toBeGreaterThan(0.99);
  expect(error).toBeLessThan(0.1);
});

test("impressions are paced as money is", () => {
  const { spentPart, above, error, shownError } = runPacing({ ...run, impressions: true });
  expect(Math.abs(shownError! - error)).toBeLessThan(0.02);
  expect(above).toBe(0);
  expect(spentPart).toBeGreaterThan(0.99);
  expect(error).toBeLessThan(0.1);
});

test("at T / win rate of 2,300 s the budget is spent to 99 % all the same", () => {
  const { spentPart, above } = runPacing({ ...run, winRate: 0.26, holdSec: 600 });
  expect(above).toBe(0);
  expect(spentPart).toBeGreaterThan(0.99);
});

test("a budget of a few impressions is not spent in the first hours", () => {
  const few = { ...run, impressions: true, budgetPart: 40 / (5 * 86_400 * 0.3) };
  const { spentPart, above, lifeHours } = runPacing(few);
  expect(above).toBe(0);
  expect(spentPart).toBeGreaterThan(0.9);
  expect(lifeHours).toBeGreaterThan(16);
});

test("ahead is spent before even, and as soon as possible before both", () => {
  const life = (mode: PacingRun["mode"]) => runPacing({ ...run, mode }).lifeHours;
  const [asap, ahead, even] = [life("asap"), life("ahead"), life("even")];
  expect(asap).toBeLessThan(ahead - 2);
  expect(ahead).toBeLessThan(even);
});

test("the figures are those of their definitions", () => {
  expect(pacingError([10, 10, 10, 10], [10, 10, 10, 10])).toBe(0);
  expect(pacingError([0, 20, 0, 20], [10, 10, 10, 10])).toBe(1);
  expect(lifeTo95([10, 10, 0, 0, 0.5])).toBe(0.5);
  expect(lifeTo95([10, 10, 0, 0, 5])).toBe(1.25);
  expect(overspend([10, 12, 11], 10)).toBe(2);
  expect(overspend([10, 10], 10)).toBe(0);
});
