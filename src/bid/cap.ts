import { assert } from "../base/assert.js";
import type { Hash64 } from "../base/hash.js";
import { mix32 } from "../base/hash.js";
import type { SharedState } from "./shared-state.js";
import { capWords } from "./shared-state.js";

/**
 * Frequency caps: impressions of one rule (cap-rule.ts) to one person (or granted identifier), in
 * memory, shared by all threads. The rule: an impression counts from its reservation until
 * `windowSec` after its bill; a bid is made only while fewer than `max` count. So no stretch of
 * `windowSec` ever holds more than `max` impressions: at the bid of the last of them all the others
 * were pending or billed within the window. Four bill times are kept exactly; beyond that the two
 * nearest are joined under the later one, which caps longer, never shorter.
 *
 *     entry   | key lo | key hi | use 15, pending 16 | window s | 4 groups |
 *     group   (bill second mod 2^24) << 8 | count
 *
 * An entry with nothing pending and no count within its window is free; `use` rises when it gets
 * another key, so that a compare-and-swap on the third word never pends on a stranger. Entries that
 * count are never evicted: where the 32 places of a key are all in use the answer is FULL. Workers
 * pend and un-pend; only the money thread commits.
 */
export const CAPPED = -1;
export const FULL = -2;
export const NO_CAP_SLOT = 0xffff_ffff;
/** Larger maxima are treated as this one. */
export const capMax = 255;
/**
 * Bill times are told apart modulo 2^24 s: in a longer window than 90 days they count as long as
 * the process lives.
 */
const windowSecMax = 90 * 24 * 3600;

const keyLoWord = 0;
const keyHiWord = 1;
const useWord = 2;
const windowWord = 3;
const groupWord = 4;
const groups = 4;
const placesPerKey = 32;

const pendingMask = 0xffff;
/** `pending` of an entry that is getting its key. */
const CLAIMED = 0xffff;
const useStep = 0x1_0000;
const timeMask = 0xff_ffff;
const inFuture = 0x80_0000;
/** Further ahead (97 days) a bill time could not be told from one that is over. */
const aheadSecMax = inFuture;

/** The key of a person's ordinal (hi = 0) or identifier hash with a rule's place; never 0/0. */
export function capKeyInto(lo: number, hi: number, place: number, out: Hash64): void {
  const rule = place + 1;
  out.lo = mix32(lo ^ Math.imul(rule, 0x9e3779b1), hi);
  out.hi = mix32(hi ^ Math.imul(rule, 0x85ebca77), lo ^ 0x27d4eb2f);
  if (out.lo === 0 && out.hi === 0) out.lo = 1;
}

/**
 * Pends one impression. Gives the entry, to be kept in the reservation; CAPPED when `max` count
 * already, or when another thread is just entering the same key; FULL when there is no place for
 * the key.
 */
export function capReserve(
  state: SharedState,
  keyLo: number,
  keyHi: number,
  max: number,
  windowSec: number,
  nowSec: number,
): number {
  assert(max > 0 && windowSec > 0 && windowSec < 2 ** 31);
  const { caps } = state;
  const limit = Math.min(max, capMax);
  const start = placeOf(state, keyLo);
  for (let tries = 0; tries < 4; tries++) {
    const found = find(state, start, keyLo, keyHi, nowSec);
    if (found === FULL || found === CAPPED) return found;
    if (found >= 0) {
      const word = Atomics.load(caps, found * capWords + useWord);
      if (!isKey(caps, found, keyLo, keyHi) || (word & pendingMask) >= CLAIMED - 1) continue;
      if (!pend(caps, found, word)) continue;
      Atomics.store(caps, found * capWords + windowWord, windowSec);
      // Pended first and counted after: of two threads at the limit none overruns it.
      if (counted(caps, found, windowSec, nowSec) <= limit) return found;
      capRelease(state, found);
      return CAPPED;
    }
    const entered = enter(state, start, -3 - found, keyLo, keyHi, windowSec, nowSec);
    if (entered >= 0) return entered;
  }
  return CAPPED;
}

/** Whether `capReserve` would let one more through; pends nothing. */
export function capOpen(
  state: SharedState,
  keyLo: number,
  keyHi: number,
  max: number,
  windowSec: number,
  nowSec: number,
): boolean {
  const found = find(state, placeOf(state, keyLo), keyLo, keyHi, nowSec);
  if (found < 0) return found !== FULL && found !== CAPPED;
  return counted(state.caps, found, windowSec, nowSec) < Math.min(max, capMax);
}

/**
 * What counts of a key now, pending or billed. One that another thread just enters counts as one.
 */
export function capCounted(
  state: SharedState,
  keyLo: number,
  keyHi: number,
  windowSec: number,
  nowSec: number,
): number {
  const found = find(state, placeOf(state, keyLo), keyLo, keyHi, nowSec);
  if (found === CAPPED) return 1;
  return found < 0 ? 0 : counted(state.caps, found, windowSec, nowSec);
}

/**
 * An impression that no reservation holds: of before the start, or billed late. It counts until a
 * window from `atSec`, which may be ahead of the clock: it was set back since. False where there is
 * no place for the key. Money thread only.
 */
export function capAdd(
  state: SharedState,
  keyLo: number,
  keyHi: number,
  windowSec: number,
  atSec: number,
  nowSec: number,
): boolean {
  const billSec = Math.min(atSec, nowSec + aheadSecMax);
  for (let tries = 0; tries < capAddTriesMax; tries++) {
    const start = placeOf(state, keyLo);
    const found = find(state, start, keyLo, keyHi, nowSec);
    if (found === FULL) return false;
    if (found === CAPPED) continue;
    if (found >= 0) {
      // Kept from a stranger meanwhile by one that pends.
      const word = Atomics.load(state.caps, found * capWords + useWord);
      if (!isKey(state.caps, found, keyLo, keyHi) || (word & pendingMask) >= CLAIMED - 1) continue;
      if (!pend(state.caps, found, word)) continue;
      Atomics.store(state.caps, found * capWords + windowWord, windowSec);
      addToGroups(state.caps, found, windowSec, billSec, nowSec);
      capRelease(state, found);
      return true;
    }
    const entered = enter(state, start, -3 - found, keyLo, keyHi, windowSec, nowSec);
    if (entered < 0) continue;
    addToGroups(state.caps, entered, windowSec, billSec, nowSec);
    capRelease(state, entered);
    return true;
  }
  return false;
}
/** Each try fails only because another thread got on. */
const capAddTriesMax = 1000;

/**
 * Takes bills out of `entries` entries from entry `from` on that have been over for longer than any
 * window lasts: left there for another week they would look like bills ahead of the clock, and
 * count again for 97 days. Gives the entry to go on with. Money thread only: workers count what it
 * takes out as nothing, and a key that enters meanwhile begins with nothing.
 */
export function capSweep(
  state: SharedState,
  from: number,
  entries: number,
  nowSec: number,
): number {
  const { caps, capEntries } = state;
  for (let i = 0; i < Math.min(entries, capEntries); i++) {
    const base = ((from + i) & (capEntries - 1)) * capWords;
    if (Atomics.load(caps, base + useWord) === 0) continue;
    if (Atomics.load(caps, base + windowWord) > windowSecMax) continue;
    for (let at = base + groupWord; at < base + groupWord + groups; at++) {
      const group = Atomics.load(caps, at);
      const age = ageOf(group, nowSec);
      if (group === 0 || age <= windowSecMax || age >= inFuture) continue;
      Atomics.compareExchange(caps, at, group, 0);
    }
  }
  return (from + entries) & (capEntries - 1);
}

/** Keys are mixed (`capKeyInto`): their low bits spread them. */
const placeOf = (state: SharedState, keyLo: number): number => keyLo & (state.capEntries - 1);

const entryAt = (state: SharedState, start: number, i: number): number =>
  (start + i) & (state.capEntries - 1);

const isKey = (caps: Int32Array, entry: number, keyLo: number, keyHi: number): boolean =>
  Atomics.load(caps, entry * capWords + keyLoWord) === (keyLo | 0) &&
  Atomics.load(caps, entry * capWords + keyHiWord) === (keyHi | 0);

/**
 * The key's entry; CAPPED while somebody enters it; FULL without a free place; else -3 - i, where i
 * is the first free one of the key's places. A place that was never used ends the search: keys take
 * the first free place.
 */
function find(
  state: SharedState,
  start: number,
  keyLo: number,
  keyHi: number,
  nowSec: number,
): number {
  const { caps } = state;
  let free = -1;
  const places = Math.min(placesPerKey, state.capEntries);
  for (let i = 0; i < places; i++) {
    const entry = entryAt(state, start, i);
    const word = Atomics.load(caps, entry * capWords + useWord);
    if (word === 0) return free < 0 ? -3 - i : -3 - free;
    if (isKey(caps, entry, keyLo, keyHi)) return (word & pendingMask) === CLAIMED ? CAPPED : entry;
    if (free < 0 && isFree(caps, entry, word, nowSec)) free = i;
  }
  return free < 0 ? FULL : -3 - free;
}

const isFree = (caps: Int32Array, entry: number, word: number, nowSec: number): boolean =>
  (word & pendingMask) === 0 &&
  committed(caps, entry, Atomics.load(caps, entry * capWords + windowWord), nowSec) === 0;

/**
 * Gives a free place to the key, with one impression pending. -1 when another thread was at it: of
 * two threads that enter one key at two places, each writes its key before it looks for the
 * other's, so at least one sees the other and withdraws.
 */
function enter(
  state: SharedState,
  start: number,
  i: number,
  keyLo: number,
  keyHi: number,
  windowSec: number,
  nowSec: number,
): number {
  const { caps } = state;
  const entry = entryAt(state, start, i);
  const base = entry * capWords;
  const before = Atomics.load(caps, base + useWord);
  if (before !== 0 && !isFree(caps, entry, before, nowSec)) return -1;
  const claimed = (before & ~pendingMask) | CLAIMED;
  if (Atomics.compareExchange(caps, base + useWord, before, claimed) !== before) return -1;
  Atomics.store(caps, base + keyLoWord, keyLo);
  Atomics.store(caps, base + keyHiWord, keyHi);
  Atomics.store(caps, base + windowWord, windowSec);
  for (let group = 0; group < groups; group++) Atomics.store(caps, base + groupWord + group, 0);
  // Never 0 again: 0 says "never used".
  const nextUse = (((before >>> 16) + 1) & 0x7fff || 1) * useStep;
  const alone = !isEntered(state, start, entry, keyLo, keyHi);
  if (!alone) {
    Atomics.store(caps, base + keyLoWord, 0);
    Atomics.store(caps, base + keyHiWord, 0);
  }
  Atomics.store(caps, base + useWord, alone ? nextUse | 1 : nextUse);
  return alone ? entry : -1;
}

/** Whether the key stands at another of its places. */
function isEntered(
  state: SharedState,
  start: number,
  own: number,
  keyLo: number,
  keyHi: number,
): boolean {
  const places = Math.min(placesPerKey, state.capEntries);
  for (let i = 0; i < places; i++) {
    const entry = entryAt(state, start, i);
    if (entry !== own && isKey(state.caps, entry, keyLo, keyHi)) return true;
  }
  return false;
}

function pend(caps: Int32Array, entry: number, word: number): boolean {
  const at = entry * capWords + useWord;
  return Atomics.compareExchange(caps, at, word, word + 1) === word;
}

/** Un-pends: a loss, an expiry, a bid that came to nothing. */
export function capRelease(state: SharedState, capSlot: number): void {
  const at = capSlot * capWords + useWord;
  const before = Atomics.sub(state.caps, at, 1);
  assert((before & pendingMask) > 0 && (before & pendingMask) !== CLAIMED, "the cap was pending");
}

/** A bill: the pending impression counts until a window from now. Money thread only. */
export function capCommit(state: SharedState, capSlot: number, nowSec: number): void {
  const { caps } = state;
  const windowSec = Atomics.load(caps, capSlot * capWords + windowWord);
  addToGroups(caps, capSlot, windowSec, nowSec, nowSec);
  // Counted before it is no longer pending: never missing in between.
  capRelease(state, capSlot);
}

const groupTime = (group: number): number => group >>> 8;
const ageOf = (group: number, nowSec: number): number =>
  ((nowSec & timeMask) - groupTime(group)) & timeMask;

/** A bill time ahead of the clock (the clock went back) counts. */
function countIn(group: number, windowSec: number, nowSec: number): number {
  const age = ageOf(group, nowSec);
  return age <= windowSec || age >= inFuture || windowSec > windowSecMax ? group & 255 : 0;
}

function committed(caps: Int32Array, entry: number, windowSec: number, nowSec: number): number {
  const base = entry * capWords + groupWord;
  let count = 0;
  for (let i = 0; i < groups; i++) {
    count += countIn(Atomics.load(caps, base + i), windowSec, nowSec);
  }
  return count;
}

const counted = (caps: Int32Array, entry: number, windowSec: number, nowSec: number): number =>
  (Atomics.load(caps, entry * capWords + useWord) & pendingMask) +
  committed(caps, entry, windowSec, nowSec);

/** What counts is told by the clock, not by the bill time: that may be ahead of it or behind. */
function addToGroups(
  caps: Int32Array,
  entry: number,
  windowSec: number,
  billSec: number,
  nowSec: number,
): void {
  const base = entry * capWords + groupWord;
  const bill = billSec & timeMask;
  for (let i = 0; i < groups; i++) {
    const group = Atomics.load(caps, base + i);
    const same = groupTime(group) === bill && (group & 255) > 0 && (group & 255) < 255;
    if (same) {
      Atomics.store(caps, base + i, group + 1);
      return;
    }
  }
  for (let i = 0; i < groups; i++) {
    if (countIn(Atomics.load(caps, base + i), windowSec, nowSec) === 0) {
      Atomics.store(caps, base + i, (bill << 8) | 1);
      return;
    }
  }
  joinNearest(caps, base, bill);
}

/**
 * All four groups count: joins the two bill times that lie nearest (the new one is the fifth),
 * under the later of them. The joined count is written before the other group is overwritten:
 * readers see too many, never too few.
 */
function joinNearest(caps: Int32Array, base: number, bill: number): void {
  let from = -1;
  let into = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < groups; i++) {
    const age = ageOf(Atomics.load(caps, base + i), bill);
    for (let j = -1; j < groups; j++) {
      if (i === j) continue;
      const laterAge = j < 0 ? 0 : ageOf(Atomics.load(caps, base + j), bill);
      const gap = (age >= inFuture ? age - timeMask - 1 : age) - laterAge;
      if (laterAge >= inFuture || gap < 0 || gap >= nearest) continue;
      nearest = gap;
      from = i;
      into = j;
    }
  }
  if (from < 0) {
    // All are later than the new one: the first takes it, and keeps its time.
    const first = Atomics.load(caps, base);
    Atomics.store(caps, base, (first & ~255) | Math.min(255, (first & 255) + 1));
    return;
  }
  const count = Atomics.load(caps, base + from) & 255;
  if (into < 0) {
    Atomics.store(caps, base + from, (bill << 8) | Math.min(255, count + 1));
    return;
  }
  const later = Atomics.load(caps, base + into);
  const sum = Math.min(255, (later & 255) + count);
  Atomics.store(caps, base + into, (groupTime(later) << 8) | sum);
  Atomics.store(caps, base + from, (bill << 8) | 1);
}
