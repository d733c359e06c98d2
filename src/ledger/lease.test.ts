import { expect, test } from "vitest";
import { Outcome } from "../base/outcome.js";
import { Cell, createSharedBuffers, MoneyState, sharedStateFrom } from "../bid/shared-state.js";
import { SimulatedBidder, simulatedTable } from "../testing/simulated-bidder.js";
import { placeOf, simulatedSizes } from "../testing/simulated-money.js";
import type { BudgetPlan } from "./budget-plan.js";
import { Lease } from "./lease.js";

const startSec = 1_800_000_000;
const hourSec = 3600;
const planOf = (...expSec: number[]): BudgetPlan => ({
  ...{ generation: 1, campaigns: [], billsBy: [] },
  learning: {
    ...{ linear: [], prices: false, clicks: false },
    exchanges: expSec.map((sec, exchange) => ({
      ...{ exchange, winsBy: 2, losses: false, firstPrice: true, expSec: sec, winRate: null },
    })),
  },
});

/** Leases of a boot on a clock whose offset is the wall clock's error. */
class Desk {
  readonly state = sharedStateFrom(
    createSharedBuffers({ workers: 1, places: 1, slots: 1, capEntries: 1, ringRecords: 1 }),
    0,
  );
  readonly lease = new Lease(this.state, 7);
  sec = startSec;
  offsetSec = 0;

  get nowSec(): number {
    return this.sec + this.offsetSec;
  }

  /** Seconds from now until its end; null = no record. */
  renew(): number | null {
    const entry = this.lease.renewal(this.nowSec * 1000, this.sec * 1000);
    if (entry === null) return null;
    expect(entry).toMatchObject({ boot: 7, timeMs: this.nowSec * 1000 });
    this.lease.durable();
    return entry.untilSec - this.nowSec;
  }

  /** Records of that many seconds, once a second. */
  records(seconds: number): number {
    let records = 0;
    for (let i = 0; i < seconds; i++) {
      this.sec++;
      if (this.renew() !== null) records++;
      expect(this.state.mayHoldUntil(this.nowSec + 20, this.nowSec)).toBe(true);
    }
    return records;
  }
}

test("a lease is for the longest life that exchanges are known for, renewed once a minute", () => {
  const desk = new Desk();
  expect(desk.renew()).toBeNull();
  desk.lease.adopt(planOf(600, 3600));
  expect(desk.renew()).toBe(3690);
  expect(desk.records(600)).toBeGreaterThanOrEqual(9);
  expect(desk.records(600)).toBeLessThanOrEqual(10);
});

test("a bid that wants to live longer is refused until the lease for it is durable", () => {
  const desk = new Desk();
  desk.lease.adopt(planOf(600));
  desk.renew();
  const wanted = (): boolean => desk.state.mayHoldUntil(desk.nowSec + 7001, desk.nowSec);
  expect(wanted()).toBe(false);
  const entry = desk.lease.renewal(desk.nowSec * 1000, desk.sec * 1000);
  expect(wanted()).toBe(false);
  desk.lease.durable();
  expect(entry?.untilSec).toBe(desk.nowSec + 7020 + 90);
  expect(wanted()).toBe(true);
});

test("what no bid wanted for an hour and the rest of another is leased no more", () => {
  const desk = new Desk();
  desk.lease.adopt(planOf(3600));
  desk.renew();
  desk.state.mayHoldUntil(desk.nowSec + 40, desk.nowSec);
  // Until the lease of before has come near, nothing is due.
  expect(desk.records(hourSec)).toBeGreaterThan(50);
  expect(desk.records(hourSec - 60)).toBe(0);
  desk.sec += 120;
  expect(desk.renew()).toBe(150);
  desk.state.mayHoldUntil(desk.nowSec + 400, desk.nowSec);
  expect(desk.renew()).toBe(510);
});

test("a clock that jumps ahead is followed at once, one that goes back needs no other lease", () => {
  const desk = new Desk();
  desk.lease.adopt(planOf(600));
  desk.renew();
  desk.offsetSec = 26 * hourSec;
  expect(desk.state.mayHoldUntil(desk.nowSec + 20, desk.nowSec)).toBe(false);
  expect(desk.renew()).toBe(690);
  desk.offsetSec = -26 * hourSec;
  expect(desk.renew()).toBeNull();
  expect(desk.state.mayHoldUntil(desk.nowSec + 20, desk.nowSec)).toBe(true);
});

test("what a bid would take it leaves where no lease is long enough", () => {
  const buffers = createSharedBuffers(simulatedSizes);
  const state = sharedStateFrom(buffers, 0);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  state.setCell(Cell.LEASED_SEC, startSec + 100);
  state.allowances[placeOf(202)] = 50n;
  const bidder = new SimulatedBidder(state, buffers.rings[0]!, simulatedTable(false));
  const bid = (lifeSec: number) => {
    const wanted = { lineItem: 202, nanos: 20, lifeSec, person: { ordinal: 0, hash: 0 } };
    return bidder.bid(wanted, 1, startSec * 1000, 7);
  };
  expect(bid(101)).toBe(Outcome.NO_ALLOWANCE);
  expect(state.allowances[placeOf(202)]).toBe(50n);
  expect(bid(100)).toMatchObject({ expirySec: startSec + 100 });
});
