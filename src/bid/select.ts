import type { CreativeIndex, LineItemIndex } from "../base/ids.js";
import { Outcome } from "../base/outcome.js";
import type { Micros } from "../base/units.js";
import { isHeldOut } from "./asking.js";
import { dependsOnGroups } from "./audience-use.js";
import type { Decision } from "./decision.js";
import { takeEntry } from "./entries.js";
import type { Offer, Offers } from "./offer.js";
import { creativePicked } from "./open-entries.js";
import { beatsRest } from "./rest.js";
import type { Scratch } from "./scratch.js";

/**
 * Open bids beside each other on one imp: a second advertiser helps where the first is blocked
 * later (2.6 section 7.3).
 */
const openBidsMax = 2;

/**
 * Turns the current imp's entries into offers, best first: each deal once, then the open auction,
 * within the exchange's limits and only what its hold lets through; `lookFurther` makes more
 * entries when those that are better than the rest are used up. Gives the furthest refusal of a
 * hold, or BID.
 */
export function selectInto(
  decision: Decision,
  impIndex: number,
  offers: Offers,
  lookFurther: (decision: Decision) => void,
): Outcome {
  const { scratch, exchange } = decision;
  let openBids = 0;
  let placed = 0;
  let firstAdvertiser = 0;
  let furthest: Outcome = Outcome.BID;
  let dealsLeft = dealPlaces(decision);
  const places = Math.min(exchange.maxBids, offers.items.length);
  while (placed < exchange.maxBidsPerImp && offers.count < places) {
    const entry = bestEntry(decision, lookFurther);
    if (entry < 0) break;
    const deal = scratch.entryDeal[entry]!;
    const advertiser = decision.table.lineItemAdvertiser[scratch.entryLineItem[entry]!]!;
    if (deal >= 0 && (dealsLeft === 0 || scratch.dealTaken[deal] === scratch.impStamp)) continue;
    // Whatever comes after an open bid is one too.
    if (deal < 0 && openBids === openBidsMax) break;
    if (deal < 0 && advertiser === firstAdvertiser) continue;
    if (!creativePicked(decision, entry)) continue;
    const offer = offers.items[offers.count]!;
    fillOffer(decision, impIndex, entry, offer);
    if (isHeldOut(decision, scratch.entryLineItem[entry]!)) {
      decision.ghost?.(decision, offer);
      if (furthest < Outcome.AUDIENCE) furthest = Outcome.AUDIENCE;
      continue;
    }
    const held = decision.hold(decision, entry, offer);
    if (held !== Outcome.BID) {
      const told = refusalToTell(decision, scratch.entryLineItem[entry]!, held);
      if (told > furthest) furthest = told;
      continue;
    }
    offers.count++;
    placed++;
    if (deal >= 0) {
      scratch.dealTaken[deal] = scratch.impStamp;
      dealsLeft--;
    } else {
      openBids++;
      firstAdvertiser = advertiser;
    }
  }
  return furthest;
}

/** The best of what was looked at, once it is better than all that was not; -1 = none is left. */
function bestEntry(decision: Decision, lookFurther: (decision: Decision) => void): number {
  const { table, scratch } = decision;
  while (scratch.listCount > 0) {
    if (scratch.heapCount > 0 && beatsRest(table, scratch, scratch.heap[0]!)) break;
    lookFurther(decision);
  }
  return takeEntry(scratch);
}

/**
 * Only people in an audience (or under a cap) come as far as its hold: the reason would tell who
 * they are, so there it is the person class, as for everyone else.
 */
function refusalToTell(decision: Decision, lineItem: number, held: Outcome): Outcome {
  const { table } = decision;
  if (table.lineItemCapCount[lineItem] !== 0) return Outcome.CAPPED;
  return dependsOnGroups(table, lineItem) ? Outcome.AUDIENCE : held;
}

/**
 * Deals may take every place of the imp but one, which an open bid takes where there is one and a
 * second place.
 */
function dealPlaces(decision: Decision): number {
  const places = decision.exchange.maxBidsPerImp;
  return places > 1 && hasOpenEntry(decision.scratch) ? places - 1 : places;
}

function hasOpenEntry(scratch: Scratch): boolean {
  for (let i = 0; i < scratch.entryCount; i++) if (scratch.entryDeal[i] === -1) return true;
  return false;
}

function fillOffer(decision: Decision, impIndex: number, entry: number, offer: Offer): void {
  const { scratch, table } = decision;
  const creative = scratch.entryCreative[entry]!;
  const size = scratch.entrySize[entry]!;
  offer.impIndex = impIndex;
  offer.dealIndex = scratch.entryDeal[entry]!;
  offer.lineItem = scratch.entryLineItem[entry]! as LineItemIndex;
  offer.creative = creative as CreativeIndex;
  offer.media = table.creativeMedia[creative]!;
  offer.width = size >>> 16;
  offer.height = size & 0xffff;
  offer.durationSec = table.creativeDurationSec[creative]!;
  offer.priceMicros = scratch.entryPrice[entry]! as Micros;
  offer.reservedMicros = scratch.entryReserved[entry]! as Micros;
}
