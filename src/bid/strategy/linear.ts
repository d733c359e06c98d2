import { shareOne } from "../learnt.js";
import type { Strategy } from "./strategy.js";

/**
 * Receding horizon: one share for all bids of a campaign, set on the money thread every few seconds
 * so that what is left of its budget lasts to its end (ledger/horizon). With values by click rate
 * the bid is linear in the rate.
 */
export const linear: Strategy = ({ learnt, table }, lineItem) => {
  if (learnt === null) return shareOne;
  const share = Atomics.load(learnt.horizons, table.lineItemAllowance[lineItem]!);
  return share === 0 ? shareOne : share;
};
