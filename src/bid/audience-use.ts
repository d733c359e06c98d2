import type { CampaignTable } from "../campaign/table.js";
import { NO_AUDIENCE } from "../campaign/table.js";

/** True where the person's groups decide whether, or at what price, a line item bids. */
export function dependsOnGroups(table: CampaignTable, lineItem: number): boolean {
  const start = table.lineItemArmStart[lineItem]!;
  for (let arm = start; arm < start + table.lineItemArmCount[lineItem]!; arm++) {
    if (table.armAudience[arm] !== NO_AUDIENCE) return true;
  }
  return false;
}

/** True where a line item bids for an audience alone: its last arm is for no other people. */
export function isTargeted(table: CampaignTable, lineItem: number): boolean {
  const count = table.lineItemArmCount[lineItem]!;
  return (
    count > 0 && table.armAudience[table.lineItemArmStart[lineItem]! + count - 1] !== NO_AUDIENCE
  );
}
