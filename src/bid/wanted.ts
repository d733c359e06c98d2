import { KeyKind } from "../base/lists.js";
import { type CampaignTable, Dimension } from "../campaign/table.js";
import type { BidRequest } from "./request.js";

/**
 * At the adoption of a World: which targeting values its rules name at all. The decoder leaves the
 * others unread: the keys of block and allow lists are not values and are always read.
 */
export function tellWanted(table: CampaignTable, request: BidRequest): void {
  let kinds = 0;
  let browser = 0;
  for (let i = 0; i < table.predDimension.length; i++) {
    const dimension = table.predDimension[i]!;
    if (dimension < 32) kinds |= 1 << dimension;
    else if (dimension === Dimension.BROWSER) browser = 1;
  }
  // Sites and apps are one list: bundles are values of it too.
  if (((kinds >>> Dimension.PROPERTY) & 1) === 1) kinds |= 1 << KeyKind.BUNDLE;
  request.kindsWanted = kinds;
  request.browserWanted = browser;
}
