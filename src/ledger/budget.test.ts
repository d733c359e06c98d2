import { expect, test } from "vitest";
import { takeAllowance } from "../bid/allowance.js";
import type { SharedState } from "../bid/shared-state.js";
import { Cell, createSharedBuffers, MoneyState, sharedStateFrom } from "../bid/shared-state.js";
import type { AllowanceEntry, Entry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { reservationSecMax } from "./boot-ends.js";
import { BudgetBook } from "./budget.js";
import { BudgetHistory } from "./budget-history.js";
import type { CampaignBudget } from "./budget-plan.js";
import { AllowancePlaces, localDay } from "./budget-plan.js";

const startMs = 1_800_000_000_000;
const boot = 5;
const utc = [{ fromSec: 0, offsetSec: 0 }];

class Desk {
  readonly state: SharedState;
  readonly history = new BudgetHistory();
  book: BudgetBook;
  nowMs = startMs;
  entries: AllowanceEntry[] = [];

  constructor(replayed: readonly Entry[] = []) {
    const sizes = { workers: 1, places: 8, slots: 1, capEntries: 1, ringRecords: 1 };
    this.state = sharedStateFrom(createSharedBuffers(sizes), 0);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    for (const entry of replayed) this.history.replay(entry);
    this.history.noteBoot(boot, startMs);
    this.book = new BudgetBook(this.state, this.history, boot);
  }

  adopt(over: Partial<CampaignBudget>, lineItems: readonly number[] = [1]): void {
    const items = lineItems.map((lineItem) => ({ lineItem, place: lineItem, bidNanosMax: 10 }));
    const budget = { campaign: 1, totalNanos: null, dailyNanos: null, zone: utc, lineItems: items };
    this.book.adopt({ generation: 1, campaigns: [{ ...budget, ...over }], billsBy: [] });
  }

  /** One top-up whose block became durable. */
  topUp(stepMs = 50): AllowanceEntry[] {
    this.nowMs += stepMs;
    const entries: AllowanceEntry[] = [];
    this.book.plan(this.nowMs, entries);
    this.book.applyGrants();
    return entries;
  }

  allowance(place = 1): number {
    return Number(this.state.allowances[place]);
  }

  /** Bids and bills until there is no more; gives what was spent. */
  spendAll(price = 10, place = 1): number {
    let spent = 0;
    for (let rounds = 0; rounds < 200; rounds++) {
      while (takeAllowance(this.state, place, price)) {
        this.book.charge(boot, place, price, this.nowMs);
        spent += price;
      }
      this.topUp();
    }
    return spent;
  }
}

const grant = (of: number, nanos: number, lineItem = 1): Entry => ({
  kind: RecordKind.GRANT,
  ...{ boot: of, campaign: 1, lineItem, nanos, timeMs: startMs },
});
const returned = (of: number, nanos: number): Entry => ({
  kind: RecordKind.RETURN,
  ...{ boot: of, campaign: 1, lineItem: 1, nanos, timeMs: startMs },
});
const started = (of: number, timeMs: number): Entry => ({
  kind: RecordKind.BOOT,
  boot: of,
  timeMs,
});
const leased = (of: number, untilSec: number): Entry => ({
  ...{ kind: RecordKind.LEASE, boot: of, untilSec, timeMs: startMs },
});
const billed = (of: number, nanos: number, receivedMs: number): Entry => ({
  kind: RecordKind.NOTICE,
  ...{
    noticeKind: 2,
    flags: 0,
    keyId: 0,
    worker: 0,
    boot: of,
    counter: 0,
    exchange: 1,
    lineItem: 1,
  },
  ...{ creative: 1, cell: 0, priceMicros: 1, reservedMicros: nanos, currency: 0, timeSec: 0 },
  ...{ expirySec: 0, lossCode: 0xffff, clearingMicros: -1, minToWinMicros: -1, receivedMs },
  ...{ effect: NoticeEffect.BILLED, chargedNanos: nanos },
});

test("a grant reaches the allowance only after its block is durable", () => {
  const desk = new Desk();
  desk.adopt({});
  const entries: AllowanceEntry[] = [];
  desk.book.plan(startMs, entries);
  expect(entries.map(({ kind, nanos }) => [kind, nanos])).toEqual([[RecordKind.GRANT, 80]]);
  expect(desk.allowance()).toBe(0);
  desk.book.applyGrants();
  desk.book.applyGrants();
  expect(desk.allowance()).toBe(80);
  expect(desk.topUp()).toEqual([]);
});

test("all of a total budget can be spent, and not a nano more", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 12_340n });
  expect(desk.spendAll()).toBe(12_340);
  expect(desk.book.spend()[0]).toMatchObject({ spentToday: "12340", outstanding: "0", left: "0" });
});

test("two line items share a budget to the end", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 1000n }, [1, 2]);
  desk.topUp();
  let spent = 0;
  for (let round = 0; round < 100; round++) spent += desk.spendAll(10, 1 + (round % 2));
  expect(spent).toBe(1000);
});

test("a busy line item is funded two seconds ahead, within a hundredth of what is left", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 10_000_000n });
  desk.topUp();
  for (let round = 0; round < 40; round++) {
    while (takeAllowance(desk.state, 1, 10));
    desk.topUp();
  }
  expect(desk.allowance()).toBeGreaterThan(50_000);
  expect(desk.allowance()).toBeLessThanOrEqual(100_000);
});

test("a daily budget starts anew at the zone's midnight, less what is still outstanding", () => {
  const desk = new Desk();
  // 1_800_000_000 is 08:00 UTC: midnight at +05:30 comes 10.5 hours later.
  desk.adopt({ dailyNanos: 500n, zone: [{ fromSec: 0, offsetSec: 5.5 * 3600 }] });
  expect(desk.spendAll()).toBe(500);
  desk.nowMs = startMs + 10.5 * 3_600_000 - 15_000;
  expect(desk.spendAll(10)).toBe(0);
  desk.nowMs = startMs + 10.5 * 3_600_000;
  desk.topUp();
  for (let i = 0; i < 10; i++) expect(takeAllowance(desk.state, 1, 1)).toBe(true);
  expect(desk.spendAll()).toBe(490);
  desk.nowMs += 86_400_000;
  // The ten nanos that were bid and never heard of are outstanding still.
  expect(desk.spendAll()).toBe(490);
});

test("after a restart the total is less by what was granted and not returned", () => {
  const replayed = [
    started(3, startMs - 9e6),
    grant(3, 400),
    returned(3, 50),
    billed(3, 120, startMs - 8e6),
    started(4, startMs - 5e6),
    grant(4, 100),
    billed(4, 30, startMs - 4e6),
  ];
  const desk = new Desk(replayed);
  desk.adopt({ totalNanos: 1000n });
  expect(desk.spendAll()).toBe(1000 - 350 - 100);
});

test("once no reservation of an ended boot can be alive only its bills count", () => {
  const desk = new Desk([
    started(3, startMs - 9e6),
    grant(3, 400),
    billed(3, 120, startMs - 8e6),
    started(4, startMs - 5e6),
  ]);
  desk.adopt({ totalNanos: 1000n });
  expect(desk.spendAll()).toBe(600);
  desk.nowMs = startMs - 5e6 + (reservationSecMax + 1) * 1000;
  expect(desk.spendAll()).toBe(280);
});

test("once the last lease of a boot is over only its bills count, whatever the clock did", () => {
  const startSec = startMs / 1000;
  const desk = new Desk([
    started(3, startMs - 9e6),
    grant(3, 400),
    leased(3, startSec + 600),
    billed(3, 120, startMs - 8e6),
    // The clock was set back by then: what expires first was leased last.
    leased(3, startSec + 60),
    started(4, startMs - 10e6),
  ]);
  desk.adopt({ totalNanos: 1000n });
  expect(desk.spendAll()).toBe(600);
  desk.nowMs = startMs + 600_999 - 50;
  desk.topUp();
  expect(desk.allowance()).toBe(0);
  desk.topUp(1);
  expect(desk.spendAll()).toBe(280);
});

test("bills of an earlier boot are covered by what it held, and cost the budget beyond", () => {
  const desk = new Desk([started(4, startMs - 5e6), grant(4, 100)]);
  desk.adopt({ totalNanos: 1000n });
  desk.book.charge(4, 1, 60, startMs);
  desk.book.charge(4, 1, 60, startMs);
  expect(desk.spendAll()).toBe(1000 - 120);
});

test("today's bills of earlier boots and what they may still bill count for today", () => {
  const desk = new Desk([
    started(4, startMs - 5e6),
    grant(4, 300),
    billed(4, 100, startMs - 4e6),
    billed(4, 40, startMs - 86_400_000),
  ]);
  desk.adopt({ dailyNanos: 1000n });
  expect(desk.spendAll()).toBe(1000 - 100 - 160);
});

test("a late bill's deficit is granted first and taken from the rest of the budget", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 1000n }, [1, 2]);
  desk.topUp();
  expect(desk.spendAll()).toBe(920);
  // Another line item holds the last 80: a late bill of 50 brings 50 of them back.
  Atomics.sub(desk.state.allowances, 1, 50n);
  desk.book.charge(boot, 1, 50, desk.nowMs);
  const entries = desk.topUp();
  expect(entries.map(({ kind, lineItem, nanos }) => [kind, lineItem, nanos])).toEqual([
    [RecordKind.GRANT, 1, 50],
    [RecordKind.RETURN, 2, 50],
  ]);
  expect([desk.allowance(1), desk.allowance(2)]).toEqual([0, 30]);
});

test("a cut budget takes allowances back at once, a raised one grants again", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 1000n });
  desk.topUp();
  expect(desk.allowance()).toBe(80);
  desk.adopt({ totalNanos: 30n });
  desk.topUp();
  expect(desk.allowance()).toBe(30);
  desk.adopt({ totalNanos: 0n });
  desk.topUp();
  expect(desk.allowance()).toBe(0);
  desk.adopt({ totalNanos: 1000n });
  desk.topUp();
  expect(desk.allowance()).toBe(80);
});

test("a line item that left its campaign gives its allowance back", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 1000n }, [1, 2]);
  desk.topUp();
  desk.adopt({ totalNanos: 1000n }, [2]);
  const entries = desk.topUp();
  expect(entries.map(({ kind, lineItem }) => [kind, lineItem])).toEqual([[RecordKind.RETURN, 1]]);
  expect(desk.allowance(1)).toBe(0);
});

test("at the end everything that is neither spent nor reserved is returned", () => {
  const desk = new Desk();
  desk.adopt({ totalNanos: 1000n });
  desk.topUp();
  takeAllowance(desk.state, 1, 30);
  const entries: AllowanceEntry[] = [];
  desk.book.returnAll(desk.nowMs, entries);
  expect(entries.map(({ kind, nanos }) => [kind, nanos])).toEqual([[RecordKind.RETURN, 50]]);
  const [account] = desk.book.accounts();
  expect([account?.granted, account?.returned]).toEqual([80n, 50n]);
});

test("local days turn at local midnight on both sides of a change of clocks", () => {
  const zone = [
    { fromSec: 0, offsetSec: 3600 },
    { fromSec: 1_000_000, offsetSec: 7200 },
  ];
  expect(localDay(zone, 82_799)).toBe(0);
  expect(localDay(zone, 82_800)).toBe(1);
  expect(localDay(zone, 1_029_600 - 1)).toBe(11);
  expect(localDay(zone, 1_029_600)).toBe(12);
});

test("a line item keeps its place, and no place is given twice", () => {
  const places = new AllowancePlaces(2);
  expect([7, 9, 7, 9].map((lineItem) => places.placeOf(lineItem))).toEqual([0, 1, 0, 1]);
  expect(places.placeOf(11)).toBe(-1);
});
