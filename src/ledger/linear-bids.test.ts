import { expect, test } from "vitest";
import { createLearntBuffers, Learnt } from "../bid/learnt.js";
import type { NoticeEntry } from "../journal/entry.js";
import type { BudgetPlan } from "./budget-plan.js";
import { LinearBids } from "./linear-bids.js";

const hourSec = 3600;
/** 16:00 UTC, which is 01:00 of the next day in the campaign's zone. */
const nowSec = 20_000 * 24 * hourSec + 16 * hourSec;
const tokyo = [{ fromSec: 0, offsetSec: 9 * hourSec }];
const cell = { exchange: 1, format: 1, size: 1, propertyLo: 0, propertyHi: 0 };
const bid = { priceMicros: 1000, reservedMicros: 1000 } as NoticeEntry;

const planOf = (dailyNanos: bigint): BudgetPlan => ({
  ...{ generation: 1, billsBy: [] },
  campaigns: [{ campaign: 1, totalNanos: null, dailyNanos, zone: tokyo, lineItems: [] }],
  learning: {
    ...{ exchanges: [], prices: true, clicks: true },
    linear: [{ campaign: 1, endSec: nowSec + 1e6, lineItems: [{ lineItem: 1, place: 3 }] }],
  },
});

/** The share after so much was spent, hours before now; told before or after the World. */
function shareOf(spends: readonly (readonly [hoursAgo: number, nanos: number])[], late: boolean) {
  const learnt = new Learnt(createLearntBuffers(1, 16));
  const linear = new LinearBids();
  const plan = planOf(23n * 3600n * 1000n);
  linear.turn(nowSec, () => null, learnt);
  if (!late) linear.adopt(plan);
  for (const [hoursAgo, nanos] of spends) linear.addSpend(1, nanos, nowSec - hoursAgo * hourSec);
  if (late) linear.adopt(plan);
  // A bid costs what it bids; two a second may cost 1,000 a second in all.
  for (let i = 0; i < 40; i++) linear.addBid(1, bid, cell);
  linear.countBids(1, 120);
  for (let i = 0; i < 30; i++) linear.turn(nowSec, (_, micros) => micros, learnt);
  return learnt.horizons[3]! / 1e6;
}

test("what was spent today, in the advertiser's zone, is the same read from the journal", () => {
  const half = (23 * 3600 * 1000) / 2;
  for (const late of [false, true]) {
    expect(shareOf([], late)).toBeCloseTo(0.5, 2);
    // An hour ago and less is today, more is yesterday, whatever the day in UTC.
    expect(shareOf([[0.5, half]], late)).toBeCloseTo(0.25, 2);
    expect(shareOf([[1.5, half]], late)).toBeCloseTo(0.5, 2);
    const spread = [
      ...([[30, half] as const, [23, half] as const, [2, half] as const] as const),
      ...([[0.75, half / 2] as const, [0, half / 2] as const] as const),
    ];
    expect(shareOf(spread, late)).toBeCloseTo(0.25, 2);
  }
});
