import type { Issue } from "../../campaign/issue.js";
import type { EntityRecord } from "../store/desk-store.js";
import type { LineItemNow } from "./desk.js";

/** Line items of the book that no World holds: drafts, and what cannot be published yet. */
export function unservedLineItems(
  records: readonly EntityRecord[],
  served: ReadonlyMap<number, LineItemNow>,
  issues: readonly Issue[],
): readonly LineItemNow[] {
  const isBroken = issues.some(({ severity }) => severity === "error");
  return records.flatMap(({ key, draft, archived }) => {
    const id = Number(key);
    if (archived || (served.has(id) && !draft)) return [];
    if (draft) return [idle(id, "draft", "a draft: it bids once it is published")];
    return isBroken
      ? [idle(id, "error", "the configuration cannot be used: the last good one is served")]
      : [idle(id, "checking", "the World that holds it is being built")];
  });
}

const idle = (id: number, state: LineItemNow["state"], reason: string): LineItemNow => ({
  ...{ id, state, reason, field: "", idealToday: null, dayBudget: null, totalBudget: null },
  ...{ spendToday: nothing, spendTotal: nothing, impressionsToday: 0, impressionsTotal: 0 },
  ...{ bidsToday: 0, clicksTotal: 0, winRatePercent: null, ecpm: null, ctrPercent: null },
  ...{ daysLeft: 0, bidLow: nothing, bidHigh: nothing },
});

const nothing = "0.000000000";
