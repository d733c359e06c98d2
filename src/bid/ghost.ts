import type { RingWriter } from "../base/ring.js";
import { GhostField, RingKind } from "../journal/record.js";
import { hasAllowance } from "./allowance.js";
import type { Ghost } from "./decision.js";
import { isSkipped } from "./pace.js";
import { Cell, type SharedState } from "./shared-state.js";

/**
 * Ghost bids: what a campaign's control group would have been bid for, so that lift compares people
 * who were chosen with people who would have been. Nothing is held or counted, caps neither (who
 * is shown nothing uses none up). They go through the worker's ring to the exposure log, never into
 * the journal, and are dropped and counted where notices and cells need the room.
 */
export function ghostOn(state: SharedState, ring: RingWriter): Ghost {
  return (decision, offer) => {
    const { table, exchange, request, now, person } = decision;
    const campaign = table.lineItemCampaign[offer.lineItem]!;
    if (state.learnt.holds.isHeld(campaign, exchange.id)) return;
    if (!state.mayBidAt(Math.floor(now / 1000))) return;
    const place = table.lineItemAllowance[offer.lineItem]!;
    const lineItem = table.lineItemId[offer.lineItem]!;
    const seed = request.seed.hi ^ decision.imp.index;
    if (isSkipped(state, place, seed, lineItem)) return;
    if (!hasAllowance(state, place, offer.reservedMicros)) return;
    const at = ring.isHalfFull() ? -1 : ring.claim();
    if (at < 0) {
      state.countIn(Cell.GHOSTS_LOST);
      return;
    }
    ring.view.setUint8(at + GhostField.recordKind, RingKind.GHOST);
    ring.view.setUint32(at + GhostField.lineItem, lineItem, true);
    ring.view.setUint32(at + GhostField.ordinal, person.ordinal, true);
    ring.view.setUint32(at + GhostField.country, request.country, true);
    ring.publish(false);
  };
}
