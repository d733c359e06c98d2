import { assert } from "../../base/assert.js";
import { outcomesMax } from "../../base/outcome.js";
import { dimensionsMax } from "../../campaign/table.js";

/**
 * Where a line item stands with one request in context: an Outcome below 64, or
 *
 *   ELIGIBLE                              it would bid but for people, pace and other line items
 *   TARGETING | EXCLUDED? | dimension     the first rule of its targeting that is not met
 *   0                                     no imp of the request could be bid on
 */
export const FunnelCode = { NONE: 0, ELIGIBLE: 64, EXCLUDED: 64, TARGETING: 128 } as const;
assert(outcomesMax <= FunnelCode.ELIGIBLE && dimensionsMax <= FunnelCode.EXCLUDED);
