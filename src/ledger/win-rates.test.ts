import { expect, test } from "vitest";
import { BidCounts, BidReader, bidCountsBytes } from "../bid/bid-counts.js";
import { type Held, WinRates } from "./win-rates.js";

const campaign = 1;
const exchange = 4;
const band = { exchange, min: 0.02, max: 0.6, billedSec: 60 };
const stepMs = 250;
const bidsPerStep = 50;

/** 200 bids a second of which a share is billed after a delay, in virtual time. */
class Market {
  readonly rates = new WinRates();
  readonly alarms: Held[] = [];
  ms = 1_800_000_000_000;
  private readonly counts = new BidCounts(new SharedArrayBuffer(bidCountsBytes(64)));
  private readonly reader = new BidReader([this.counts]);
  private bills: { readonly bidSec: number; readonly dueMs: number }[] = [];
  private bids = 0;

  constructor() {
    this.rates.setBands([band]);
  }

  run(seconds: number, share: number, { delayMs = 1000, stands = false } = {}): void {
    for (const endMs = this.ms + 1000 * seconds; this.ms < endMs; this.ms += stepMs) {
      for (let i = 0; i < bidsPerStep; i++) this.bid(share, delayMs);
      if (!stands) this.look();
    }
  }

  private bid(share: number, delayMs: number): void {
    const bidSec = Math.floor(this.ms / 1000);
    this.counts.add(campaign, exchange, bidSec);
    const at = this.bids++;
    const isWon = Math.floor((at + 1) * share) > Math.floor(at * share);
    if (isWon) this.bills.push({ bidSec, dueMs: this.ms + delayMs });
  }

  /** Bids are looked at before the round's notices are taken. */
  look(): void {
    const held = this.rates.look(this.ms, () =>
      this.reader.since((...bids) => this.rates.addBids(...bids)),
    );
    this.alarms.push(...held);
    for (const { bidSec, dueMs } of this.bills) {
      if (dueMs <= this.ms) this.rates.addWin(campaign, exchange, bidSec);
    }
    this.bills = this.bills.filter(({ dueMs }) => dueMs > this.ms);
  }
}

test.each([0.5, 1, 1.75, 2.5, 3.25, 4])(
  "a money thread that stands still for %d s counts bids for their own time: no alarm",
  (seconds) => {
    const market = new Market();
    for (let i = 0; i < 12; i++) {
      market.run(20, 0.55);
      market.run(seconds, 0.55, { stands: true });
    }
    market.run(20, 0.55);
    expect(market.alarms).toEqual([]);
    market.run(10, 1);
    expect(market.alarms).toMatchObject([{ campaign, exchange }]);
  },
);

test("the first seconds of a process are no alarm, as near as the wins are to the band", () => {
  for (let startMs = 0; startMs < 2000; startMs += stepMs) {
    const market = new Market();
    market.ms += startMs;
    market.run(20, 0.59, { delayMs: 0 });
    expect(market.alarms).toEqual([]);
  }
});

test("neither a process that was stopped nor a clock that was set is an alarm", () => {
  for (const jumpMs of [30_000, -1000, -7000, -30_000, 3_600_000, -3_600_000]) {
    const market = new Market();
    market.run(20, 0.55);
    market.ms += jumpMs;
    market.run(60, 0.55);
    expect(market.alarms).toEqual([]);
    market.run(30, 1);
    expect(market.alarms.length).toBe(1);
  }
});

test("bills of bids from before an exchange had a band are no alarm", () => {
  const market = new Market();
  market.rates.setBands([]);
  market.run(20, 0.55, { delayMs: 5000 });
  market.rates.setBands([band]);
  market.run(20, 0.55, { delayMs: 5000 });
  expect(market.alarms).toEqual([]);
});

test("bills of bids from before a campaign was let go do not hold it again", () => {
  const market = new Market();
  market.run(20, 0.55, { delayMs: 5000 });
  market.run(10, 1, { delayMs: 1000 });
  expect(market.alarms.length).toBe(1);
  market.rates.letGo(campaign, exchange);
  market.run(60, 0.55);
  expect(market.alarms.length).toBe(1);
});

test("a pair without a bid for 17 minutes takes no memory, and is judged again when it bids", () => {
  const market = new Market();
  market.run(10, 0.5);
  expect(market.rates.size).toBe(1);
  for (let i = 0; i < 1030; i++) {
    market.ms += 1000;
    market.look();
  }
  expect(market.rates.size).toBe(0);
  market.run(10, 1);
  expect(market.rates.size).toBe(1);
  expect(market.alarms.length).toBe(1);
});
