import fc from "fast-check";
import { expect, test } from "vitest";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { Cell, createSharedBuffers, MoneyState, sharedStateFrom } from "../bid/shared-state.js";
import type { AllowanceEntry, Entry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { BudgetBook } from "./budget.js";
import { BudgetHistory } from "./budget-history.js";
import { LevelKind } from "./budget-level.js";
import { type BudgetPlan, type CampaignBudget, type Limits, Unit } from "./budget-plan.js";

const startMs = 1_800_000_000_000;
const usd = 0x555344;
const none: Limits = { totalNanos: null, dailyNanos: null };
/** Line items 1 and 2 in campaign 1, 3 in campaign 2, both of advertiser 9. */
const lineItems = [1, 2, 3] as const;
const impressionPlace = (lineItem: number): number => lineItem + 4;

type Bounds = {
  readonly lineItem?: Limits;
  readonly campaign?: Limits & Partial<CampaignBudget>;
  readonly advertiser?: Limits;
  readonly all?: bigint;
  readonly bidNanosMax?: bigint;
};

function planOf({ lineItem, campaign, advertiser, all, bidNanosMax }: Bounds): BudgetPlan {
  const zone = [{ fromSec: 0, offsetSec: 0 }];
  const ceiling = { lineItemDailyNanos: null, campaignDailyNanos: null };
  const of = (id: number, ids: readonly number[]): CampaignBudget => ({
    ...{ campaign: id, advertiser: 9, zone, ...none, ...(id === 1 ? campaign : {}) },
    lineItems: ids.map((one) => ({
      ...{ lineItem: one, place: one, impressionPlace: impressionPlace(one), bidNanosMax: 10 },
      ...(one === 1 && lineItem !== undefined ? { limits: lineItem } : {}),
    })),
  });
  return {
    ...{ generation: 1, billsBy: [], campaigns: [of(1, [1, 2]), of(2, [3])] },
    advertisers: [{ advertiser: 9, currency: usd, zone, ...none, ...advertiser }],
    ceilings: [
      {
        ...{ currency: usd, bidNanosMax: bidNanosMax ?? null, ...ceiling },
        ...{ advertiserDailyNanos: null, allDailyNanos: all ?? null },
      },
    ],
  };
}

class Desk {
  readonly journal: Entry[] = [];
  readonly spent = [0, 0, 0, 0];
  readonly shown = [0, 0, 0, 0];
  nowMs = startMs;
  boot = 0;
  state = sharedStateFrom(createSharedBuffers(sizes), 0);
  book!: BudgetBook;

  start(plan: BudgetPlan): void {
    this.boot++;
    this.state = sharedStateFrom(createSharedBuffers(sizes), 0);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    const history = new BudgetHistory();
    for (const entry of this.journal) history.replay(entry);
    this.journal.push({ kind: RecordKind.BOOT, boot: this.boot, timeMs: this.nowMs });
    history.noteBoot(this.boot, this.nowMs);
    this.book = new BudgetBook(this.state, history, this.boot);
    this.book.adopt(plan);
  }

  topUp(): void {
    const entries: AllowanceEntry[] = [];
    this.nowMs += 50;
    this.book.plan(this.nowMs, entries);
    this.journal.push(...entries);
    this.book.applyGrants();
  }

  /** A bid that is billed at once; false where money or impressions are out. */
  buy(lineItem: number, nanos: number): boolean {
    if (!takeAllowance(this.state, lineItem, nanos)) return false;
    if (!takeAllowance(this.state, impressionPlace(lineItem), 1)) {
      giveBack(this.state, lineItem, nanos);
      return false;
    }
    this.book.charge(this.boot, lineItem, nanos, this.nowMs, true);
    this.journal.push({ ...bill, boot: this.boot, lineItem, chargedNanos: nanos });
    this.spent[lineItem]! += nanos;
    this.shown[lineItem]! += 1;
    return true;
  }

  buyAll(): void {
    for (let round = 0; round < 60; round++) {
      this.topUp();
      for (const lineItem of lineItems) for (let i = 0; i < 40; i++) this.buy(lineItem, 7);
    }
  }
}

const sizes = { workers: 1, places: 8, slots: 1, capEntries: 1, ringRecords: 1 };
const bill = {
  kind: RecordKind.NOTICE,
  ...{ noticeKind: 2, flags: 0, keyId: 0, worker: 0, counter: 0, exchange: 1, creative: 1 },
  ...{ cell: 0, priceMicros: 1, reservedMicros: 1, currency: 0, timeSec: 0, expirySec: 0 },
  ...{ lossCode: 0xffff, clearingMicros: -1, minToWinMicros: -1, receivedMs: startMs },
  effect: NoticeEffect.BILLED,
} as const;

test.each<[string, Bounds, (desk: Desk) => number, number]>([
  ["a line item's total", { lineItem: { ...none, totalNanos: 700n } }, (d) => d.spent[1]!, 700],
  ["a line item's day", { lineItem: { ...none, dailyNanos: 350n } }, (d) => d.spent[1]!, 350],
  [
    "a campaign's impressions",
    { campaign: { ...none, totalImpressions: 41n } },
    (d) => d.shown[1]! + d.shown[2]!,
    41,
  ],
  [
    "an advertiser's day in impressions",
    { advertiser: { ...none, dailyImpressions: 55n } },
    (d) => d.shown[1]! + d.shown[2]! + d.shown[3]!,
    55,
  ],
  [
    "an advertiser's total",
    { advertiser: { ...none, totalNanos: 1400n } },
    (d) => d.spent[1]! + d.spent[2]! + d.spent[3]!,
    1400,
  ],
  ["the ceiling of all", { all: 770n }, (d) => d.spent[1]! + d.spent[2]! + d.spent[3]!, 770],
])("%s is spent to its last bid, and not one unit more", (_, bounds, of, wanted) => {
  const desk = new Desk();
  desk.start(planOf(bounds));
  desk.buyAll();
  expect(of(desk)).toBeLessThanOrEqual(wanted);
  // Less than one bid may be left over in the allowances of several line items.
  expect(of(desk)).toBeGreaterThan(wanted - 10);
});

test("what late bills may be worth is not granted at the campaign and above, in either unit", () => {
  const limits = { totalNanos: 800n, dailyNanos: null, totalImpressions: 60n };
  const wide = { ...none, totalImpressions: 1000n };
  for (const [campaign, advertiser] of [
    [limits, wide],
    [wide, limits],
  ] as const) {
    const desk = new Desk();
    const plan = planOf({ campaign, advertiser, all: 900n });
    desk.start(plan);
    desk.book.holdBack(1, 100n, 7n);
    desk.book.holdBack(1, 300n, 20n);
    desk.book.adopt(plan);
    desk.buyAll();
    const of = (amounts: readonly number[]): number => {
      const others = advertiser === limits ? amounts[3]! : 0;
      return amounts[1]! + amounts[2]! + others;
    };
    expect(of(desk.spent)).toBeLessThanOrEqual(500);
    expect(of(desk.shown)).toBeLessThanOrEqual(40);
    desk.book.holdBack(1, 0n, 0n);
    desk.buyAll();
    expect(Math.max(of(desk.spent) / 800, of(desk.shown) / 60)).toBeGreaterThan(0.9);
  }
});

test("bids out of what comes back to an overdrawn level add nothing to what it may be billed", () => {
  const desk = new Desk();
  desk.start(planOf({ campaign: { ...none, totalNanos: 800n } }));
  const hold = (): boolean => takeAllowance(desk.state, 1, 10);
  let held = 0;
  for (let round = 0; round < 50; round++) {
    desk.topUp();
    while (hold()) held++;
  }
  expect(held).toBeGreaterThan(70);
  const outside = (): bigint =>
    desk.book
      .accounts()
      .filter(({ campaign }) => campaign === 1)
      .reduce((sum, one) => sum + one.granted - one.returned - one.charged, 0n);
  desk.book.adopt(planOf({ campaign: { ...none, totalNanos: 100n } }));
  desk.topUp();
  const atCut = outside();
  expect(atCut).toBeGreaterThan(700n);
  // Between two plans a reservation expires, and its money is bid again.
  giveBack(desk.state, 1, 10);
  expect(hold()).toBe(true);
  desk.topUp();
  expect(outside()).toBe(atCut);
  // What no bid was quick enough for is gone with the next plan, down to the new limit.
  for (let left = held; left > 10; left--) {
    giveBack(desk.state, 1, 10);
    desk.topUp();
    expect(hold()).toBe(false);
    expect(outside()).toBe(BigInt(10 * (left - 1)));
  }
  expect(outside()).toBe(100n);
});

test("no allowance outside a flight, and none after its end when the clock goes back", () => {
  const desk = new Desk();
  const flight = { startMs: startMs + 10_000, endMs: startMs + 20_000 };
  desk.start(planOf({ campaign: { ...none, ...flight } }));
  const has = (): boolean => desk.state.allowances[1]! > 0n;
  desk.topUp();
  expect(has()).toBe(false);
  desk.nowMs = startMs + 10_000;
  desk.topUp();
  expect(has()).toBe(true);
  desk.nowMs = startMs + 20_000;
  desk.topUp();
  expect(has()).toBe(false);
  desk.nowMs = startMs + 15_000;
  desk.topUp();
  expect(has()).toBe(false);
});

test("after any crashes and edits no level is above its limits, in money and impressions", () => {
  const amount = fc.integer({ min: 0, max: 600 });
  const step = fc.oneof(
    fc.record({ buy: fc.constantFrom(...lineItems), nanos: fc.integer({ min: 1, max: 10 }) }),
    fc.constant("topUp" as const),
    fc.constant("crash" as const),
  );
  const limits = fc.record({ money: amount, shown: amount });
  fc.assert(
    fc.property(limits, limits, limits, fc.array(step, { maxLength: 200 }), (a, b, c, steps) => {
      const of = ({ money, shown }: { money: number; shown: number }): Limits => ({
        ...{ totalNanos: BigInt(money), dailyNanos: null },
        totalImpressions: BigInt(Math.ceil(shown / 10)),
      });
      const desk = new Desk();
      const plan = planOf({ lineItem: of(a), campaign: of(b), advertiser: of(c) });
      desk.start(plan);
      for (const one of steps) {
        if (one === "topUp") desk.topUp();
        else if (one === "crash") desk.start(plan);
        else desk.buy(one.buy, one.nanos);
      }
      const levels = [[1], [1, 2], [1, 2, 3]];
      for (const [i, limit] of [a, b, c].entries()) {
        const sum = (amounts: readonly number[]): number =>
          levels[i]!.reduce((total, lineItem) => total + amounts[lineItem]!, 0);
        expect(sum(desk.spent)).toBeLessThanOrEqual(limit.money);
        expect(sum(desk.shown)).toBeLessThanOrEqual(Math.ceil(limit.shown / 10));
      }
      for (const unit of [Unit.MONEY, Unit.IMPRESSIONS]) {
        for (const { granted, returned, charged, place } of desk.book.accounts(unit)) {
          expect(granted).toBe(returned + charged + desk.state.allowances[place]!);
        }
      }
    }),
  );
});

test("whatever is billed in the middle of a look, a grant fits when it is made", () => {
  const zone = [{ fromSec: 0, offsetSec: 0 }];
  const plain = { place: 1, bidNanosMax: 10 };
  const of = (limits: Partial<Limits>, lineItems: CampaignBudget["lineItems"]): BudgetPlan => ({
    ...{ generation: 1, billsBy: [] },
    campaigns: [{ campaign: 1, zone, ...none, ...limits, lineItems }],
  });
  const others = { lineItem: 2, place: 2, bidNanosMax: 10 };
  let grants = 0;
  for (let billedAt = 0, steps = 1; billedAt < steps; billedAt++) {
    const state = sharedStateFrom(createSharedBuffers(sizes), 0);
    const book = new BudgetBook(state, new BudgetHistory(), 1, 1);
    book.adopt(of({}, [{ lineItem: 1, ...plain }, others]));
    book.plan(startMs, []);
    // Line item 2 leaves, and what it bid is still billed; then impressions get a limit.
    const limited = { lineItem: 1, ...plain, impressionPlace: 5 };
    book.adopt(of({ totalImpressions: 1n }, [limited]));
    const level = book.levels[Unit.IMPRESSIONS]!.of(LevelKind.CAMPAIGN, 1);
    const look = book.planSteps(
      startMs + 1000,
      ({ kind, impressions = 0 }) => {
        if (kind !== RecordKind.GRANT || impressions === 0) return;
        grants++;
        expect(level.left()).toBeGreaterThanOrEqual(0n);
      },
      1000,
    );
    for (steps = 0; look.next().done !== true; steps++) {
      if (steps === billedAt) book.charge(1, 2, 5, startMs, true);
    }
  }
  expect(grants).toBeGreaterThan(0);
});
