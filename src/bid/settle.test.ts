import { expect, test } from "vitest";
import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { Notice } from "../journal/notice.js";
import { NoticeEffect, TokenFlag } from "../journal/record.js";
import { giveBack, takeAllowance } from "./allowance.js";
import { reserve, startSums, sweepSlots, sweepSums } from "./reserve.js";
import { SeenNotices } from "./seen-notices.js";
import { chargeOf, type SettleContext, Settlement, settle, Taken } from "./settle.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  NO_WORKER,
  type SharedState,
  sharedStateFrom,
} from "./shared-state.js";

const now = 1_800_000_000;
const boot = 7;

class Desk {
  readonly money: SharedState;
  readonly worker: SharedState;
  readonly context: SettleContext;
  readonly out = new Settlement();
  bids = 0;

  constructor(pagesMax = 10) {
    const sizes = { workers: 1, places: 4, slots: 16, capEntries: 16, ringRecords: 1 };
    const buffers = createSharedBuffers(sizes);
    this.money = sharedStateFrom(buffers, NO_WORKER);
    this.worker = sharedStateFrom(buffers, 0);
    this.money.setCell(Cell.MONEY_STATE, MoneyState.READY);
    startSums(this.money, now);
    giveBack(this.money, 1, 1000);
    this.context = {
      state: this.money,
      boot,
      seen: new SeenNotices(pagesMax),
      placeOf: (lineItem) => (lineItem === 50 ? 1 : -1),
      billsBy: (exchange) => (exchange === 9 ? NoticeKind.WIN : NoticeKind.BILL),
    };
  }

  /** A bid of 100 nanos, with a slot or in the sum; gives its token's notice. */
  bid(ordinal: number, bidBoot = boot): Notice {
    const notice = new Notice();
    notice.nonce.set([0, 0, 0, bidBoot, 0, 0, 0, this.bids >> 8, this.bids & 255]);
    this.bids++;
    notice.lineItem = 50;
    notice.priceMicros = 200;
    notice.reservedMicros = 100;
    notice.timeSec = now;
    notice.expirySec = now + 60;
    const held = { place: 1, ordinal, capSlots: [], capCount: 0, nanos: 100, expirySec: now + 60 };
    if (bidBoot === boot) {
      expect(takeAllowance(this.worker, 1, 100)).toBe(true);
      expect(reserve(this.worker, held, now, notice)).toBe(true);
    }
    return notice;
  }

  /** Settles; gives what was taken and, where it was new, its effect and charge. */
  hear(notice: Notice, kind: number, clearing = -1, at = now): [Taken, number?, number?] {
    notice.noticeKind = kind;
    notice.clearingMicros = clearing;
    const taken = settle(this.context, notice, at, this.out);
    return taken === Taken.NEW ? [taken, this.out.effect, this.out.chargedNanos] : [taken];
  }

  get allowance(): number {
    return Number(this.money.allowances[1]);
  }
}

test.each([
  [100, 200, -1, 100],
  [100, 200, 200, 100],
  [100, 200, 500, 100],
  [100, 200, 100, 50],
  [100, 200, 0, 0],
  [100, 300, 100, 34],
  [2 ** 47 - 1, 2 ** 47 - 1, 2 ** 46 + 1, 2 ** 46 + 1],
  [100, 200, Number.NaN, 100],
])("%i nanos reserved at price %i cleared at %d cost %i", (reserved, price, clearing, cost) => {
  expect(chargeOf(reserved, price, clearing)).toBe(cost);
});

test.each([0, 3])("a bill spends once and its rest goes back (ordinal %i)", (ordinal) => {
  const desk = new Desk();
  const notice = desk.bid(ordinal);
  const neighbour = desk.bid(ordinal);
  expect(desk.hear(notice, NoticeKind.WIN, 100)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
  expect(desk.allowance).toBe(800);
  expect(desk.hear(notice, NoticeKind.BILL, 100)).toEqual([Taken.NEW, NoticeEffect.BILLED, 50]);
  expect(desk.allowance).toBe(850);
  expect(desk.hear(notice, NoticeKind.BILL, 100)).toEqual([Taken.DUPLICATE]);
  expect(desk.hear(notice, NoticeKind.LOSS)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
  expect(desk.hear(notice, NoticeKind.IMPRESSION)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
  expect(desk.allowance).toBe(850);
  expect(desk.hear(neighbour, NoticeKind.LOSS)).toEqual([Taken.NEW, NoticeEffect.RELEASED, 0]);
  expect(desk.allowance).toBe(950);
  sweepSlots(desk.worker, now + 100, 100);
  sweepSums(desk.money, now + 100, 4);
  expect(desk.allowance).toBe(950);
});

test.each([0, 3])(
  "a loss gives the price back once; a bill after it is late (ordinal %i)",
  (ordinal) => {
    const desk = new Desk();
    const other = desk.bid(ordinal);
    const notice = desk.bid(ordinal);
    expect(desk.hear(notice, NoticeKind.LOSS)).toEqual([Taken.NEW, NoticeEffect.RELEASED, 0]);
    expect(desk.hear(notice, NoticeKind.LOSS)).toEqual([Taken.DUPLICATE]);
    expect(desk.allowance).toBe(900);
    expect(desk.hear(notice, NoticeKind.BILL)).toEqual([Taken.NEW, NoticeEffect.LATE, 100]);
    expect(desk.allowance).toBe(800);
    expect(desk.hear(other, NoticeKind.BILL)).toEqual([Taken.NEW, NoticeEffect.BILLED, 100]);
    expect(desk.allowance).toBe(800);
  },
);

test.each([0, 3])(
  "a bill after the expiry is charged as late, below zero if need be (ordinal %i)",
  (ordinal) => {
    const desk = new Desk();
    const notice = desk.bid(ordinal);
    sweepSlots(desk.worker, now + 100, 100);
    sweepSums(desk.money, now + 100, 4);
    expect(desk.allowance).toBe(1000);
    expect(takeAllowance(desk.worker, 1, 1000)).toBe(true);
    expect(desk.hear(notice, NoticeKind.BILL, -1, now + 100)).toEqual([
      Taken.NEW,
      NoticeEffect.LATE,
      100,
    ]);
    expect(desk.allowance).toBe(-100);
  },
);

test("the exchange says which notice bills, and a token is charged once whichever it is", () => {
  const desk = new Desk();
  const notice = desk.bid(3);
  notice.exchange = 9;
  expect(desk.hear(notice, NoticeKind.BILL)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
  expect(desk.hear(notice, NoticeKind.WIN)).toEqual([Taken.NEW, NoticeEffect.BILLED, 100]);
  const moved = desk.bid(3);
  moved.exchange = 9;
  expect(desk.hear(moved, NoticeKind.WIN)).toEqual([Taken.NEW, NoticeEffect.BILLED, 100]);
  moved.exchange = 1;
  expect(desk.hear(moved, NoticeKind.BILL)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
});

test("a test request's notices never move money", () => {
  const desk = new Desk();
  const notice = desk.bid(0);
  notice.flags = TokenFlag.TEST;
  for (const kind of [NoticeKind.LOSS, NoticeKind.BILL]) {
    expect(desk.hear(notice, kind)).toEqual([Taken.NEW, NoticeEffect.TEST, 0]);
  }
  expect(desk.allowance).toBe(900);
});

test("a token of an earlier boot is billed from the token alone and touches no allowance", () => {
  const desk = new Desk();
  const notice = desk.bid(3, boot - 1);
  desk.bid(3);
  expect(desk.hear(notice, NoticeKind.BILL, 100)).toEqual([
    Taken.NEW,
    NoticeEffect.EARLIER_BOOT,
    50,
  ]);
  expect(desk.hear(notice, NoticeKind.BILL, 100)).toEqual([Taken.DUPLICATE]);
  const lost = desk.bid(0, boot - 1);
  expect(desk.hear(lost, NoticeKind.LOSS)).toEqual([Taken.NEW, NoticeEffect.NONE, 0]);
  expect(desk.allowance).toBe(900);
});

test("a notice past the token's life changes nothing; one alive again after the clock went back", () => {
  const desk = new Desk();
  const seen = desk.bid(3);
  const unseen = desk.bid(3);
  const late = now + tokenLifeSec + 1;
  expect(desk.hear(unseen, NoticeKind.BILL, -1, late)).toEqual([Taken.EXPIRED]);
  expect(desk.hear(seen, NoticeKind.BILL)[0]).toBe(Taken.NEW);
  desk.context.seen.forgetExpired(late);
  // Whether these were billed is forgotten with their page.
  expect(desk.hear(seen, NoticeKind.BILL)).toEqual([Taken.REFUSED]);
  expect(desk.hear(unseen, NoticeKind.CLICK)).toEqual([Taken.REFUSED]);
  const later = desk.bid(3);
  later.timeSec = now + 1;
  expect(desk.hear(later, NoticeKind.BILL)[0]).toBe(Taken.NEW);
});

test("a token that a clock set ahead calls expired comes again, one of both clocks counts", () => {
  const desk = new Desk();
  const notice = desk.bid(3);
  const ahead = now + tokenLifeSec + 1;
  Object.assign(desk.context, { clock: { trustedSec: now + 60 } });
  expect(desk.hear(notice, NoticeKind.BILL, -1, ahead)).toEqual([Taken.DOUBTED]);
  const fresh = desk.bid(3);
  fresh.timeSec = ahead;
  expect(desk.hear(fresh, NoticeKind.BILL, -1, ahead)[0]).toBe(Taken.NEW);
  Object.assign(desk.context, { clock: { trustedSec: ahead } });
  expect(desk.hear(notice, NoticeKind.BILL, -1, ahead)).toEqual([Taken.EXPIRED]);
});

test("without memory to tell duplicates a notice is refused, and comes through later", () => {
  const desk = new Desk(0);
  expect(desk.hear(desk.bid(3), NoticeKind.BILL)).toEqual([Taken.REFUSED]);
  expect(desk.allowance).toBe(900);
});

test("seen notices are exact over every part of the nonce", () => {
  const seen = new SeenNotices();
  const nonces: [number, number, number][] = [];
  for (const worker of [0, 1, 255]) {
    for (const tokenBoot of [0, 1, 2 ** 24 - 1]) {
      for (const counter of [0, 1, 16_383, 16_384, 2 ** 32, 2 ** 40 - 1]) {
        nonces.push([worker, tokenBoot, counter]);
      }
    }
  }
  for (const nonce of nonces) {
    expect(seen.seen(...nonce)).toBe(0);
    expect(seen.add(...nonce, 1, now)).toBe(true);
    expect(seen.seen(...nonce)).toBe(1);
  }
});

test("memory of seen notices goes with the tokens' life", () => {
  const seen = new SeenNotices();
  seen.add(0, 1, 5, 1, now);
  seen.add(0, 1, 50_000, 1, now + 100);
  expect(seen.bytes).toBe(2 * 16_384);
  seen.forgetExpired(now + tokenLifeSec + 50);
  expect(seen.bytes).toBe(16_384);
  expect(seen.seen(0, 1, 50_000)).toBe(1);
});

test("a notice's nonce reads as worker, boot and counter, highest byte first", () => {
  const notice = new Notice();
  notice.nonce.set([3, 1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc, 0xfb]);
  expect([notice.worker, notice.boot, notice.counter]).toEqual([3, 0x010203, 0xfffefdfcfb]);
});
