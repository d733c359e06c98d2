import { mix32 } from "../base/hash.js";
import { flowWords, type SharedState } from "./shared-state.js";

/**
 * Pacing on the worker's side: a line item takes part in a share of the requests that the money
 * thread sets (ledger/pacing-desk). Which ones is decided by the request alone, never by the
 * person: the same request gets the same answer. What was wanted and what was held is counted a
 * worker, without locks: it steers pacing and is no money.
 */
const wantedWord = 0;
const heldWord = 1;
const bidsWord = 2;

/** Whether a bid of this price is skipped; counts it as wanted either way. */
export function isPaced(
  state: SharedState,
  place: number,
  nanos: number,
  requestSeed: number,
  lineItem: number,
): boolean {
  state.flow[place * flowWords + wantedWord]! += nanos;
  return isSkipped(state, place, requestSeed, lineItem);
}

/** The same without being counted. */
export function isSkipped(
  state: SharedState,
  place: number,
  requestSeed: number,
  lineItem: number,
): boolean {
  const skips = state.skips[place]!;
  return skips !== 0 && mix32(requestSeed, lineItem) >>> 0 < skips;
}

/** Counts a bid that holds its price. */
export function noteHeld(state: SharedState, place: number, nanos: number): void {
  state.flow[place * flowWords + heldWord]! += nanos;
  state.flow[place * flowWords + bidsWord]! += 1;
}

/** What all workers counted for one line item since the start of the process. */
export type Flow = { wanted: number; held: number; bids: number };

export function readFlow(flows: readonly Float64Array[], place: number, out: Flow): void {
  out.wanted = out.held = out.bids = 0;
  for (const flow of flows) {
    out.wanted += flow[place * flowWords + wantedWord]!;
    out.held += flow[place * flowWords + heldWord]!;
    out.bids += flow[place * flowWords + bidsWord]!;
  }
}
