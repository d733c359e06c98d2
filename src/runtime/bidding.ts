import type { Clock } from "../base/clock.js";
import type { SipKey } from "../base/hash.js";
import type { RingWriter } from "../base/ring.js";
import { CellTable } from "../bid/context.js";
import { ghostOn } from "../bid/ghost.js";
import { holdOn } from "../bid/hold.js";
import type { SharedState } from "../bid/shared-state.js";
import type { TokenWriter } from "../wire/token-writer.js";
import { Bidder, type BidderParts } from "./bidder.js";
import { cellsOf, requestCellsOf } from "./cells.js";
import type { WorkerCounters } from "./counters.js";
import { RequestCounts } from "./request-counts.js";
import type { ServedWorld } from "./world-parts.js";

/** A worker's keys; `asking` and `holdOut` as in bid/ask-counts. */
export type BiddingKeys = {
  readonly identifierKey: SipKey;
  readonly askingKey: SipKey;
  readonly holdOutKey: SipKey;
};

/** What one bidder of a worker writes to. */
export type BiddingSinks = {
  readonly state: SharedState;
  readonly ring: RingWriter;
  readonly counters: WorkerCounters;
  readonly sampler: NonNullable<BidderParts["sampler"]>;
};

/** A bidder that takes money and counts, and what it has counted of requests. */
export type Bidding = { readonly bidder: Bidder; readonly counts: RequestCounts };

/**
 * The one place where a worker's bidder is put together. The warm-up's is made here too: what is
 * compiled for closures and objects of other shapes would be thrown away at the first real request.
 */
export function openBidding(
  clock: Clock,
  keys: BiddingKeys,
  tokens: TokenWriter,
  { state, ring, counters, sampler }: BiddingSinks,
  served: ServedWorld,
): Bidding {
  const cells = new CellTable(state.worker);
  const counts = new RequestCounts(ring, requestCellsOf(cells, ring));
  const bidder = new Bidder(
    {
      ...{ clock, identifierKey: keys.identifierKey, tokens, learnt: state.learnt },
      hold: holdOn(state, cellsOf(cells, ring)),
      asking: { key: keys.askingKey, holdOutKey: keys.holdOutKey, counts: state.asks },
      ghost: ghostOn(state, ring),
      ...{ counters, counts, sampler },
    },
    served,
  );
  return { bidder, counts };
}
