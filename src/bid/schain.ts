import { Outcome } from "../base/outcome.js";
import type { Exchange } from "../campaign/exchange.js";
import type { BidRequest } from "./request.js";

/**
 * The supply chain against the exchange's rule and its seller lists (nbr 16 and 17 in words of
 * OpenRTB).
 */
export function schainOutcome(request: BidRequest, exchange: Exchange): Outcome {
  if (exchange.schainRequired && (request.schainPresent === 0 || request.schainComplete === 0)) {
    return Outcome.SCHAIN_BLOCKED;
  }
  const nodes = request.schainNodeCount;
  for (let node = 0; node < nodes; node++) {
    if (isListed(exchange.sellersBlocked, request, node)) return Outcome.SCHAIN_BLOCKED;
  }
  if (exchange.sellersAllowed.length === 0) return Outcome.BID;
  const sender = nodes - 1;
  return sender >= 0 && isListed(exchange.sellersAllowed, request, sender)
    ? Outcome.BID
    : Outcome.SCHAIN_BLOCKED;
}

/** `list` holds (lo, hi) pairs of SCHAIN_SELLER keys. */
function isListed(list: readonly number[], request: BidRequest, node: number): boolean {
  const lo = request.schainLo[node]!;
  const hi = request.schainHi[node]!;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === lo && list[i + 1] === hi) return true;
  }
  return false;
}
