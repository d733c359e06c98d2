import type { SipKey } from "../base/hash.js";
import { Outcome } from "../base/outcome.js";
import { Asked, type Asking } from "../bid/ask-counts.js";
import { type Decision, type Hold, PriceSteps } from "../bid/decision.js";
import { Identified } from "../bid/identify.js";
import type { Learnt } from "../bid/learnt.js";
import type { BidRequest } from "../bid/request.js";
import { Scratch } from "../bid/scratch.js";
import type { World } from "../bid/world.js";
import type { Exchange } from "../campaign/exchange.js";

export type DecisionParts = {
  readonly identifierKey: SipKey;
  readonly learnt?: Learnt;
  readonly hold: Hold;
  readonly asking: Asking | null;
};

/**
 * A worker's decision over a World. All decisions of a thread are made here: objects of one shape,
 * or every read of a field on the bid path looks for it in two.
 */
export const decisionOf = (
  world: World,
  request: BidRequest,
  { identifierKey, learnt, hold, asking }: DecisionParts,
): Decision => ({
  world,
  table: world.table,
  scratch: new Scratch(world.table, world.index.rowWords),
  identifierKey,
  person: new Identified(),
  price: new PriceSteps(),
  learnt: learnt ?? null,
  hold,
  asking,
  asked: new Asked(),
  ghost: null,
  declaredRow: null,
  request,
  exchange: world.exchanges[0] as Exchange,
  imp: request.imps[0] as Decision["imp"],
  known: 0,
  currency: 0 as Decision["currency"],
  now: 0 as Decision["now"],
  furthest: Outcome.BID,
});
