import { Hash64 } from "../base/hash.js";
import { NOBODY } from "../base/ids.js";
import { Outcome } from "../base/outcome.js";
import type { UnixSec } from "../base/units.js";
import { WithoutId } from "../campaign/table.js";
import { giveBack, takeAllowance } from "./allowance.js";
import { CAPPED, capKeyInto, capRelease, capReserve, FULL } from "./cap.js";
import type { Decision, Hold } from "./decision.js";
import type { Offer } from "./offer.js";
import {
  capsPerBidMax,
  type Reservation,
  type ReservationSlot,
  reserve,
  SLOT_NONE,
} from "./reserve.js";
import type { SharedState } from "./shared-state.js";

/**
 * Seconds that a bid is held at least and at most: the token carries the difference to its time in
 * 16 bits.
 */
const holdSecMin = 10;
const holdSecMax = 65_000;

type Held = Reservation & ReservationSlot & { readonly capSlots: Uint32Array };

/** Names the context of an offer with a cell; see bid/context. */
export type CellOf = (decision: Decision, offer: Offer) => number;

/**
 * What a real bid takes, in this order: the price from the allowance, a pending cap, a reservation.
 * What was taken is given back when a later one refuses, so that a refused offer leaves nothing
 * behind.
 */
export function holdOn(state: SharedState, cellOf: CellOf): Hold {
  const key = new Hash64();
  const held: Held = {
    place: 0,
    ordinal: 0,
    capSlots: new Uint32Array(capsPerBidMax),
    capCount: 0,
    nanos: 0,
    expirySec: 0,
    slot: SLOT_NONE,
    slotUse: 0,
  };
  return (decision, _entry, offer) => {
    const { table } = decision;
    const nowSec = Math.floor(decision.now / 1000);
    tellTimes(decision, offer, nowSec);
    held.place = table.lineItemAllowance[offer.lineItem]!;
    held.nanos = offer.reservedMicros;
    held.expirySec = offer.expirySec;
    held.ordinal = decision.person.ordinal;
    held.capCount = 0;
    // The money thread is dead or its disk is: a bill could not be booked, so nothing is bid.
    if (!state.mayBid()) return Outcome.NO_ALLOWANCE;
    if (!takeAllowance(state, held.place, held.nanos)) return Outcome.NO_ALLOWANCE;
    const capped = takeCap(decision, state, offer.lineItem, nowSec, key, held);
    if (capped !== Outcome.BID) {
      giveBack(state, held.place, held.nanos);
      return capped;
    }
    if (!reserve(state, held, nowSec, held)) {
      for (let i = 0; i < held.capCount; i++) capRelease(state, held.capSlots[i]!);
      giveBack(state, held.place, held.nanos);
      return Outcome.TABLE_FULL;
    }
    offer.slot = held.slot;
    offer.slotUse = held.slotUse;
    offer.cell = cellOf(decision, offer);
    return Outcome.BID;
  };
}

/** A hold that keeps nothing: `test: 1`, explain, replay. The offer carries no slot and no cell. */
export const holdNothing: Hold = (decision, _entry, offer) => {
  tellTimes(decision, offer, Math.floor(decision.now / 1000));
  offer.slot = SLOT_NONE;
  offer.slotUse = 0;
  offer.cell = 0;
  return Outcome.BID;
};

/** From the bid to its impression: imp.exp where stated, else what the exchange is known for. */
function tellTimes(decision: Decision, offer: Offer, nowSec: number): void {
  const { imp, exchange } = decision;
  const wanted = imp.expSec > 0 ? imp.expSec : exchange.expDefaultSec;
  offer.timeSec = nowSec as UnixSec;
  offer.expirySec = (nowSec + Math.min(Math.max(wanted, holdSecMin), holdSecMax)) as UnixSec;
}

/**
 * Counts by the person, else by the granted identifier; a line item with a cap and neither of them
 * bids only where it says `withoutId: contextual`.
 */
function takeCap(
  decision: Decision,
  state: SharedState,
  lineItem: number,
  nowSec: number,
  key: Hash64,
  held: Held,
): Outcome {
  const { table, person } = decision;
  const max = table.lineItemFrequencyMax[lineItem]!;
  if (max === 0) return Outcome.BID;
  const id = table.lineItemId[lineItem]!;
  if (person.ordinal !== NOBODY) capKeyInto(person.ordinal, 0, id, key);
  else if (person.hashKnown === 1) capKeyInto(person.hash.lo, person.hash.hi, id, key);
  else {
    const contextual = table.lineItemWithoutId[lineItem] === WithoutId.CONTEXTUAL;
    return contextual ? Outcome.BID : Outcome.NO_IDENTIFIER;
  }
  const windowSec = table.lineItemFrequencySec[lineItem]!;
  const slot = capReserve(state, key.lo, key.hi, max, windowSec, nowSec);
  if (slot === CAPPED) return Outcome.CAPPED;
  if (slot === FULL) return Outcome.TABLE_FULL;
  held.capSlots[held.capCount++] = slot;
  return Outcome.BID;
}
