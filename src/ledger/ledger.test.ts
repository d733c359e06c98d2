import { expect, test } from "vitest";
import { tokenLifeSec } from "../base/limits.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { randomJournal } from "../testing/random-journal.js";
import type { AccountKind } from "./accounts.js";
import { reservationSecMax } from "./boot-ends.js";
import { Ledger } from "./ledger.js";

const startMs = 1_800_000_000_000;
const euro = 0x455552;
const dollar = 0x555344;

function folded(entries: readonly Entry[]): Ledger {
  const ledger = new Ledger();
  for (const entry of entries) ledger.take(entry);
  return ledger;
}

const sum = (ledger: Ledger, kinds: readonly AccountKind[], side: "debit" | "credit"): bigint =>
  ledger
    .list()
    .filter(({ kind }) => kinds.includes(kind))
    .reduce((total, account) => total + account[side], 0n);

/** [debit, credit] of one account. */
function account(ledger: Ledger, kind: AccountKind, id: number | string, currency = euro) {
  const found = ledger
    .list()
    .find((one) => one.kind === kind && one.id === String(id) && one.currency === currency);
  return found === undefined ? [0, 0] : [Number(found.debit), Number(found.credit)];
}

/** What the chart promises, from the accounts alone. */
function wrongIn(ledger: Ledger): string[] {
  const all = ledger.list();
  const wrong: string[] = [];
  const expectSame = (what: string, a: bigint, b: bigint): void => {
    if (a !== b) wrong.push(`${what}: ${a} and ${b}`);
  };
  expectSame(
    "debits and credits",
    all.reduce((total, { debit }) => total + debit, 0n),
    all.reduce((total, { credit }) => total + credit, 0n),
  );
  for (const { kind, id, debit, credit } of all) {
    const passesOn = ["creative", "lineItem", "campaign", "agency"].includes(kind);
    if (passesOn) expectSame(`${kind} ${id}`, debit, credit);
  }
  const media = sum(ledger, ["exchange"], "credit");
  expectSame("creatives", sum(ledger, ["creative"], "debit"), media);
  expectSame("used budget", sum(ledger, ["used"], "debit"), media);
  const owed = media + sum(ledger, ["margin", "data", "technical"], "credit");
  expectSame("advertisers", sum(ledger, ["advertiser"], "debit"), owed);
  const open = sum(ledger, ["open"], "debit") - sum(ledger, ["open"], "credit");
  const outstanding = [...ledger.outstanding(0).values()].reduce((total, one) => total + one, 0n);
  expectSame("open and outstanding", open, outstanding);
  return wrong;
}

test("whatever a journal holds, credits equal debits after every record", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const ledger = new Ledger();
    for (const [i, entry] of randomJournal(seed, 400).entries()) {
      ledger.take(entry);
      const wrong = wrongIn(ledger).map((what) => `seed ${seed}, record ${i}: ${what}`);
      expect(wrong).toEqual([]);
    }
  }
});

test("read at once, or stored anywhere and gone on with, the accounts are the same to the unit", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const entries = randomJournal(seed, 300);
    const whole = folded(entries).store();
    const cut = (seed * 37) % entries.length;
    const stored = JSON.parse(JSON.stringify(folded(entries.slice(0, cut)).store()));
    const ledger = Ledger.from(stored);
    for (const entry of entries.slice(cut)) ledger.take(entry);
    expect(ledger.store()).toEqual(whole);
  }
});

const boot = (of: number, timeMs: number): Entry => ({ kind: RecordKind.BOOT, boot: of, timeMs });
const terms: Entry = {
  ...{ kind: RecordKind.TERMS, boot: 1, lineItem: 12, campaign: 3, advertiser: 2, agency: 1 },
  ...{ currency: euro, marginPpm: 125_000, technicalPpm: 40_000, dataNanos: 300, timeMs: startMs },
};
const moved = (kind: typeof RecordKind.GRANT | typeof RecordKind.RETURN, nanos: number): Entry => ({
  ...{ kind, boot: 1, campaign: 3, lineItem: 12, nanos, timeMs: startMs },
});
const bill = (over: Partial<NoticeEntry>): NoticeEntry => ({
  ...{ kind: RecordKind.NOTICE, noticeKind: 2, flags: 0, keyId: 1, worker: 0, boot: 1, counter: 1 },
  ...{ exchange: 7, lineItem: 12, creative: 5, cell: 0, priceMicros: 1100, reservedMicros: 1000 },
  ...{ currency: dollar, timeSec: 0, expirySec: 0, lossCode: 0xffff, clearingMicros: 880 },
  ...{ minToWinMicros: -1, receivedMs: startMs, effect: NoticeEffect.BILLED, chargedNanos: 800 },
  ...over,
});

test("a bill is split into its cost lines, and the exchange is owed in its own currency", () => {
  const ledger = folded([boot(1, startMs), terms, moved(RecordKind.GRANT, 5000), bill({})]);
  expect(account(ledger, "exchange", 7)).toEqual([0, 800]);
  expect(account(ledger, "margin", 1)).toEqual([0, 100]);
  expect(account(ledger, "technical", 0)).toEqual([0, 32]);
  expect(account(ledger, "data", 0)).toEqual([0, 300]);
  expect(account(ledger, "advertiser", 2)).toEqual([1232, 0]);
  expect(account(ledger, "owed", 7, dollar)).toEqual([880, 0]);
  expect(ledger.outstanding(startMs).get(12)).toBe(4200n);
  expect(account(ledger, "late", 12, 0)).toEqual([0, 0]);
});

test("new terms split the bills after them, and no bill before", () => {
  const dearer: Entry = { ...terms, marginPpm: 250_000 } as Entry;
  const ledger = folded([boot(1, startMs), terms, bill({}), dearer, bill({ counter: 2 })]);
  expect(account(ledger, "margin", 1)).toEqual([0, 100 + 200]);
});

test("a late bill counts, and stands apart too", () => {
  const late = bill({ effect: NoticeEffect.LATE });
  const ledger = folded([boot(1, startMs), terms, moved(RecordKind.GRANT, 5000), late]);
  expect(account(ledger, "late", 12, 0)).toEqual([800, 0]);
  expect(account(ledger, "advertiser", 2)).toEqual([1232, 0]);
});

test("what a boot that crashed had open is released after a reservation's life", () => {
  const endedMs = startMs + 1000;
  const before = [boot(1, startMs), terms, moved(RecordKind.GRANT, 5000), boot(2, endedMs)];
  const overMs = endedMs + reservationSecMax * 1000 + 1;
  const inTime = bill({ effect: NoticeEffect.EARLIER_BOOT, receivedMs: overMs - 1 });
  const ledger = folded([...before, inTime]);
  expect(ledger.outstanding(overMs - 1).get(12)).toBe(4200n);
  expect(ledger.outstanding(overMs).get(12)).toBeUndefined();
  expect(account(ledger, "late", 12, 0)).toEqual([0, 0]);
  ledger.take(bill({ effect: NoticeEffect.EARLIER_BOOT, receivedMs: overMs, counter: 2 }));
  expect(account(ledger, "open", 12, 0)).toEqual([5000, 5000]);
  expect(account(ledger, "late", 12, 0)).toEqual([800, 0]);
  expect(account(ledger, "used", 12, 0)).toEqual([1600, 0]);
  expect(wrongIn(ledger)).toEqual([]);
});

test("what a boot that crashed had open is released once its last lease is over", () => {
  const untilSec = startMs / 1000 + 300;
  const lease: Entry = { kind: RecordKind.LEASE, boot: 1, untilSec, timeMs: startMs + 1 };
  const granted = moved(RecordKind.GRANT, 5000);
  const ledger = folded([boot(1, startMs), terms, granted, lease, boot(2, startMs + 1000)]);
  const overMs = (untilSec + 1) * 1000;
  expect(ledger.outstanding(overMs - 1).get(12)).toBe(5000n);
  expect(ledger.outstanding(overMs).get(12)).toBeUndefined();
  ledger.take({ ...lease, boot: 2, timeMs: overMs });
  expect(account(ledger, "open", 12, 0)).toEqual([5000, 5000]);
  expect(wrongIn(ledger)).toEqual([]);
});

const dealCell = (of: number, cell: number): Entry => ({
  ...{ kind: RecordKind.CELL, boot: of, cell, exchange: 7, format: 1, width: 300, height: 250 },
  ...{ country: 0, dealLo: 0xab, dealHi: 1, property: "news.example" },
});

test("a deal's media stands under the deal and under its exchange", () => {
  const cell = dealCell(1, 4);
  const ledger = folded([boot(1, startMs), terms, cell, bill({ cell: 4 }), bill({ counter: 2 })]);
  expect(account(ledger, "deal", "7/00000001000000ab")).toEqual([800, 0]);
  expect(account(ledger, "underDeal", 7)).toEqual([0, 800]);
});

test("a deal's cells are kept for a token's life after their boot, and no longer", () => {
  const lifeMs = tokenLifeSec * 1000;
  const ledger = folded([boot(1, startMs), terms, dealCell(1, 4)]);
  const billAt = (receivedMs: number, of = 1): void =>
    ledger.take(bill({ cell: 4, boot: of, receivedMs, effect: NoticeEffect.EARLIER_BOOT }));
  const underDeal = (): number => account(ledger, "deal", "7/00000001000000ab")[0]!;
  // The running boot's stay, however long it runs; then the clock goes back over a restart.
  billAt(startMs + 3 * lifeMs);
  ledger.take(boot(2, startMs + lifeMs));
  billAt(startMs + 4 * lifeMs);
  expect(underDeal()).toBe(1600);
  billAt(startMs + 4 * lifeMs + 1);
  expect(underDeal()).toBe(1600);
  for (let of = 3; of < 60; of++) {
    ledger.take(boot(of, startMs + of * lifeMs));
    for (let cell = 1; cell <= 5; cell++) ledger.take(dealCell(of, cell));
  }
  expect(ledger.store().deals.cells.length).toBeLessThanOrEqual(15);
  expect(ledger.store().deals.starts.length).toBeLessThanOrEqual(3);
});
