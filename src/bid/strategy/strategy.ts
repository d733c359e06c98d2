import type { Decision } from "../decision.js";

/**
 * How a line item turns what an impression is worth to it into a bid: the share of the value to
 * bid, in parts of `shareOne` (bid/learnt). `valueMicros` is the value in context, before the
 * person's ladder step, and nothing else of a person may be looked at: else shading would make of a
 * coarse step a fine one. `deal` -1 = the open auction; `creative` -1 = not picked yet (fixed
 * only).
 */
export type Strategy = (
  decision: Decision,
  lineItem: number,
  deal: number,
  creative: number,
  valueMicros: number,
) => number;

/** deal.at and request.at. */
const firstPrice = 1;

/** Whether the winner pays its own bid. */
export function paysOwnBid(decision: Decision, deal: number): boolean {
  const { request, exchange } = decision;
  const stated = deal >= 0 && request.dealAt[deal] !== 0 ? request.dealAt[deal]! : request.at;
  return (stated === 0 ? exchange.atDefault : stated) === firstPrice;
}
