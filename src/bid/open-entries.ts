import { Outcome } from "../base/outcome.js";
import { armOf } from "./audience.js";
import { pickCreative } from "./creative-fit.js";
import type { Decision } from "./decision.js";
import { addEntry, PICK_LATER } from "./entries.js";
import { contextOutcome } from "./match.js";
import { openPriceInto, Priced } from "./price.js";
import type { ImpRecord, TimedMedia } from "./request.js";
import { pricesByCreative } from "./value.js";

/**
 * True where the open auction is all there is to an imp and one bid floor holds for it whatever
 * the creative: prices can then come before creatives. Picking one only for the entries that are
 * taken made a bid 10.0 us instead of 11.7 (in process, 22 candidates, Node 20.20.2, 2026-11).
 */
export const pricesComeFirst = (imp: ImpRecord): boolean =>
  imp.dealCount === 0 && imp.privateAuction === 0 && oneFloor(imp.video) && oneFloor(imp.audio);

const oneFloor = (timed: TimedMedia): boolean =>
  timed.minCpmPerSecMicros === 0 && timed.durFloorCount === 0;

/**
 * The open entries of every candidate of such an imp. The audience of each candidate that is left
 * in context is evaluated. Tells no refusals: a request without an offer goes through the
 * candidates again for them (decide).
 */
export function openEntriesInto(decision: Decision): void {
  const { table, scratch, request, imp, price } = decision;
  const seed = request.seed.lo ^ imp.index;
  for (let i = 0; i < scratch.candidateCount; i++) {
    const lineItem = scratch.candidate[i]!;
    if (contextOutcome(decision, lineItem) !== Outcome.BID) continue;
    const arm = armOf(decision, lineItem);
    if (arm < 0 || table.lineItemDealOnly[lineItem] === 1) continue;
    let creative = PICK_LATER;
    if (pricesByCreative(decision, lineItem)) {
      creative = pickCreative(decision, lineItem, -1);
      if (creative < 0) continue;
    }
    const known = creative === PICK_LATER ? -1 : creative;
    if (openPriceInto(decision, lineItem, arm, known) !== Priced.OK) continue;
    const { priceMicros, reservedMicros } = price;
    addEntry(scratch, lineItem, -1, creative, 0, priceMicros, reservedMicros, seed);
  }
}

/** Picks the creative of an entry that has none yet; false = none fits, which ends the entry. */
export function creativePicked(decision: Decision, entry: number): boolean {
  const { scratch } = decision;
  if (scratch.entryCreative[entry] !== PICK_LATER) return true;
  const creative = pickCreative(decision, scratch.entryLineItem[entry]!, -1);
  if (creative < 0) return false;
  scratch.entryCreative[entry] = creative;
  scratch.entrySize[entry] = scratch.creativeSize[creative]!;
  return true;
}
