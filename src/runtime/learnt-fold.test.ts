import { describe, expect, test } from "vitest";
import { Media, NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { RingWriter } from "../base/ring.js";
import { takeAllowance } from "../bid/allowance.js";
import { CellFacts, CellTable, internCell } from "../bid/context.js";
import { Level, shadeKey } from "../bid/learnt.js";
import { reserve, sweepSlots } from "../bid/reserve.js";
import { createSharedBuffers, type SharedState, sharedStateFrom } from "../bid/shared-state.js";
import { binOf, gridBins } from "../bid/strategy/price-grid.js";
import type { Entry } from "../journal/entry.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeEffect, NoticeField, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import type { Held } from "../ledger/win-rates.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { LearntFold } from "./learnt-fold.js";
import { MoneyLoop } from "./money-loop.js";
import { WinFold } from "./win-fold.js";

const startMs = 1_800_000_000_000;
const exchange = 4;
const campaign = 1;
const lineItem = 50;
const place = 1;
const nanos = 1000;

type Made = { readonly notice: Notice };

/** One worker and the money thread in virtual time: bids of 1,000 nanos, notices as told. */
class Trade {
  readonly wins: WinFold;
  readonly loop: MoneyLoop;
  readonly state: SharedState;
  readonly folder: FaultyFolder;
  readonly alarms: Held[] = [];
  ms: number;
  charged = 0;
  private readonly ring: RingWriter;
  private readonly cells = new CellTable(0);
  private readonly facts = new CellFacts();
  private counter = 0;
  private sequence = 0;

  constructor(
    winRate: { readonly min: number; readonly max: number } | null,
    budget: bigint,
    folder = new FaultyFolder(),
    ms = startMs,
  ) {
    this.ms = ms;
    this.folder = folder;
    const sizes = { workers: 1, places: 64, slots: 8192, capEntries: 16, ringRecords: 4096 };
    const buffers = createSharedBuffers(sizes);
    this.state = sharedStateFrom(buffers, 0);
    this.ring = new RingWriter(buffers.rings[0]!, this.state.wakeWord());
    this.wins = new WinFold({ onHeld: (held) => this.alarms.push(held) });
    this.loop = new MoneyLoop({
      ...{ buffers, folder, segmentBytesMax: 1e8, nextBoot: (boot) => boot + 1 },
      ...{ nowMs: () => this.ms, acknowledge: () => {}, folds: [new LearntFold(64), this.wins] },
    });
    this.adopt(winRate, budget);
    Object.assign(this.facts, { exchange, format: Media.BANNER, width: 300, height: 250 });
    this.facts.text = new TextEncoder().encode("site.example");
    this.facts.textEnd = this.facts.text.length;
    this.loop.step();
  }

  adopt(winRate: { readonly min: number; readonly max: number } | null, budget: bigint): void {
    const lineItems = [{ lineItem, place, bidNanosMax: nanos }];
    const zone = [{ fromSec: 0, offsetSec: 0 }];
    const own = { exchange, winsBy: NoticeKind.BILL, losses: true, firstPrice: true, winRate };
    this.loop.adopt({
      generation: 1,
      campaigns: [{ campaign, totalNanos: budget, dailyNanos: null, zone, lineItems }],
      billsBy: [{ exchange, noticeKind: NoticeKind.BILL }],
      learning: {
        exchanges: [{ ...own, expSec: 60 }],
        ...{ linear: [], prices: true, clicks: true },
      },
    });
  }

  /** Null where the campaign is held there or has no allowance. */
  bid(priceMicros = nanos, lifeSec = 60): Made | null {
    const { state } = this;
    if (state.learnt.holds.isHeld(campaign, exchange)) return null;
    if (!takeAllowance(state, place, nanos)) return null;
    const notice = new Notice();
    const nowSec = Math.floor(this.ms / 1000);
    const expirySec = nowSec + lifeSec;
    const held = { place, ordinal: 1, capSlots: [], capCount: 0, nanos, expirySec };
    if (!reserve(state, held, nowSec, notice)) throw new Error("too few slots for the test");
    state.learnt.bids[0]!.add(campaign, exchange, nowSec);
    const at = this.counter++;
    notice.nonce.set([0, 0, this.loop.boot >> 8, this.loop.boot, 0, 0, at >> 16, at >> 8, at]);
    const cell = internCell(this.cells, this.ring, this.facts);
    Object.assign(notice, { exchange, lineItem, creative: 9, cell, priceMicros });
    Object.assign(notice, { reservedMicros: nanos, timeSec: nowSec, expirySec });
    return { notice };
  }

  notify({ notice }: Made, kind: number, told: Partial<Notice> = {}): void {
    Object.assign(notice, { noticeKind: kind, receivedMs: this.ms, sequence: ++this.sequence });
    Object.assign(notice, { minToWinMicros: -1, lossCode: 0xffff, ...told });
    const at = this.ring.claim();
    if (at < 0) throw new Error("the ring is full");
    this.ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, this.ring.view, at);
    this.ring.publish(true);
  }

  wait(ms: number): void {
    this.ms += ms;
    this.loop.step();
    sweepSlots(this.state, Math.floor(this.ms / 1000), 8192);
    this.ms += 50;
    this.loop.step();
  }

  stored(): Entry[] {
    const entries: Entry[] = [];
    scanJournal(this.folder, (entry) => entries.push(entry));
    return entries;
  }

  spent(): number {
    return this.stored().reduce(
      (sum, entry) => sum + (entry.kind === RecordKind.NOTICE ? entry.chargedNanos : 0),
      0,
    );
  }
}

const band = { min: 0.02, max: 0.6 };

/** A second of 100 bids a second, of which a share is billed within it. */
function second(trade: Trade, share: number, random: SeededRandom, queue: Made[] = []): number {
  let bids = 0;
  for (let i = 0; i < 10; i++) {
    for (let k = 0; k < 10; k++) {
      const made = trade.bid();
      if (made === null) continue;
      bids++;
      if (random.fraction() < share) queue.push(made);
    }
    for (const made of queue.splice(0, 16)) trade.notify(made, NoticeKind.BILL);
    trade.wait(50);
  }
  return bids;
}

describe("the band of win rates", () => {
  test.each([0.3, 0.6, 0.9])(
    "below %d: an exchange that claims every bid won is held within 10 s, and spends no more than the budget",
    (max) => {
      const budget = 900_000n;
      const trade = new Trade({ min: 0.02, max }, budget);
      const random = new SeededRandom(1);
      for (let i = 0; i < 60; i++) second(trade, 0.1, random);
      expect(trade.alarms).toEqual([]);
      const fraudMs = trade.ms;
      while (trade.alarms.length === 0 && trade.ms < fraudMs + 60_000) second(trade, 1, random);
      expect(trade.alarms).toMatchObject([{ campaign, exchange }]);
      expect(trade.alarms[0]!.sinceMs - fraudMs).toBeLessThanOrEqual(10_000);
      // Held: nothing more is bid there, and what is billed for later is in the reservations.
      expect(trade.bid()).toBeNull();
      const outstanding = trade.loop.spend()[0]!.outstanding;
      expect(Number(outstanding)).toBeGreaterThan(0);
      for (let i = 0; i < 120; i++) expect(second(trade, 1, random)).toBe(0);
      expect(trade.spent()).toBeLessThanOrEqual(Number(budget));
      expect(trade.stored().filter(({ kind }) => kind === RecordKind.HOLD)).toMatchObject([
        { campaign, exchange, held: 1 },
      ]);
    },
  );

  test("holds over a restart, until a person or an edit lets the campaign go", () => {
    const random = new SeededRandom(2);
    const first = new Trade(band, 10n ** 9n);
    while (first.alarms.length === 0) second(first, 1, random);
    first.loop.close();
    const again = new Trade(band, 10n ** 9n, first.folder, first.ms);
    expect(again.wins.held()).toMatchObject([{ campaign, exchange, wins: 0 }]);
    expect(again.bid()).toBeNull();
    expect(again.wins.release(campaign, 5)).toBe(false);
    expect(again.wins.release(campaign, exchange)).toBe(true);
    again.wait(50);
    expect(again.wins.held()).toEqual([]);
    expect(again.bid()).not.toBeNull();
    while (again.alarms.length === 0) second(again, 1, random);
    expect(again.bid()).toBeNull();
    again.adopt(null, 10n ** 9n);
    again.wait(50);
    expect(again.bid()).not.toBeNull();
    again.loop.close();
    const third = new Trade(band, 10n ** 9n, first.folder, again.ms);
    expect(third.wins.held()).toEqual([]);
  });

  test("an exchange that bills nothing is held once its bills should have come", () => {
    const trade = new Trade(band, 10n ** 9n);
    const random = new SeededRandom(3);
    for (let i = 0; i < 55; i++) second(trade, 0, random);
    expect(trade.alarms).toEqual([]);
    for (let i = 0; i < 60 && trade.alarms.length === 0; i++) second(trade, 0, random);
    expect(trade.alarms).toMatchObject([{ campaign, exchange, wins: 0 }]);
  });

  test("neither a pause, a burst nor few bids are an alarm", () => {
    const trade = new Trade(band, 10n ** 9n);
    const random = new SeededRandom(4);
    for (let i = 0; i < 30; i++) second(trade, 0.5, random);
    trade.wait(120_000);
    for (let i = 0; i < 10; i++) second(trade, 0.5, random);
    const few = Array.from({ length: 60 }, () => trade.bid());
    for (const made of few) trade.notify(made!, NoticeKind.BILL);
    trade.wait(1000);
    expect(trade.alarms).toEqual([]);
  });
});

describe("the life of a reservation", () => {
  test("is learnt from bills, read back from the journal, and no guess before", () => {
    const trade = new Trade(null, 10n ** 9n);
    for (let i = 0; i < 999; i++) {
      const made = trade.bid()!;
      trade.ms += 3000;
      trade.notify(made, NoticeKind.BILL);
      trade.wait(1);
    }
    trade.wait(2000);
    expect(trade.state.learnt.lives.get(exchange, Media.BANNER)).toBe(0);
    const made = trade.bid()!;
    trade.ms += 3000;
    trade.notify(made, NoticeKind.BILL);
    trade.wait(1);
    trade.wait(2000);
    const lifeSec = trade.state.learnt.lives.get(exchange, Media.BANNER);
    expect(lifeSec).toBeGreaterThanOrEqual(3);
    expect(lifeSec).toBeLessThan(12);
    expect(trade.state.learnt.lives.get(exchange, Media.VIDEO)).toBe(0);
    trade.loop.close();
    const again = new Trade(null, 10n ** 9n, trade.folder, trade.ms);
    expect(again.state.learnt.lives.get(exchange, Media.BANNER)).toBe(lifeSec);
  });

  test("what late bills were worth is kept back, so that they find their money", () => {
    const budget = 200_000n;
    const trade = new Trade(null, budget);
    // Every bid is billed 100 s after its reservation of 10 s has ended.
    const queue: { readonly made: Made; readonly dueMs: number }[] = [];
    const trading = (untilMs: number): void => {
      while (trade.ms < untilMs) {
        const made = trade.bid(nanos, 10);
        if (made !== null) queue.push({ made, dueMs: trade.ms + 110_000 });
        while (queue.length > 0 && queue[0]!.dueMs <= trade.ms) {
          trade.notify(queue.shift()!.made, NoticeKind.BILL);
        }
        trade.wait(10_000);
      }
    };
    trading(startMs + 600_000);
    const late = trade
      .stored()
      .filter((entry) => entry.kind === RecordKind.NOTICE && entry.effect === NoticeEffect.LATE);
    expect(late.length).toBeGreaterThan(40);
    trading(startMs + 7_200_000);
    trade.wait(200_000);
    expect(trade.spent()).toBeLessThanOrEqual(Number(budget));
    expect(trade.spent()).toBeGreaterThan(0.9 * Number(budget));
  });
});

test("losses with their minimum, wins and losses teach where to bid", () => {
  const trade = new Trade(null, 10n ** 12n);
  const random = new SeededRandom(5);
  for (let i = 0; i < 4000; i++) {
    // The market asks between 1.0 and 1.5; we bid 0.5 to 4.
    const market = 1e6 + random.below(500_000);
    const price = 500_000 + random.below(3_500_000);
    const made = trade.bid(price)!;
    if (price >= market) trade.notify(made, NoticeKind.BILL);
    else if (random.below(2) === 0) trade.notify(made, NoticeKind.LOSS, { lossCode: 102 });
    else trade.notify(made, NoticeKind.LOSS, { lossCode: 102, minToWinMicros: market });
    trade.wait(1);
  }
  trade.wait(1000);
  trade.wait(1000);
  const { shades, shadeRows } = trade.state.learnt;
  for (const [level, format, size] of [
    [Level.SIZE, Media.BANNER, ((300 << 16) | 250) >>> 0],
    [Level.FORMAT, Media.BANNER, 0],
    [Level.WHOLE, 0, 0],
  ] as const) {
    const row = shades.get(exchange, shadeKey(level, format, size));
    expect(row).toBeGreaterThan(0);
    // Worth 4: bid what wins nearly always; worth 0.7: nothing is to be won by any shade.
    const bid = (4e6 * shadeRows[row * gridBins + binOf(4e6)]!) / 1000;
    expect(bid).toBeGreaterThan(1.25e6);
    expect(bid).toBeLessThan(1.9e6);
  }
  expect(shades.get(exchange, shadeKey(Level.FORMAT, Media.VIDEO, 0))).toBe(0);
});
