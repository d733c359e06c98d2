import { Hash64 } from "../base/hash.js";
import { NOBODY } from "../base/ids.js";
import { capsPerBidMax } from "../base/limits.js";
import { Outcome } from "../base/outcome.js";
import type { UnixSec } from "../base/units.js";
import { WithoutId } from "../campaign/table.js";
import { giveBack, NO_PLACE, takeAllowance } from "./allowance.js";
import { CAPPED, capCounted, capKeyInto, capMax, capRelease, capReserve } from "./cap.js";
import { isCapRuleOpen } from "./cap-rule.js";
import type { Decision, Hold } from "./decision.js";
import type { Offer } from "./offer.js";
import { isPaced, noteHeld } from "./pace.js";
import { type Reservation, type ReservationSlot, reserve, SLOT_NONE } from "./reserve.js";
import { Cell, type SharedState } from "./shared-state.js";

/**
 * Seconds that a bid is held at least and at most: the token carries the difference to its time in
 * 16 bits.
 */
const holdSecMin = 10;
const holdSecMax = 65_000;

type Held = Required<Reservation> & ReservationSlot & { readonly capSlots: Uint32Array };

/** Names the context of an offer with a cell; see bid/context. */
export type CellOf = (decision: Decision, offer: Offer) => number;

/**
 * What a real bid takes, in this order, when pacing lets it: the price from the allowance, an
 * impression where a level counts them, a pending impression with each cap, a reservation.
 * What was taken is given back when a later one refuses, so that a refused offer leaves nothing
 * behind.
 */
export function holdOn(state: SharedState, cellOf: CellOf): Hold {
  const key = new Hash64();
  const held: Held = {
    place: 0,
    ordinal: 0,
    hashLo: 0,
    hashHi: 0,
    capSlots: new Uint32Array(capsPerBidMax),
    capCount: 0,
    nanos: 0,
    impressionPlace: NO_PLACE,
    expirySec: 0,
    slot: SLOT_NONE,
    slotUse: 0,
  };
  return (decision, _entry, offer) => {
    const { table } = decision;
    const nowSec = Math.floor(decision.now / 1000);
    tellTimes(decision, state, offer, nowSec);
    const campaign = table.lineItemCampaign[offer.lineItem]!;
    if (state.learnt.holds.isHeld(campaign, decision.exchange.id)) return Outcome.NO_ALLOWANCE;
    held.place = table.lineItemAllowance[offer.lineItem]!;
    held.nanos = offer.reservedMicros;
    held.expirySec = offer.expirySec;
    held.ordinal = decision.person.ordinal;
    held.hashLo = decision.person.hash.lo;
    held.hashHi = decision.person.hash.hi;
    held.capCount = 0;
    held.impressionPlace = table.lineItemImpressions[offer.lineItem]! - 1;
    // The money thread is dead, silent, or its disk is: a bill could not be booked, nothing is bid.
    if (!state.mayBidAt(nowSec)) return Outcome.NO_ALLOWANCE;
    if (!state.mayHoldUntil(held.expirySec, nowSec)) return Outcome.NO_ALLOWANCE;
    const seed = decision.request.seed.hi ^ decision.imp.index;
    const lineItemId = table.lineItemId[offer.lineItem]!;
    if (isPaced(state, held.place, held.nanos, seed, lineItemId)) return Outcome.PACED;
    if (!takeMoney(state, held)) return Outcome.NO_ALLOWANCE;
    const capped = takeCaps(decision, state, offer.lineItem, nowSec, key, held);
    if (capped !== Outcome.BID) {
      giveMoneyBack(state, held);
      return capped;
    }
    if (!reserve(state, held, nowSec, held)) {
      releaseCaps(state, held);
      giveMoneyBack(state, held);
      return Outcome.TABLE_FULL;
    }
    noteHeld(state, held.place, held.nanos);
    offer.slot = held.slot;
    offer.slotUse = held.slotUse;
    offer.cell = cellOf(decision, offer);
    state.learnt.bids[state.worker]!.add(campaign, decision.exchange.id, nowSec);
    return Outcome.BID;
  };
}

function takeMoney(state: SharedState, held: Held): boolean {
  if (!takeAllowance(state, held.place, held.nanos)) return false;
  if (held.impressionPlace < 0 || takeAllowance(state, held.impressionPlace, 1)) return true;
  giveBack(state, held.place, held.nanos);
  return false;
}

function giveMoneyBack(state: SharedState, held: Held): void {
  giveBack(state, held.place, held.nanos);
  if (held.impressionPlace >= 0) giveBack(state, held.impressionPlace, 1);
}

/** A hold that keeps nothing: `test: 1`, explain, replay. The offer carries no slot and no cell. */
export const holdNothing: Hold = (decision, _entry, offer) => {
  tellTimes(decision, null, offer, Math.floor(decision.now / 1000));
  offer.slot = SLOT_NONE;
  offer.slotUse = 0;
  offer.cell = 0;
  return Outcome.BID;
};

/**
 * From the bid to its bill: as long as bills of this exchange and format have been seen to take,
 * at most imp.exp where stated, else what the exchange is known for.
 */
function tellTimes(
  decision: Decision,
  state: SharedState | null,
  offer: Offer,
  nowSec: number,
): void {
  const { imp, exchange } = decision;
  const stated = imp.expSec > 0 ? imp.expSec : exchange.expDefaultSec;
  const seen = state === null ? 0 : state.learnt.lives.get(exchange.id, offer.media);
  const wanted = seen === 0 ? stated : Math.min(stated, seen);
  offer.timeSec = nowSec as UnixSec;
  offer.expirySec = (nowSec + Math.min(Math.max(wanted, holdSecMin), holdSecMax)) as UnixSec;
}

/**
 * Pends an impression with every cap of the line item: by the person, else by the granted
 * identifier; one with caps and neither of them bids only where it says `withoutId: contextual`.
 */
function takeCaps(
  decision: Decision,
  state: SharedState,
  lineItem: number,
  nowSec: number,
  key: Hash64,
  held: Held,
): Outcome {
  const { table, person } = decision;
  const count = table.lineItemCapCount[lineItem]!;
  if (count === 0) return Outcome.BID;
  const known = person.ordinal !== NOBODY;
  if (!known && person.hashKnown === 0) {
    const contextual = table.lineItemWithoutId[lineItem] === WithoutId.CONTEXTUAL;
    return contextual ? Outcome.BID : Outcome.NO_IDENTIFIER;
  }
  const start = table.lineItemCapStart[lineItem]!;
  for (let cap = start; cap < start + count; cap++) {
    const slot = takeCap(decision, state, cap, nowSec, key);
    if (slot >= 0) held.capSlots[held.capCount++] = slot;
    else {
      releaseCaps(state, held);
      if (slot === CAPPED) return Outcome.CAPPED;
      state.countIn(Cell.CAPS_FULL);
      return Outcome.TABLE_FULL;
    }
  }
  return Outcome.BID;
}

/** The pending entry, or CAPPED or FULL. */
function takeCap(
  { table, person, world }: Decision,
  state: SharedState,
  cap: number,
  nowSec: number,
  key: Hash64,
): number {
  const place = table.capPlace[cap]!;
  const known = person.ordinal !== NOBODY;
  if (!isCapRuleOpen(state, place, known, nowSec)) return CAPPED;
  const windowSec = table.capWindowSec[cap]!;
  let max = Math.min(table.capImpressions[cap]!, capMax);
  if (known) {
    const { merges } = world.index;
    for (let i = merges.firstInto(person.ordinal); merges.isInto(i, person.ordinal); i++) {
      capKeyInto(merges.earlier(i), 0, place, key);
      max -= capCounted(state, key.lo, key.hi, windowSec, nowSec);
    }
    if (max <= 0) return CAPPED;
    capKeyInto(person.ordinal, 0, place, key);
  } else capKeyInto(person.hash.lo, person.hash.hi, place, key);
  return capReserve(state, key.lo, key.hi, max, windowSec, nowSec);
}

function releaseCaps(state: SharedState, held: Held): void {
  for (let i = 0; i < held.capCount; i++) capRelease(state, held.capSlots[i]!);
  held.capCount = 0;
}
