import { assert } from "../base/assert.js";
import { capsPerBidMax } from "../base/limits.js";
import { giveBack, NO_PLACE } from "./allowance.js";
import { capCommit, capRelease, NO_CAP_SLOT } from "./cap.js";
import type { SharedState } from "./shared-state.js";
import { bucketSec, bucketsMax, Cell, slotWords } from "./shared-state.js";

/**
 * Reservations: the price of a bid, held from the bid to its bill, loss or expiry. The caller has
 * taken the price from the allowance (and a pending cap) before; `reserve` notes what must happen
 * to them.
 *
 *     slot    | state       | ordinal | place | nanos lo | nanos hi | expiry s |
 *             | use 16 | 2  |
 *             | impression place + 1, 0 = none | hash hi | caps 8 |
 *
 * Of somebody whom only a granted identifier's hash names the top bit of `nanos hi` is set, and
 * `ordinal` holds the hash's low half.
 *
 * A slot is HELD by its use number. Whoever moves the state from (use, HELD) to (use, FREE) by
 * compare-and-swap settles the reservation: of bill, loss and expiry exactly one wins. Only the
 * owner worker makes a free slot HELD, with the next use number, so that finding one needs no lock.
 *
 * The use number is 16 bits and wraps. A stale token could match a later use only if the slot came
 * round 65,536 uses later with the same expiry second; the cursor walks the whole part between two
 * uses of a slot, so even the smallest part (65,536 slots, 64 workers) would need more than 4e9
 * bids of one worker within the 18 hours that an expiry can lie ahead. Each token settles at most
 * once besides (settle.ts).
 *
 * A bid with neither cap nor ordinal takes no slot: its price is added to the sum of its place and
 * expiry bucket.
 */
export const SLOT_NONE = 0xff_ffff;

const FREE = 0;
const HELD = 1;
const useMask = 0xffff;

const ordinalWord = 1;
const placeWord = 2;
const nanosLoWord = 3;
const nanosHiWord = 4;
const expiryWord = 5;
/** Place of the impression that is held besides, plus one; 0 = none. */
const impressionWord = 6;
const hashHiWord = 7;
/** Pending caps, ended by NO_CAP_SLOT where there are fewer than `capsPerBidMax`. */
const capsWord = 8;
/** In `nanosHiWord`: nanos are below 2^53. */
const strangerBit = 0x8000_0000;

/** Slots looked at before a part counts as full: below 98 % use a failure is rarer than 1e-8. */
const probesMax = 1024;

/** What a reservation holds. */
export type Reservation = {
  place: number;
  /** 0 = nobody */
  ordinal: number;
  /** With ordinal 0: whose caps pend, by the hash of an identifier; absent or 0/0 = nobody's. */
  hashLo?: number;
  hashHi?: number;
  /** Pending caps of `capReserve`, the first `capCount` of them. */
  capSlots: ArrayLike<number>;
  capCount: number;
  nanos: number;
  /** Where one impression was taken too; absent or NO_PLACE = nowhere. */
  impressionPlace?: number;
  expirySec: number;
};

/** Where it is: goes into the token. SLOT_NONE and 0 for one in a sum. */
export type ReservationSlot = { slot: number; slotUse: number };

/** False: no free slot (Outcome.TABLE_FULL); the caller gives allowance and cap back. */
export function reserve(
  state: SharedState,
  held: Reservation,
  nowSec: number,
  out: ReservationSlot,
): boolean {
  assert(held.nanos > 0 && held.expirySec >= nowSec && held.place < state.places);
  assert(held.capCount <= capsPerBidMax, "a bid has a few caps at most");
  if (held.capCount === 0 && held.ordinal === 0) {
    const bucket = bucketOf(held.expirySec);
    const ahead = bucket - state.cell(Cell.SWEPT_BUCKET);
    // The next bucket may be swept while we add to it; too far ahead it would be another one's
    // place.
    if (ahead >= 2 && ahead < bucketsMax) {
      Atomics.add(state.sums, sumIndex(state, bucket, held.place), BigInt(held.nanos));
      const impressions = held.impressionPlace ?? NO_PLACE;
      if (impressions >= 0) Atomics.add(state.sums, sumIndex(state, bucket, impressions), 1n);
      out.slot = SLOT_NONE;
      out.slotUse = 0;
      return true;
    }
  }
  return reserveSlot(state, held, nowSec, out);
}

function reserveSlot(
  state: SharedState,
  held: Reservation,
  nowSec: number,
  out: ReservationSlot,
): boolean {
  const { slots, slotFirst, slotCount } = state;
  assert(slotCount > 0, "only a worker reserves");
  const probes = Math.min(probesMax, slotCount);
  for (let i = 0; i < probes; i++) {
    const slot = slotFirst + state.slotCursor;
    state.slotCursor = state.slotCursor + 1 === slotCount ? 0 : state.slotCursor + 1;
    // Plain (base/bitset): a free slot is this worker's alone, a held one is left by an exchange.
    const word = slots[slot * slotWords]!;
    if ((word & 3) === HELD && !expire(state, slot, word, nowSec)) continue;
    const use = ((word >>> 2) + 1) & useMask;
    const base = slot * slotWords;
    // So that `personOfSlotInto` takes nobody for the person of the use before.
    Atomics.store(slots, base, (use << 2) | FREE);
    const stranger = held.ordinal === 0 && isHash(held.hashLo ?? 0, held.hashHi ?? 0);
    slots[base + ordinalWord] = stranger ? held.hashLo! : held.ordinal;
    slots[base + hashHiWord] = stranger ? held.hashHi! : 0;
    slots[base + placeWord] = held.place;
    slots[base + nanosLoWord] = held.nanos;
    slots[base + nanosHiWord] = Math.floor(held.nanos / 2 ** 32) + (stranger ? strangerBit : 0);
    slots[base + expiryWord] = held.expirySec;
    slots[base + impressionWord] = (held.impressionPlace ?? NO_PLACE) + 1;
    writeCaps(slots, base, held);
    Atomics.store(slots, base, (use << 2) | HELD);
    state.slotsTouched = Math.max(state.slotsTouched, slot - slotFirst + 1);
    out.slot = slot;
    out.slotUse = use;
    return true;
  }
  return false;
}

const isHash = (lo: number, hi: number): boolean => lo !== 0 || hi !== 0;

function writeCaps(slots: Uint32Array, base: number, held: Reservation): void {
  for (let i = 0; i < held.capCount; i++) slots[base + capsWord + i] = held.capSlots[i]!;
  if (held.capCount < capsPerBidMax) slots[base + capsWord + held.capCount] = NO_CAP_SLOT;
}

/** The caps of a slot, copied before it is freed: its owner may use it again at once. */
const caps = new Uint32Array(capsPerBidMax);

/** Fills `caps`; gives how many there are. */
function readCaps(slots: Uint32Array, base: number): number {
  let count = 0;
  while (count < capsPerBidMax && slots[base + capsWord + count] !== NO_CAP_SLOT) {
    caps[count] = slots[base + capsWord + count]!;
    count++;
  }
  return count;
}

const nanosOf = (slots: Uint32Array, base: number): number =>
  (slots[base + nanosHiWord]! & ~strangerBit) * 2 ** 32 + slots[base + nanosLoWord]!;

/** Frees the slot if it still is in that use. What it held is to be read before the call. */
function resolve(slots: Uint32Array, base: number, held: number): boolean {
  return Atomics.compareExchange(slots, base, held, held & ~3) === held;
}

/**
 * The state word of a slot in this use, when it also expires then; -1 when it is no longer held.
 */
function heldWord(state: SharedState, slot: number, slotUse: number, expirySec: number): number {
  const base = slot * slotWords;
  if (base >= state.slots.length) return -1;
  const word = Atomics.load(state.slots, base);
  if (word !== ((slotUse << 2) | HELD)) return -1;
  return state.slots[base + expiryWord] === expirySec ? word : -1;
}

/** Whose a reservation is: an ordinal, or the hash of an identifier; all 0 = nobody's. */
export type SlotPerson = { ordinal: number; hashLo: number; hashHi: number };

/**
 * The person of a reservation, held or settled, until its slot is used again; then, and where it is
 * nobody's, all 0.
 */
export function personOfSlotInto(
  state: SharedState,
  token: { readonly slot: number; readonly slotUse: number; readonly expirySec: number },
  out: SlotPerson,
): void {
  const { slots } = state;
  const base = token.slot * slotWords;
  out.ordinal = 0;
  out.hashLo = 0;
  out.hashHi = 0;
  if (base >= slots.length) return;
  const isUse = (): boolean => Atomics.load(slots, base) >>> 2 === token.slotUse;
  if (!isUse() || slots[base + expiryWord] !== token.expirySec) return;
  const stranger = (slots[base + nanosHiWord]! & strangerBit) !== 0;
  const person = slots[base + ordinalWord]!;
  const hashHi = slots[base + hashHiWord]!;
  // The owner changes the use before it writes another person (reserveSlot).
  if (!isUse()) return;
  out.ordinal = stranger ? 0 : person;
  out.hashLo = stranger ? person : 0;
  out.hashHi = stranger ? hashHi : 0;
}

/** Whether a slot holds an impression too; false when it is no longer held. */
export function holdsImpression(
  state: SharedState,
  token: { readonly slot: number; readonly slotUse: number; readonly expirySec: number },
): boolean {
  const word = heldWord(state, token.slot, token.slotUse, token.expirySec);
  return word >= 0 && state.slots[token.slot * slotWords + impressionWord] !== 0;
}

/**
 * A bill: `chargedNanos` are spent, the rest goes back to the allowance, the
 * impression is used up, the cap counts. False when
 * loss, expiry or another bill came first: nothing changed.
 */
export function commitSlot(
  state: SharedState,
  token: { readonly slot: number; readonly slotUse: number; readonly expirySec: number },
  chargedNanos: number,
  nowSec: number,
): boolean {
  const word = heldWord(state, token.slot, token.slotUse, token.expirySec);
  if (word < 0) return false;
  const base = token.slot * slotWords;
  const place = state.slots[base + placeWord]!;
  const nanos = nanosOf(state.slots, base);
  const capCount = readCaps(state.slots, base);
  if (!resolve(state.slots, base, word)) return false;
  assert(chargedNanos <= nanos, "a bill is at most what was reserved");
  for (let i = 0; i < capCount; i++) capCommit(state, caps[i]!, nowSec);
  giveBack(state, place, nanos - chargedNanos);
  return true;
}

/** A loss: the price goes back, the cap does not count. False when something else came first. */
export function releaseSlot(
  state: SharedState,
  token: { readonly slot: number; readonly slotUse: number; readonly expirySec: number },
): boolean {
  const word = heldWord(state, token.slot, token.slotUse, token.expirySec);
  return word >= 0 && freeSlot(state, token.slot, word);
}

function freeSlot(state: SharedState, slot: number, word: number): boolean {
  const base = slot * slotWords;
  const place = state.slots[base + placeWord]!;
  const nanos = nanosOf(state.slots, base);
  const impressionPlace = state.slots[base + impressionWord]! - 1;
  const capCount = readCaps(state.slots, base);
  if (!resolve(state.slots, base, word)) return false;
  for (let i = 0; i < capCount; i++) capRelease(state, caps[i]!);
  giveBack(state, place, nanos);
  if (impressionPlace >= 0) giveBack(state, impressionPlace, 1);
  return true;
}

/** True when the slot is free afterwards. */
function expire(state: SharedState, slot: number, word: number, nowSec: number): boolean {
  if (state.slots[slot * slotWords + expiryWord]! >= nowSec) return false;
  // Where a bill or loss was faster the slot is free as well.
  freeSlot(state, slot, word);
  return true;
}

/**
 * The owner worker's sweep: looks at up to `budget` slots of its part, goes on where it stopped,
 * and releases those whose expiry has passed. Gives how many it released.
 */
export function sweepSlots(state: SharedState, nowSec: number, budget: number): number {
  let released = 0;
  const look = Math.min(budget, state.slotsTouched);
  for (let i = 0; i < look; i++) {
    if (state.sweepCursor >= state.slotsTouched) state.sweepCursor = 0;
    const slot = state.slotFirst + state.sweepCursor++;
    const word = Atomics.load(state.slots, slot * slotWords);
    if ((word & 3) !== FREE && expire(state, slot, word, nowSec)) released++;
  }
  return released;
}

export const bucketOf = (expirySec: number): number => Math.floor(expirySec / bucketSec);

/** Bucket-major, so that the sweep of a bucket reads memory in order. */
const sumIndex = (state: SharedState, bucket: number, place: number): number =>
  (bucket % bucketsMax) * state.places + place;

/**
 * Takes a reservation (nanos, or one impression) out of its sum; false when the bucket was given
 * back. Money thread only.
 */
export function takeFromSum(
  state: SharedState,
  place: number,
  nanos: number,
  expirySec: number,
): boolean {
  const bucket = bucketOf(expirySec);
  const ahead = bucket - state.cell(Cell.SWEPT_BUCKET);
  if (ahead < 1 || ahead >= bucketsMax) return false;
  const index = sumIndex(state, bucket, place);
  const amount = BigInt(nanos);
  for (;;) {
    const sum = Atomics.load(state.sums, index);
    if (sum < amount) return false;
    if (Atomics.compareExchange(state.sums, index, sum, sum - amount) === sum) return true;
  }
}

/** As `commitSlot`, for a reservation in a sum. Money thread only. */
export function commitSum(
  state: SharedState,
  token: { readonly place: number; readonly nanos: number; readonly expirySec: number },
  chargedNanos: number,
): boolean {
  assert(chargedNanos <= token.nanos, "a bill is at most what was reserved");
  if (!takeFromSum(state, token.place, token.nanos, token.expirySec)) return false;
  giveBack(state, token.place, token.nanos - chargedNanos);
  return true;
}

/** Before workers start: buckets up to the one before `nowSec`'s hold nothing. */
export const startSums = (state: SharedState, nowSec: number): void =>
  state.setCell(Cell.SWEPT_BUCKET, bucketOf(nowSec) - 1);

/**
 * Gives back the sums of all buckets that have ended, of places below `placesUsed`. Money thread
 * only. While the clock is behind the newest swept bucket nothing ends.
 */
export function sweepSums(state: SharedState, nowSec: number, placesUsed: number): void {
  const ended = bucketOf(nowSec) - 1;
  const swept = state.cell(Cell.SWEPT_BUCKET);
  for (let bucket = Math.max(swept + 1, ended - bucketsMax + 1); bucket <= ended; bucket++) {
    // First the cell: from here on nobody adds to the bucket.
    state.setCell(Cell.SWEPT_BUCKET, bucket);
    for (let place = 0; place < placesUsed; place++) {
      const index = sumIndex(state, bucket, place);
      if (Atomics.load(state.sums, index) === 0n) continue;
      Atomics.add(state.allowances, place, Atomics.exchange(state.sums, index, 0n));
    }
  }
}
