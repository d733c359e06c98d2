import { capsPerBidMax } from "../base/limits.js";
import { capsOf } from "./caps.js";
import type { LintContext } from "./lint-context.js";
import type { FrequencyCap, LineItem } from "./model.js";
import type { EntityKind } from "./places.js";

/** Bill times are told apart for so long, and exposures are kept no longer. */
const windowDaysMax = 90;
/** bid/cap counts no further. */
const impressionsMax = 255;

/** Caps of advertisers and campaigns, each once. */
export function lintCapOwners(context: LintContext): void {
  const { advertisers, campaigns } = context.book;
  for (const { id, frequency } of advertisers) lintList(context, "advertiser", id, frequency ?? []);
  for (const { id, frequency } of campaigns) lintList(context, "campaign", id, frequency ?? []);
}

/** A line item's own caps, and how many it has with those above it. */
export function lintCaps(context: LintContext, lineItem: LineItem): void {
  lintList(context, "lineItem", lineItem.id, lineItem.frequency);
  const campaign = context.campaigns.get(lineItem.campaign);
  const advertiser = context.advertiserOf(lineItem);
  if (campaign === undefined || advertiser === undefined) return;
  const count = capsOf(lineItem, { campaign, advertiser }).length;
  const excess = count - capsPerBidMax;
  if (excess <= 0) return;
  const message =
    `${count} frequency caps hold for it, with those of campaign ${campaign.id} and advertiser ` +
    `${advertiser.id}: a bid counts towards ${capsPerBidMax} at most, drop ${excess}`;
  const path = lineItem.frequency.length > 0 ? ["frequency"] : [];
  context.error("lineItem", lineItem.id, path, message);
}

function lintList(
  context: LintContext,
  kind: EntityKind,
  id: number,
  caps: readonly FrequencyCap[],
): void {
  caps.forEach(({ impressions, windowSec }, i) => {
    // The single form has no place of its own: then the nearest one above is told.
    const path = ["frequency", i];
    if (windowSec > windowDaysMax * 86_400) {
      const message = `a window is at most ${windowDaysMax} days: write ${windowDaysMax}d or less`;
      context.error(kind, id, path, message);
    }
    if (impressions > impressionsMax) {
      const message = `no more than ${impressionsMax} impressions are counted: so it caps there`;
      context.warn(kind, id, path, message);
    }
    const twin = caps.slice(0, i).find((other) => other.windowSec === windowSec);
    if (twin !== undefined) {
      context.error(kind, id, path, "two caps have the same window: keep the smaller one");
      return;
    }
    const wider = caps.some(
      (other) => other.windowSec > windowSec && other.impressions <= impressions,
    );
    if (!wider) return;
    const message = "never reached: a wider window allows no more impressions: drop it";
    context.warn(kind, id, path, message);
  });
}
