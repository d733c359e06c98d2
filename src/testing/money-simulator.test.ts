import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MoneySimulator } from "./money-simulator.js";
import { runSize } from "./run-size.js";

const events = 2000;
const seeds = runSize(8, 20);
/** Of twenty seeds. */
const share = (count: number): number => (count * seeds) / 20;
const failedBefore: number[] = JSON.parse(
  readFileSync(new URL("../../fixtures/simulator/seeds.json", import.meta.url), "utf8"),
);

test(`${seeds} seeds of 2,000 events: nothing overspent, lost or counted twice`, () => {
  const runs = Array.from({ length: seeds }, (_, seed) => new MoneySimulator(seed).run(events));
  expect(runs.flatMap(({ seed, wrong }) => wrong.map((words) => `seed ${seed}: ${words}`))).toEqual(
    [],
  );
  const sum = (of: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((total, run) => total + of(run), 0);
  // The lives are hard enough: budgets bind, and each kind of trouble comes often.
  expect(Math.min(...runs.map(({ crashes }) => crashes))).toBeGreaterThanOrEqual(5);
  expect(sum(({ diskFailures }) => diskFailures)).toBeGreaterThan(share(100));
  expect(sum(({ clockJumps }) => clockJumps)).toBeGreaterThan(share(100));
  expect(sum(({ edits }) => edits)).toBeGreaterThan(share(100));
  expect(sum(({ roundsBusy }) => roundsBusy)).toBeGreaterThan(share(4000));
  expect(sum(({ repeats }) => repeats)).toBeGreaterThan(share(2000));
  expect(sum(({ lateBills }) => lateBills)).toBeGreaterThan(share(100));
  expect(sum(({ bills }) => bills)).toBeGreaterThan(share(1200));
  expect(sum(({ daysUsedUp }) => daysUsedUp)).toBeGreaterThan(share(1000));
  expect(sum(({ totalsUsedUp }) => totalsUsedUp)).toBeGreaterThan(share(1000));
  expect(sum(({ lineItemsUsedUp }) => lineItemsUsedUp)).toBeGreaterThan(share(1000));
  expect(sum(({ advertisersUsedUp }) => advertisersUsedUp)).toBeGreaterThan(share(500));
  expect(sum(({ ceilingsUsedUp }) => ceilingsUsedUp)).toBeGreaterThan(share(500));
  expect(sum(({ impressionsUsedUp }) => impressionsUsedUp)).toBeGreaterThan(share(1000));
  expect(sum(({ capped }) => capped)).toBeGreaterThan(share(15));
  expect(sum(({ capsUsedUp }) => capsUsedUp)).toBeGreaterThan(share(15));
});

test.skipIf(failedBefore.length === 0)("seeds that failed once do not fail again", () => {
  for (const seed of failedBefore) {
    expect([seed, new MoneySimulator(seed).run(events).wrong]).toEqual([seed, []]);
  }
});
