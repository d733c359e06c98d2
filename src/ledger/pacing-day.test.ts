import { expect, test } from "vitest";
import { isPaced } from "../bid/pace.js";
import { Cell, createSharedBuffers, MoneyState, sharedStateFrom } from "../bid/shared-state.js";
import { BudgetBook } from "./budget.js";
import { BudgetHistory } from "./budget-history.js";
import { PacingDay } from "./pacing-day.js";
import { TrafficShape } from "./traffic-shape.js";

/** Half past five ahead of UTC: days begin within an hour of it. */
const india = [{ fromSec: 0, offsetSec: 5.5 * 3600 }];
const midnightSec = Date.parse("2026-11-25T18:30:00Z") / 1000;
const span = { zone: india, startMs: 0, endMs: Number.POSITIVE_INFINITY, week: null };

/** The share of requests that a paced line item takes part in, some seconds after each moment. */
function participations(...startsSec: readonly number[]): number[] {
  const sizes = { workers: 1, places: 2, slots: 1, capEntries: 1, ringRecords: 1 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  const book = new BudgetBook(state, new BudgetHistory(), 1);
  const lineItems = [{ lineItem: 1, place: 1, bidNanosMax: 10 }];
  const budget = { campaign: 1, totalNanos: null, dailyNanos: 96_000n, zone: india, lineItems };
  const campaigns = [{ ...budget, pacing: "even" as const }];
  book.adopt({ generation: 1, campaigns, billsBy: [] });
  return startsSec.map((startSec) => {
    for (let sec = 0; sec < 5; sec++) {
      for (let bids = 0; bids < 10; bids++) isPaced(state, 1, 10, bids, 1);
      book.plan((startSec + sec) * 1000, []);
      book.applyGrants();
    }
    return 1 - state.skips[1]! / 2 ** 32;
  });
}

test("a local day that begins within an hour is paced from its first second on", () => {
  const [before, after] = participations(midnightSec - 600, midnightSec + 60);
  expect(before).toBeGreaterThan(0.001);
  expect(after).toBeGreaterThan(0.001);
});

test("a clock that is set back over the beginning of a local day paces the day before", () => {
  const [, again] = participations(midnightSec + 60, midnightSec - 600);
  expect(again).toBeGreaterThan(0.001);
});

test("before its beginning all of a day is left, and none of it is planned", () => {
  const day = new PacingDay({ ...span, mode: "even" }, new TrafficShape(), midnightSec);
  expect(day.startSec).toBe(midnightSec);
  expect(day.restWeight(midnightSec - 3600)).toBe(day.weight);
  expect(day.plannedBy(midnightSec - 3600)).toBe(0);
  expect(day.rateAt(midnightSec - 3600)).toBe(0);
});
