import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { createLearntBuffers, Learnt } from "../bid/learnt.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import type { Held } from "../ledger/win-rates.js";
import { WinFold } from "./win-fold.js";

const startMs = 1_800_000_000_000;
const exchange = 4;
/** The smallest tables: 64 entries, half of them at most in use. */
const roomPairs = 32;

const billOf = (lineItem: number, timeSec: number): NoticeEntry => ({
  ...{ kind: RecordKind.NOTICE, noticeKind: NoticeKind.BILL, effect: NoticeEffect.BILLED },
  ...{ flags: 0, keyId: 1, worker: 0, boot: 1, counter: 1, exchange, lineItem, creative: 1 },
  ...{ cell: 0, priceMicros: 1e6, reservedMicros: 1e6, currency: 0, timeSec, lossCode: 0xffff },
  ...{ expirySec: timeSec + 60, clearingMicros: -1, minToWinMicros: -1, chargedNanos: 1e6 },
  receivedMs: timeSec * 1000,
});

/** Two workers that bid in turn, every second bid billed at once. */
class Trade {
  readonly learnt = new Learnt(createLearntBuffers(2, 16));
  readonly held: Held[] = [];
  readonly exchangesHeld: number[] = [];
  uncountedTold = 0;
  readonly fold = new WinFold({
    onHeld: (held) => this.held.push(held),
    onExchangeHeld: (id) => this.exchangesHeld.push(id),
    onUncounted: () => this.uncountedTold++,
  });
  readonly out: Entry[] = [];
  ms = startMs;

  constructor(replayed: readonly Entry[] = []) {
    for (const entry of replayed) this.fold.replay(entry);
    this.fold.begin({ boot: 1, nowMs: this.ms, learnt: this.learnt, holdBack: () => {} });
    this.adopt(1);
  }

  /** Line item n is of campaign n, but line item 1. */
  adopt(campaignOfOne: number): void {
    const limits = { totalNanos: null, dailyNanos: null, zone: [] };
    const own = { exchange, winsBy: NoticeKind.BILL, losses: true, firstPrice: true, expSec: 60 };
    this.fold.adopt({
      ...{ generation: 1, billsBy: [] },
      campaigns: [1, 2].map((campaign) => ({
        ...{ campaign, ...limits },
        lineItems: [1, 2]
          .filter((lineItem) => (lineItem === 1 ? campaignOfOne : lineItem) === campaign)
          .map((lineItem) => ({ lineItem, place: lineItem, bidNanosMax: 1 })),
      })),
      learning: {
        exchanges: [{ ...own, winRate: { min: 0.02, max: 0.6 } }],
        ...{ linear: [], prices: false, clicks: false },
      },
    });
  }

  run(seconds: number, lineItem: number, campaign: number, share = 0.5): void {
    for (let step = 0; step < 4 * seconds; step++, this.ms += 250) {
      const sec = Math.floor(this.ms / 1000);
      for (let i = 0; i < 20; i++) this.learnt.bids[i % 2]!.add(campaign, exchange, sec);
      this.fold.step(this.ms, this.out);
      for (let i = 0; i < 20 * share; i++) this.fold.take(billOf(lineItem, sec));
    }
  }

  fill(worker: number): void {
    const sec = Math.floor(this.ms / 1000);
    for (let i = 0; i < roomPairs; i++) this.learnt.bids[worker]!.add(1000 + i, 9, sec);
  }
}

test("a pair whose bids are not all counted is not judged, and an alarm rings once", () => {
  const trade = new Trade();
  trade.run(2, 1, 1);
  trade.fill(1);
  trade.run(30, 1, 1);
  trade.run(30, 2, 2);
  expect(trade.held).toEqual([]);
  expect(trade.fold.bidsUncounted()).toBeGreaterThan(0);
  expect(trade.uncountedTold).toBe(1);
  // One that had its place before is judged as ever.
  trade.run(10, 1, 1, 1);
  expect(trade.held).toMatchObject([{ campaign: 1, exchange }]);
});

test("line items that share a campaign take one place of the counts", () => {
  const trade = new Trade();
  trade.adopt(2);
  trade.run(20, 1, 2);
  trade.run(20, 2, 2);
  expect(trade.learnt.bids[0]!.table.words[0]).toBe(1);
  expect(trade.held).toEqual([]);
});

test("bills of bids from before a line item went to another campaign are not its wins", () => {
  const trade = new Trade();
  trade.run(20, 2, 2);
  const sec = Math.floor(trade.ms / 1000);
  trade.adopt(2);
  for (let i = 0; i < 1600; i++) trade.fold.take(billOf(1, sec - 3));
  trade.run(20, 2, 2);
  expect(trade.held).toEqual([]);
});

test("a hold of the journal that finds no room holds the whole exchange, with an alarm", () => {
  const holdOf = (campaign: number, held: number): Entry => ({
    ...{ kind: RecordKind.HOLD, boot: 0, campaign, exchange, held, timeMs: 1 },
  });
  const all = Array.from({ length: roomPairs + 1 }, (_, i) => holdOf(100 + i, 1));
  const trade = new Trade(all);
  expect(trade.fold.held().length).toBe(roomPairs + 1);
  expect(trade.exchangesHeld).toEqual([exchange]);
  expect(trade.learnt.holds.isHeld(1, exchange)).toBe(true);
  expect(trade.fold.release(100 + roomPairs, exchange)).toBe(true);
  trade.fold.step(trade.ms, trade.out);
  expect(trade.fold.exchangesHeld()).toEqual([]);
  expect(trade.learnt.holds.isHeld(1, exchange)).toBe(false);
  expect(trade.learnt.holds.isHeld(100, exchange)).toBe(true);
  expect(trade.out).toMatchObject([{ kind: RecordKind.HOLD, campaign: 100 + roomPairs, held: 0 }]);
});
