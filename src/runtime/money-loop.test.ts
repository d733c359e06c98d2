import { expect, test } from "vitest";
import type { ModelOptions } from "../testing/money-model.js";
import { MoneyModel } from "../testing/money-model.js";

function run(seeds: number, steps: number, options: ModelOptions): MoneyModel[] {
  const models: MoneyModel[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const model = new MoneyModel(seed, options);
    for (let i = 0; i < steps && model.wrong.length === 0; i++) model.step();
    expect(model.wrong.map((what) => `seed ${seed}: ${what}`)).toEqual([]);
    models.push(model);
  }
  return models;
}

test("with bills in time nothing is overspent or lost through crashes and failing disks", () => {
  const models = run(12, 1500, { late: false, edits: false });
  expect(models.every((model) => model.lateNanos === 0n)).toBe(true);
  expect(models.reduce((sum, model) => sum + model.bidsMade, 0)).toBeGreaterThan(3000);
  expect(models.reduce((sum, model) => sum + model.restarts, 0)).toBeGreaterThan(30);
  expect(models.reduce((sum, model) => sum + model.daysUsedUp, 0)).toBeGreaterThan(10);
  expect(models.reduce((sum, model) => sum + model.slotBids, 0)).toBeGreaterThan(500);
});

test("late bills, losses before bills and budget edits keep every account balanced", () => {
  const models = run(12, 1500, { late: true, edits: true });
  expect(models.some((model) => model.lateNanos > 0n)).toBe(true);
});

test("late bills exceed a budget by no more than themselves", () => {
  run(12, 1500, { late: true, edits: false });
});
