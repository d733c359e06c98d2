import { expect, test } from "vitest";
import { chargeAllowance, giveBack, hasAllowance, takeAllowance, takeUpTo } from "./allowance.js";
import { CAPPED, capReserve } from "./cap.js";
import {
  commitSlot,
  commitSum,
  personOfSlotInto,
  releaseSlot,
  reserve,
  SLOT_NONE,
  startSums,
  sweepSlots,
  sweepSums,
} from "./reserve.js";
import type { SharedBuffers, SharedState } from "./shared-state.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  NO_WORKER,
  sharedStateFrom,
} from "./shared-state.js";

const now = 1_800_000_000;
const small = { workers: 2, places: 8, slots: 8, capEntries: 64, ringRecords: 8 };

function ready(buffers: SharedBuffers): SharedState {
  const money = sharedStateFrom(buffers, NO_WORKER);
  money.setCell(Cell.MONEY_STATE, MoneyState.READY);
  startSums(money, now);
  return money;
}

function shared(): { buffers: SharedBuffers; money: SharedState; worker: SharedState } {
  const buffers = createSharedBuffers(small);
  return { buffers, money: ready(buffers), worker: sharedStateFrom(buffers, 0) };
}

const held = (nanos: number, over: Partial<Parameters<typeof reserve>[1]> = {}) => ({
  place: 3,
  ordinal: 0,
  capSlots: [] as number[],
  capCount: 0,
  nanos,
  expirySec: now + 60,
  ...over,
});

test("an allowance gives whole amounts and never goes below zero by a bid", () => {
  const { worker } = shared();
  giveBack(worker, 3, 100);
  expect(takeAllowance(worker, 3, 60)).toBe(true);
  expect(takeAllowance(worker, 3, 41)).toBe(false);
  expect(hasAllowance(worker, 3, 40)).toBe(true);
  expect(takeAllowance(worker, 3, 40)).toBe(true);
  expect(takeAllowance(worker, 3, 1)).toBe(false);
  expect(worker.allowances[3]).toBe(0n);
  chargeAllowance(worker, 3, 7);
  expect(worker.allowances[3]).toBe(-7n);
  expect(takeUpTo(worker, 3, 10n)).toBe(0n);
});

test("nothing is bid while the money thread cannot book bills", () => {
  const { worker, money } = shared();
  giveBack(worker, 3, 100);
  for (const state of [MoneyState.STARTING, MoneyState.FAILED, MoneyState.CLOSED]) {
    money.setCell(Cell.MONEY_STATE, state);
    expect(takeAllowance(worker, 3, 1)).toBe(false);
  }
  money.setCell(Cell.MONEY_STATE, MoneyState.READY);
  worker.moneyAlive = false;
  expect(takeAllowance(worker, 3, 1)).toBe(false);
});

test("a bid without cap and ordinal takes no slot; its sum comes back when its bucket ends", () => {
  const { worker, money } = shared();
  const out = { slot: 0, slotUse: 9 };
  expect(reserve(worker, held(70), now, out)).toBe(true);
  expect(out).toEqual({ slot: SLOT_NONE, slotUse: 0 });
  sweepSums(money, now + 60, 8);
  expect(worker.allowances[3]).toBe(0n);
  sweepSums(money, now + 60 + 32, 8);
  expect(worker.allowances[3]).toBe(70n);
  sweepSums(money, now + 60 + 64, 8);
  expect(worker.allowances[3]).toBe(70n);
  expect(commitSum(money, { place: 3, nanos: 70, expirySec: now + 60 }, 70)).toBe(false);
});

test("a bill of a sum gives the difference back, and the rest of the sum stays reserved", () => {
  const { worker, money } = shared();
  const out = { slot: 0, slotUse: 0 };
  for (const nanos of [70, 30]) reserve(worker, held(nanos), now, out);
  expect(commitSum(money, { place: 3, nanos: 70, expirySec: now + 60 }, 50)).toBe(true);
  expect(worker.allowances[3]).toBe(20n);
  expect(commitSum(money, { place: 3, nanos: 70, expirySec: now + 60 }, 50)).toBe(false);
  sweepSums(money, now + 100, 8);
  expect(worker.allowances[3]).toBe(50n);
});

test("expiries too near or too far for the buckets take a slot", () => {
  const { worker } = shared();
  const out = { slot: 0, slotUse: 0 };
  for (const expirySec of [now, now + 256 * 16]) {
    expect(reserve(worker, held(5, { expirySec }), now, out)).toBe(true);
    expect(out.slot).not.toBe(SLOT_NONE);
  }
});

test("after the clock went back sums are not used until it has caught up", () => {
  const { worker, money } = shared();
  sweepSums(money, now + 3600, 8);
  const out = { slot: 0, slotUse: 0 };
  reserve(worker, held(5), now, out);
  expect(out.slot).not.toBe(SLOT_NONE);
});

test("of bill, loss and expiry exactly one wins a slot", () => {
  const { worker, money } = shared();
  const out = { slot: 0, slotUse: 0 };
  const token = (): { slot: number; slotUse: number; expirySec: number } => ({
    ...out,
    expirySec: now + 60,
  });
  reserve(worker, held(100, { ordinal: 5 }), now, out);
  const first = token();
  expect(commitSlot(money, first, 80, now)).toBe(true);
  expect(commitSlot(money, first, 80, now)).toBe(false);
  expect(releaseSlot(money, first)).toBe(false);
  expect(sweepSlots(worker, now + 61, 100)).toBe(0);
  expect(worker.allowances[3]).toBe(20n);

  reserve(worker, held(100, { ordinal: 5 }), now, out);
  const second = token();
  expect(releaseSlot(money, second)).toBe(true);
  expect(commitSlot(money, second, 100, now)).toBe(false);
  expect(worker.allowances[3]).toBe(120n);

  reserve(worker, held(100, { ordinal: 5 }), now, out);
  const third = token();
  expect(sweepSlots(worker, now + 60, 100)).toBe(0);
  expect(sweepSlots(worker, now + 61, 100)).toBe(1);
  expect(releaseSlot(money, third)).toBe(false);
  expect(worker.allowances[3]).toBe(220n);
});

test("a token of an earlier use of its slot, or with another expiry, settles nothing", () => {
  const { worker, money } = shared();
  const out = { slot: 0, slotUse: 0 };
  const uses: number[] = [];
  for (let i = 0; i < 5; i++) {
    reserve(worker, held(10, { ordinal: 1 }), now, out);
    if (out.slot === 0) uses.push(out.slotUse);
    if (i < 4) releaseSlot(money, { ...out, expirySec: now + 60 });
  }
  expect(uses).toEqual([1, 2]);
  const stale = { slot: 0, slotUse: 1, expirySec: now + 60 };
  expect(commitSlot(money, stale, 10, now)).toBe(false);
  expect(commitSlot(money, { slot: 0, slotUse: 2, expirySec: now + 61 }, 10, now)).toBe(false);
  expect(commitSlot(money, { slot: 99, slotUse: 2, expirySec: now + 60 }, 10, now)).toBe(false);
  expect(commitSlot(money, { slot: 0, slotUse: 2, expirySec: now + 60 }, 10, now)).toBe(true);
});

test("a worker's full part refuses, takes an expired slot again, and never a neighbour's", () => {
  const { worker, buffers } = shared();
  const out = { slot: 0, slotUse: 0 };
  const slots = new Set<number>();
  for (let i = 0; i < 4; i++) {
    expect(reserve(worker, held(10, { ordinal: 1 }), now, out)).toBe(true);
    slots.add(out.slot);
  }
  expect([...slots].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  expect(reserve(worker, held(10, { ordinal: 1 }), now, out)).toBe(false);
  const later = held(10, { ordinal: 1, expirySec: now + 99 });
  expect(reserve(worker, later, now + 61, out)).toBe(true);
  expect(worker.allowances[3]).toBe(10n);
  const neighbour = sharedStateFrom(buffers, 1);
  reserve(neighbour, held(10, { ordinal: 1 }), now, out);
  expect(out.slot).toBe(4);
});

test("prices above 2^32 nanos come back whole", () => {
  const { worker } = shared();
  const nanos = 2 ** 46 + 12_345;
  reserve(worker, held(nanos, { ordinal: 1 }), now, { slot: 0, slotUse: 0 });
  sweepSlots(worker, now + 61, 10);
  expect(worker.allowances[3]).toBe(BigInt(nanos));
});

test("a use number of 16 bits wraps without hanging on", () => {
  const buffers = createSharedBuffers({ ...small, workers: 1, slots: 1 });
  const money = ready(buffers);
  const worker = sharedStateFrom(buffers, 0);
  const out = { slot: 0, slotUse: 0 };
  const bid = held(1, { ordinal: 1 });
  let wrong = 0;
  for (let i = 1; i <= 65_536 + 5; i++) {
    if (!reserve(worker, bid, now, out) || out.slotUse !== (i & 0xffff)) wrong++;
    if (!commitSlot(money, { ...out, expirySec: now + 60 }, 1, now)) wrong++;
  }
  expect(wrong).toBe(0);
  expect(out.slotUse).toBe(5);
});

test("a bill keeps the cap, a loss and an expiry give it back", () => {
  const { worker, money } = shared();
  const out = { slot: 0, slotUse: 0 };
  const cap = (): number => capReserve(worker, 7, 0, 1, 3600, now);
  const bid = (): void => {
    const capSlot = cap();
    expect(capSlot).toBeGreaterThanOrEqual(0);
    expect(cap()).toBe(CAPPED);
    expect(
      reserve(worker, held(10, { ordinal: 7, capSlots: [capSlot], capCount: 1 }), now, out),
    ).toBe(true);
  };
  bid();
  releaseSlot(money, { ...out, expirySec: now + 60 });
  bid();
  sweepSlots(worker, now + 61, 10);
  bid();
  commitSlot(money, { ...out, expirySec: now + 60 }, 10, now);
  expect(cap()).toBe(CAPPED);
  expect(capReserve(worker, 7, 0, 1, 3600, now + 3600)).toBe(CAPPED);
  expect(capReserve(worker, 7, 0, 1, 3600, now + 3601)).toBeGreaterThanOrEqual(0);
});

test("a slot names its person until it is used again, by ordinal or by an identifier's hash", () => {
  const { money, worker } = shared();
  const person = { ordinal: 1, hashLo: 1, hashHi: 1 };
  const named = (token: Parameters<typeof personOfSlotInto>[1]): number[] => {
    personOfSlotInto(money, token, person);
    return [person.ordinal, person.hashLo, person.hashHi];
  };
  const nanos = 2 ** 41 + 7;
  giveBack(money, 3, nanos);
  takeAllowance(worker, 3, nanos);
  const bid = held(nanos, { hashLo: 0xffff_fff0, hashHi: 0x8000_0001, capCount: 1 });
  const capSlots = [capReserve(worker, 9, 9, 3, 60, now)];
  const stranger = { slot: 0, slotUse: 0, expirySec: bid.expirySec };
  expect(reserve(worker, { ...bid, capSlots }, now, stranger)).toBe(true);
  expect(named(stranger)).toEqual([0, 0xffff_fff0, 0x8000_0001]);
  expect(commitSlot(money, stranger, 7, now)).toBe(true);
  expect(Number(money.allowances[3])).toBe(2 ** 41);
  expect(named(stranger)).toEqual([0, 0xffff_fff0, 0x8000_0001]);
  expect(named({ ...stranger, expirySec: bid.expirySec + 1 })).toEqual([0, 0, 0]);
  const known = { slot: 0, slotUse: 0, expirySec: bid.expirySec };
  reserve(worker, { ...held(1), ordinal: 0xffff_fffe, hashLo: 5, hashHi: 6 }, now, known);
  expect(named(known)).toEqual([0xffff_fffe, 0, 0]);
  for (let i = 0; i < worker.slotCount; i++) {
    const other = { slot: 0, slotUse: 0 };
    reserve(worker, held(1, { ordinal: 7 }), now, other);
  }
  expect(named(stranger)).toEqual([0, 0, 0]);
});
