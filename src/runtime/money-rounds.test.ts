import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { RingWriter } from "../base/ring.js";
import { takeAllowance } from "../bid/allowance.js";
import { CellFacts, CellTable, internCell } from "../bid/context.js";
import { reserve, SLOT_NONE } from "../bid/reserve.js";
import {
  Cell,
  createSharedBuffers,
  durableCell,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { Entry, LeaseEntry } from "../journal/entry.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeEffect, NoticeField, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import type { MoneyFold } from "./money-fold.js";
import { MoneyLoop, type MoneyParts } from "./money-loop.js";

const nowMs = 1_800_000_000_000;
const nowSec = nowMs / 1000;

/** One boot over a folder: two workers, campaign 1 with line item 50. */
class Process {
  readonly folder: FaultyFolder;
  readonly states: readonly SharedState[];
  readonly rings: readonly RingWriter[];
  readonly loop: MoneyLoop;
  readonly told: number[] = [];
  ms = nowMs;
  /** What goes by from one look at the clock to the next. */
  lookMs = 0;
  private readonly sequences = [0, 0];

  constructor(
    folder = new FaultyFolder(),
    billsBy: number = NoticeKind.BILL,
    more: Partial<MoneyParts> = {},
  ) {
    this.folder = folder;
    const sizes = { workers: 2, places: 2, slots: 8, capEntries: 16, ringRecords: 16 };
    const buffers = createSharedBuffers(sizes);
    this.states = [0, 1].map((worker) => sharedStateFrom(buffers, worker));
    this.rings = buffers.rings.map((ring) => new RingWriter(ring, this.states[0]!.wakeWord()));
    this.loop = new MoneyLoop({
      ...{ buffers, folder, segmentBytesMax: 1e6, nextBoot: (boot) => boot + 1 },
      nowMs: () => {
        const now = this.ms;
        this.ms += this.lookMs;
        return now;
      },
      acknowledge: (worker) => this.told.push(worker),
      ...more,
    });
    const lineItems = [{ lineItem: 50, place: 1, bidNanosMax: 100 }];
    const zone = [{ fromSec: 0, offsetSec: 0 }];
    const budget = { campaign: 1, totalNanos: 1000n, dailyNanos: null, zone, lineItems };
    const bills = [{ exchange: 4, noticeKind: billsBy }];
    this.loop.adopt({ generation: 1, campaigns: [budget], billsBy: bills });
  }

  push(worker: number, kind: number, counter: number, cell = 0): void {
    const notice = new Notice();
    Object.assign(notice, { noticeKind: kind, exchange: 4, lineItem: 50, cell, slot: SLOT_NONE });
    Object.assign(notice, { reservedMicros: 100, priceMicros: 100, timeSec: nowSec });
    Object.assign(notice, { expirySec: nowSec + 60, receivedMs: this.ms });
    notice.nonce.set([0, 0, 0, 1, 0, 0, 0, 0, counter]);
    notice.sequence = ++this.sequences[worker]!;
    const ring = this.rings[worker]!;
    const at = ring.claim();
    ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, ring.view, at);
    ring.publish(true);
  }

  stored(): Entry[] {
    const entries: Entry[] = [];
    scanJournal(this.folder, (entry) => entries.push(entry));
    return entries;
  }

  charges(): number[][] {
    return this.stored()
      .filter((entry) => entry.kind === RecordKind.NOTICE)
      .map(({ noticeKind, effect, chargedNanos }) => [noticeKind, effect, chargedNanos]);
  }
}

test("after a failed fsync nothing is acknowledged, granted, bid or tried again", () => {
  const one = new Process();
  one.loop.step();
  expect(one.states[0]!.allowances[1]).toBe(250n);
  one.push(0, NoticeKind.BILL, 1);
  one.folder.failNextSync = true;
  one.ms += 1000;
  expect(one.loop.step()).toBe(false);
  expect(one.loop.failure).toMatch(/^journal: EIO/);
  expect(one.states[0]!.cell(Cell.MONEY_STATE)).toBe(MoneyState.FAILED);
  expect(one.states[0]!.cell(durableCell(0))).toBe(0);
  expect(takeAllowance(one.states[0]!, 1, 1)).toBe(false);
  const { syncs } = one.folder;
  one.push(0, NoticeKind.BILL, 2);
  expect(one.loop.step()).toBe(false);
  one.loop.close();
  expect(one.folder.syncs).toBe(syncs);
});

test("after a slow look at the allowances the next one is a second away at most", () => {
  const one = new Process();
  one.loop.step();
  one.ms += 50;
  const lookedMs = one.ms;
  one.lookMs = 800;
  one.loop.step();
  one.lookMs = 0;
  while (one.loop.isBusy) one.loop.step();
  const { allowances } = one.states[0]!;
  expect(takeAllowance(one.states[0]!, 1, 250)).toBe(true);
  one.ms = lookedMs + 999;
  one.loop.step();
  expect(allowances[1]).toBe(0n);
  one.ms = lookedMs + 1000;
  one.loop.step();
  expect(allowances[1]).toBeGreaterThan(0n);
});

test("a World under the plan before is journaled, and its budgets go on as they are", () => {
  const one = new Process();
  one.loop.step();
  const allowances = one.states[0]!.allowances[1];
  one.loop.noteGeneration(2);
  one.loop.step();
  const worlds = one.stored().filter(({ kind }) => kind === RecordKind.GENERATION);
  expect(worlds).toMatchObject([{ generation: 1 }, { generation: 2 }]);
  expect(one.states[0]!.allowances[1]).toBe(allowances);
});

test("bids are held under a lease once it is durable, never before", () => {
  const one = new Process();
  one.folder.failNextSync = true;
  one.loop.step();
  expect(one.states[0]!.cell(Cell.LEASED_SEC)).toBe(0);
  const two = new Process();
  two.loop.step();
  const [lease, ...more] = two.stored().filter(({ kind }) => kind === RecordKind.LEASE);
  expect([lease, more]).toMatchObject([{ boot: 1, timeMs: nowMs }, []]);
  expect(two.states[0]!.cell(Cell.LEASED_SEC)).toBe((lease as LeaseEntry).untilSec);
});

test("every worker whose notices became durable is told once a round", () => {
  const one = new Process();
  one.push(1, NoticeKind.WIN, 1);
  one.push(1, NoticeKind.WIN, 2);
  one.loop.step();
  expect(one.told).toEqual([1]);
  expect([0, 1].map((worker) => one.states[0]!.cell(durableCell(worker)))).toEqual([0, 2]);
  one.loop.step();
  expect(one.told).toEqual([1]);
});

test("a duplicate is acknowledged without another record", () => {
  const one = new Process();
  one.push(0, NoticeKind.BILL, 1);
  one.push(1, NoticeKind.BILL, 1);
  one.loop.step();
  one.push(1, NoticeKind.BILL, 1);
  const blocks = one.loop.counts.blocks;
  one.loop.step();
  expect(one.told).toEqual([0, 1, 1]);
  expect(one.loop.counts).toMatchObject({ notices: 1, duplicates: 2, blocks });
  expect(one.charges().length).toBe(1);
});

test("a cell is journaled before a notice that names it, whichever rings they came through", () => {
  const one = new Process();
  const facts = new CellFacts();
  facts.country = 1;
  const table = new CellTable(1);
  const cell = internCell(table, one.rings[1]!, facts);
  one.push(0, NoticeKind.WIN, 1, cell);
  facts.country = 2;
  internCell(table, one.rings[1]!, facts);
  one.loop.step();
  one.loop.step();
  const kinds = one.stored().map((entry) => entry.kind);
  expect(kinds.filter((kind) => kind === RecordKind.CELL).length).toBe(2);
  expect(kinds.indexOf(RecordKind.CELL)).toBeLessThan(kinds.indexOf(RecordKind.NOTICE));
});

test("a token billed before a restart is not billed again, whichever notice bills by then", () => {
  const one = new Process();
  one.loop.step();
  const worker = one.states[0]!;
  const held = {
    place: 1,
    ordinal: 0,
    capSlots: [],
    capCount: 0,
    nanos: 100,
    expirySec: nowSec + 60,
  };
  expect(takeAllowance(worker, 1, 100)).toBe(true);
  expect(reserve(worker, held, nowSec, { slot: 0, slotUse: 0 })).toBe(true);
  one.push(0, NoticeKind.BILL, 1);
  one.loop.step();
  const two = new Process(one.folder, NoticeKind.WIN);
  two.push(0, NoticeKind.BILL, 1);
  two.push(0, NoticeKind.WIN, 1);
  two.push(0, NoticeKind.WIN, 2);
  two.loop.step();
  expect(two.loop.counts.duplicates).toBe(1);
  expect(two.charges()).toEqual([
    [NoticeKind.BILL, NoticeEffect.BILLED, 100],
    [NoticeKind.WIN, NoticeEffect.NONE, 0],
    [NoticeKind.WIN, NoticeEffect.EARLIER_BOOT, 100],
  ]);
});

test("the end returns what is free, keeps what is reserved, and closes the journal", () => {
  const one = new Process();
  one.loop.step();
  const granted = one.states[0]!.allowances[1]!;
  takeAllowance(one.states[0]!, 1, 30);
  one.loop.close();
  const ends = one.stored().slice(-2);
  expect(ends).toMatchObject([
    { kind: RecordKind.RETURN, lineItem: 50, nanos: Number(granted) - 30 },
    { kind: RecordKind.CLOSE, boot: 1 },
  ]);
  expect(one.states[0]!.cell(Cell.MONEY_STATE)).toBe(MoneyState.CLOSED);
  expect(takeAllowance(one.states[0]!, 1, 1)).toBe(false);
});

test("late bills of earlier boots are kept back from the first grant on", () => {
  const grantedAfter = (nanosLate: bigint): bigint => {
    const late: MoneyFold = { begin: ({ holdBack }) => holdBack(1, nanosLate, 0n) };
    const one = new Process(new FaultyFolder(), NoticeKind.BILL, { folds: [late] });
    one.loop.step();
    return one.states[0]!.allowances[1]!;
  };
  expect(grantedAfter(0n)).toBe(250n);
  expect(grantedAfter(900n)).toBe(100n);
  expect(grantedAfter(1000n)).toBe(0n);
});

/** A process that does a step of a line item a round. */
const slow = (): Process =>
  new Process(new FaultyFolder(), NoticeKind.BILL, { aStep: 1, isOver: () => true });

test("looks that take longer than their word holds do not stop bids", () => {
  const one = slow();
  const silent: number[] = [];
  for (let round = 0; round < 200; round++) {
    one.ms += 300;
    one.loop.step();
    const sec = Math.floor(one.ms / 1000);
    if (round > 60 && !one.states[0]!.mayBidAt(sec)) silent.push(round);
  }
  expect(silent).toEqual([]);
});

test("after a stop nothing is bid on a look that began before it", () => {
  const one = slow();
  const roundsUntil = (isSo: () => boolean): number => {
    let rounds = 0;
    do {
      one.loop.step();
      rounds++;
    } while (!isSo());
    return rounds;
  };
  const isIdle = (): boolean => !one.loop.isBusy;
  roundsUntil(isIdle);
  one.ms += 1000;
  const aLook = roundsUntil(isIdle);
  one.ms += 1000;
  for (let round = 0; round < 3; round++) one.loop.step();
  expect(one.loop.isBusy).toBe(true);
  one.ms += 3_600_000;
  const sec = Math.floor(one.ms / 1000);
  const rounds = roundsUntil(() => one.states[0]!.mayBidAt(sec));
  expect(rounds).toBeGreaterThan(aLook);
});
