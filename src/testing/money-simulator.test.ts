import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MoneySimulator } from "./money-simulator.js";

const events = 2000;
const failedBefore: number[] = JSON.parse(
  readFileSync(new URL("../../fixtures/simulator/seeds.json", import.meta.url), "utf8"),
);

test("twenty seeds of 2,000 events: nothing overspent, lost or counted twice", () => {
  const runs = Array.from({ length: 20 }, (_, seed) => new MoneySimulator(seed).run(events));
  expect(runs.flatMap(({ seed, wrong }) => wrong.map((words) => `seed ${seed}: ${words}`))).toEqual(
    [],
  );
  const sum = (of: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((total, run) => total + of(run), 0);
  // The lives are hard enough: budgets bind, and each kind of trouble comes often.
  expect(Math.min(...runs.map(({ crashes }) => crashes))).toBeGreaterThanOrEqual(5);
  expect(sum(({ diskFailures }) => diskFailures)).toBeGreaterThan(100);
  expect(sum(({ clockJumps }) => clockJumps)).toBeGreaterThan(100);
  expect(sum(({ edits }) => edits)).toBeGreaterThan(100);
  expect(sum(({ repeats }) => repeats)).toBeGreaterThan(2000);
  expect(sum(({ lateBills }) => lateBills)).toBeGreaterThan(100);
  expect(sum(({ bills }) => bills)).toBeGreaterThan(1200);
  expect(sum(({ daysUsedUp }) => daysUsedUp)).toBeGreaterThan(1000);
  expect(sum(({ totalsUsedUp }) => totalsUsedUp)).toBeGreaterThan(1000);
  expect(sum(({ lineItemsUsedUp }) => lineItemsUsedUp)).toBeGreaterThan(1000);
  expect(sum(({ advertisersUsedUp }) => advertisersUsedUp)).toBeGreaterThan(500);
  expect(sum(({ ceilingsUsedUp }) => ceilingsUsedUp)).toBeGreaterThan(500);
  expect(sum(({ impressionsUsedUp }) => impressionsUsedUp)).toBeGreaterThan(1000);
  expect(sum(({ capped }) => capped)).toBeGreaterThan(15);
  expect(sum(({ capsUsedUp }) => capsUsedUp)).toBeGreaterThan(15);
});

test.skipIf(failedBefore.length === 0)("seeds that failed once do not fail again", () => {
  for (const seed of failedBefore) {
    expect([seed, new MoneySimulator(seed).run(events).wrong]).toEqual([seed, []]);
  }
});
