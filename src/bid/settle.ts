import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import type { Notice } from "../journal/notice.js";
import { NoticeEffect, TokenFlag } from "../journal/record.js";
import { chargeAllowance, giveBack, NO_PLACE } from "./allowance.js";
import type { ExpiryClock } from "./expiry-clock.js";
import {
  commitSlot,
  commitSum,
  holdsImpression,
  personOfSlotInto,
  releaseSlot,
  SLOT_NONE,
  type SlotPerson,
  takeFromSum,
} from "./reserve.js";
import { SeenBit, type SeenNotices } from "./seen-notices.js";
import type { SharedState } from "./shared-state.js";

/**
 * What a verified notice does to the shared state. Every notice kind of a token counts once; at
 * most one notice bills it; a reservation is settled by bill, loss or expiry, whichever comes
 * first. Money thread only.
 */
export type SettleContext = {
  readonly state: SharedState;
  readonly boot: number;
  readonly seen: SeenNotices;
  /** By which tokens expire; absent = the wall clock. */
  readonly clock?: Pick<ExpiryClock, "trustedSec">;
  /** Place of a line item's allowance, -1 when this process does not know it. */
  readonly placeOf: (lineItem: number) => number;
  /** Place of its allowance in impressions; absent or NO_PLACE = none. */
  readonly impressionPlaceOf?: (lineItem: number) => number;
  /** The notice that bills, by exchange id. */
  readonly billsBy: (exchange: number) => number;
};

export const Taken = {
  /** To be journaled. */
  NEW: 0,
  /** Seen before: nothing happened. */
  DUPLICATE: 1,
  /** The token's life is over: nothing happened. */
  EXPIRED: 2,
  /** No memory to tell whether it is a duplicate: nothing happened, the sender shall come again. */
  REFUSED: 3,
  /** Expired by a clock that was set ahead just now: the same, until it is known to be right. */
  DOUBTED: 4,
} as const;
export type Taken = (typeof Taken)[keyof typeof Taken];

/** Filled by `settle` where it gives NEW. */
export class Settlement {
  effect: NoticeEffect = NoticeEffect.NONE;
  chargedNanos = 0;
  /**
   * Who saw or clicked, of a bill or a click whose slot is not used again yet. For caps and
   * exposures, never stored.
   */
  readonly person: SlotPerson = { ordinal: 0, hashLo: 0, hashHi: 0 };
}

/**
 * What a bill costs: the reserved price times the share of our price at which the auction cleared,
 * rounded up to a nano, never more than was reserved. An unknown clearing price (-1) is our own.
 */
export function chargeOf(
  reservedNanos: number,
  priceMicros: number,
  clearingMicros: number,
): number {
  if (!(clearingMicros >= 0) || clearingMicros >= priceMicros) return reservedNanos;
  const price = BigInt(priceMicros);
  const clearing = BigInt(Math.ceil(clearingMicros));
  return Number((BigInt(reservedNanos) * clearing + price - 1n) / price);
}

export function settle(
  context: SettleContext,
  notice: Notice,
  nowSec: number,
  out: Settlement,
): Taken {
  const { worker, boot, counter, timeSec } = notice;
  const lifeEnd = timeSec + tokenLifeSec;
  if (lifeEnd < (context.clock?.trustedSec ?? nowSec)) return Taken.EXPIRED;
  if (lifeEnd < nowSec) return Taken.DOUBTED;
  // The clock went back since: whether this one was seen is forgotten.
  if (timeSec <= context.seen.forgottenMadeSec) return Taken.REFUSED;
  const before = context.seen.seen(worker, boot, counter);
  const kindBit = SeenBit.kind(notice.noticeKind);
  if ((before & kindBit) !== 0) return Taken.DUPLICATE;
  const bills = notice.noticeKind === context.billsBy(notice.exchange);
  const charges =
    bills && (notice.flags & TokenFlag.TEST) === 0 && (before & SeenBit.CHARGED) === 0;
  const bits = kindBit | (charges ? SeenBit.CHARGED : 0);
  if (!context.seen.add(worker, boot, counter, bits, timeSec)) return Taken.REFUSED;
  out.effect = NoticeEffect.NONE;
  out.chargedNanos = 0;
  forgetPerson(out.person);
  if ((notice.flags & TokenFlag.TEST) !== 0) {
    out.effect = NoticeEffect.TEST;
  } else if (charges) {
    bill(context, notice, nowSec, out);
  } else if (notice.noticeKind === NoticeKind.LOSS && (before & SeenBit.CHARGED) === 0) {
    if (boot === context.boot && release(context, notice)) out.effect = NoticeEffect.RELEASED;
  } else if (notice.noticeKind === NoticeKind.CLICK) findPerson(context, notice, out.person);
  return Taken.NEW;
}

/** Slots are this boot's alone. */
function findPerson(context: SettleContext, notice: Notice, out: SlotPerson): void {
  if (notice.boot !== context.boot || notice.slot === SLOT_NONE) return;
  personOfSlotInto(context.state, notice, out);
}

function forgetPerson(person: SlotPerson): void {
  person.ordinal = 0;
  person.hashLo = 0;
  person.hashHi = 0;
}

function bill(context: SettleContext, notice: Notice, nowSec: number, out: Settlement): void {
  const { reservedMicros, priceMicros, clearingMicros } = notice;
  const charged = chargeOf(reservedMicros, priceMicros, clearingMicros);
  out.chargedNanos = charged;
  if (notice.boot !== context.boot) {
    out.effect = NoticeEffect.EARLIER_BOOT;
    return;
  }
  findPerson(context, notice, out.person);
  const counted = notice.slot !== SLOT_NONE && holdsImpression(context.state, notice);
  const committed = commit(context, notice, charged, nowSec);
  countImpression(context, notice, committed, counted);
  if (committed) {
    out.effect = NoticeEffect.BILLED;
    return;
  }
  out.effect = NoticeEffect.LATE;
  const place = context.placeOf(notice.lineItem);
  if (place >= 0) chargeAllowance(context.state, place, charged);
}

/**
 * The impression of a bill: what its slot or sum holds is used up; where nothing was held (a late
 * bill, or a bid from before the limit) the allowance pays, and may go below zero.
 */
function countImpression(
  context: SettleContext,
  notice: Notice,
  committed: boolean,
  counted: boolean,
): void {
  const place = context.impressionPlaceOf?.(notice.lineItem) ?? NO_PLACE;
  if (place < 0 || (committed && counted)) return;
  const inSum = committed && notice.slot === SLOT_NONE;
  if (inSum && takeFromSum(context.state, place, 1, notice.expirySec)) return;
  chargeAllowance(context.state, place, 1);
}

function commit(context: SettleContext, notice: Notice, charged: number, nowSec: number): boolean {
  if (notice.slot !== SLOT_NONE) return commitSlot(context.state, notice, charged, nowSec);
  const place = context.placeOf(notice.lineItem);
  if (place < 0 || wasLost(context, notice)) return false;
  const { reservedMicros, expirySec } = notice;
  return commitSum(context.state, { place, nanos: reservedMicros, expirySec }, charged);
}

function release(context: SettleContext, notice: Notice): boolean {
  if (notice.slot !== SLOT_NONE) return releaseSlot(context.state, notice);
  const place = context.placeOf(notice.lineItem);
  const { reservedMicros, expirySec } = notice;
  const sum = { place, nanos: reservedMicros, expirySec };
  if (place < 0 || !commitSum(context.state, sum, 0)) return false;
  const impressions = context.impressionPlaceOf?.(notice.lineItem) ?? NO_PLACE;
  if (impressions >= 0 && takeFromSum(context.state, impressions, 1, expirySec)) {
    giveBack(context.state, impressions, 1);
  }
  return true;
}

/** A sum does not know its bids: a loss of the same token has taken this one's part out already. */
function wasLost(context: SettleContext, notice: Notice): boolean {
  const { worker, boot, counter } = notice;
  return (context.seen.seen(worker, boot, counter) & SeenBit.kind(NoticeKind.LOSS)) !== 0;
}
