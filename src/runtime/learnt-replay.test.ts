import { expect, test } from "vitest";
import { Media, NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { createLearntBuffers, Learnt, shadeRowsOf } from "../bid/learnt.js";
import { arrayFrom, type Entry, entryFrom, type NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import type { LearningExchange } from "../ledger/learning-plan.js";
import { LearntFold } from "./learnt-fold.js";

const startMs = 1_800_000_000_000;
const { WIN, BILL, LOSS, CLICK } = NoticeKind;

type Way = Pick<LearningExchange, "winsBy" | "losses" | "firstPrice">;
/** Every way in which an exchange may end its auctions. */
const ways: readonly Way[] = [WIN, BILL].flatMap((winsBy) =>
  [true, false].flatMap((losses) =>
    [true, false].map((firstPrice) => ({ winsBy, losses, firstPrice })),
  ),
);

const planOf = (all: readonly Way[], prices: boolean): BudgetPlan => ({
  ...{ generation: 1, billsBy: [], campaigns: [] },
  learning: {
    exchanges: all.map((way, i) => ({ exchange: i + 1, ...way, expSec: 60, winRate: null })),
    ...{ linear: [], prices, clicks: prices },
  },
});

/** A fold with its tables, and the journal that it and its notices make. */
class Thread {
  readonly learnt: Learnt;
  readonly fold: LearntFold;
  readonly journal: Entry[] = [];

  constructor(boot: number, nowMs: number, replayed: readonly Entry[] = []) {
    const buffers = createLearntBuffers(1, 64);
    this.learnt = new Learnt(buffers);
    this.fold = new LearntFold(shadeRowsOf(buffers));
    for (const entry of replayed) this.fold.replay(entryFrom(arrayFrom(entry))!);
    this.fold.begin({ boot, nowMs, learnt: this.learnt, holdBack: () => {} });
  }

  /** A round with these records; the fold's own come behind them. */
  round(nowMs: number, entries: readonly Entry[]): void {
    const out = [...entries];
    this.fold.step(nowMs, out);
    for (const entry of out) this.fold.take(entry);
    this.journal.push(...out);
  }

  taught(): Buffer {
    const { lives, shades, shadeRows, clicks } = this.learnt;
    const tables = [lives.words, shades.words, shadeRows, clicks.words];
    return Buffer.concat(tables.map(({ buffer }) => Buffer.from(buffer)));
  }
}

const cellOf = (boot: number, exchange: number): Entry => ({
  ...{ kind: RecordKind.CELL, boot, cell: exchange, exchange, format: Media.BANNER },
  ...{ width: 300, height: 250, country: 0, dealLo: 0, dealHi: 0, property: "site.example" },
});

function noticeOf(random: SeededRandom, boot: number, counter: number): NoticeEntry {
  const noticeKind = [WIN, BILL, BILL, LOSS, LOSS, CLICK][random.below(6)]!;
  const exchange = 1 + random.below(ways.length);
  const timeSec = startMs / 1000 + random.below(100);
  const priceMicros = 500_000 + random.below(4_000_000);
  const isBill = noticeKind === BILL;
  return {
    ...{ kind: RecordKind.NOTICE, noticeKind, flags: random.below(20) === 0 ? 2 : 0, keyId: 1 },
    ...{ worker: 0, boot, counter, exchange, lineItem: 1, creative: 1 + random.below(3) },
    ...{ cell: exchange, priceMicros, reservedMicros: priceMicros, currency: 0, timeSec },
    ...{ expirySec: timeSec + 60, lossCode: [100, 102, 1, 0xffff][random.below(4)]! },
    clearingMicros: random.below(3) === 0 ? -1 : random.below(priceMicros),
    minToWinMicros: random.below(2) === 0 ? -1 : priceMicros + random.below(1_000_000),
    receivedMs: timeSec * 1000 + random.below(8000),
    effect: isBill ? NoticeEffect.BILLED : NoticeEffect.NONE,
    chargedNanos: isBill ? priceMicros : 0,
  };
}

test("what a restart reads from the journal is what was learnt, with each kind of exchange", () => {
  const random = new SeededRandom(17);
  const thread = new Thread(1, startMs);
  let counter = 0;
  const notices = (count: number): Entry[] =>
    Array.from({ length: count }, () => noticeOf(random, 1, ++counter));
  thread.round(startMs, [...ways.map((_, i) => cellOf(1, i + 1)), ...notices(500)]);
  thread.fold.adopt(planOf(ways, true));
  thread.round(startMs, notices(500));
  thread.round(startMs, notices(8000));
  // An edit turns every way round; another one wants nothing learnt; the first comes back.
  const plans = [planOf(ways.toReversed(), true), planOf(ways, false), planOf(ways, true)];
  for (const plan of plans) {
    thread.fold.adopt(plan);
    thread.round(startMs, notices(1500));
  }
  const { journal } = thread;
  expect(journal.filter(({ kind }) => kind === RecordKind.EXCHANGE).length).toBe(4 * ways.length);
  // Tables are written once a second.
  thread.round(startMs + 2000, []);
  const again = new Thread(2, startMs + 2000, journal);
  expect(again.taught().equals(thread.taught())).toBe(true);
  for (const { words } of [again.learnt.clicks, again.learnt.shades]) {
    expect(words[0]).toBeGreaterThan(2 * ways.length);
  }
  // Nothing is recorded anew where nothing is new.
  again.fold.adopt(planOf(ways, true));
  again.round(startMs + 3000, []);
  expect(again.journal).toEqual([]);
});

test("each thing that an edit changes of an exchange is recorded, for that exchange alone", () => {
  const thread = new Thread(1, startMs);
  const [first, ...others] = ways as [Way, ...Way[]];
  const edits: Partial<Way>[] = [{}, { winsBy: BILL }, {}, { losses: false }, {}];
  edits.push({ firstPrice: false }, {});
  const recorded = edits.map((edit) => {
    thread.journal.length = 0;
    thread.fold.adopt(planOf([{ ...first, ...edit }, ...others], true));
    thread.round(startMs, []);
    return thread.journal.length;
  });
  expect(recorded).toEqual([ways.length, 1, 1, 1, 1, 1, 1]);
});
