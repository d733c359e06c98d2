import { hasAllowance } from "../bid/allowance.js";
import type { ExplainCase } from "./explain-case.js";

/**
 * What may keep a line item that could bid from bidding at this very moment: its campaign is held,
 * its pace, its allowance. Each depends on the request and the money, never on a person; nothing is
 * taken.
 */
export function moneyNotes({ decision, money }: ExplainCase, index: number): string[] {
  if (money === null) return [];
  const { table, exchange } = decision;
  const notes: string[] = [];
  if (!money.mayBid()) notes.push("nothing is bid now: bills cannot be booked (see /readyz)");
  if (money.learnt.holds.isHeld(table.lineItemCampaign[index]!, exchange.id)) {
    notes.push(
      `its campaign is held at ${exchange.name}: the wins told of there are not credible; ` +
        "nothing is bid until it is let go",
    );
  }
  const place = table.lineItemAllowance[index]!;
  const skips = money.skips[place]!;
  if (skips !== 0) {
    const percent = (100 * (1 - skips / 2 ** 32)).toFixed(1);
    notes.push(`its pace lets it bid on ${percent} % of such requests just now`);
  }
  const impressionPlace = table.lineItemImpressions[index]! - 1;
  const granted =
    hasAllowance(money, place, 1) &&
    (impressionPlace < 0 || hasAllowance(money, impressionPlace, 1));
  if (money.mayBid() && !granted) {
    notes.push("its budget grants it nothing just now: see /api/v1/spend");
  }
  return notes;
}
