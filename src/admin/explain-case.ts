import type { Decision } from "../bid/decision.js";
import type { SharedState } from "../bid/shared-state.js";
import { type Arms, armsAtHome } from "../campaign/arms.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { Advertiser, Agency, Campaign, CreativeModel, LineItem } from "../campaign/model.js";
import type { CampaignTable } from "../campaign/table.js";
import type { Absent, Places } from "../index/projection.js";
import type { PlainRequest } from "./plain-request.js";

/** A line item of the table with what the configuration says of it. */
export type Buying = {
  readonly lineItem: LineItem;
  readonly campaign: Campaign;
  readonly advertiser: Advertiser;
  readonly agency: Agency;
};

/**
 * What the parts of explain share: one request in one World, at the imp that `decision.imp` names.
 */
export type ExplainCase = {
  readonly decision: Decision;
  readonly config: LoadedConfig;
  readonly places: Places;
  readonly absent: Absent;
  readonly plain: PlainRequest;
  /** By index in the table. */
  readonly buyings: readonly Buying[];
  readonly epoch: number;
  /** The person is one of declared segments: an audience that is not met may be named. */
  readonly declared: boolean;
  /** What the bidder's money lets through at this moment; null = nothing is told of it. */
  readonly money: SharedState | null;
};

/**
 * The configuration's words for each line item of the table. Throws where the two are not of one
 * generation: an explanation in another configuration's words would be wrong.
 */
export function buyingsOf(table: CampaignTable, { book }: LoadedConfig): Buying[] {
  const lineItems = new Map<number, LineItem>(book.lineItems.map((one) => [one.id, one]));
  const campaigns = new Map<number, Campaign>(book.campaigns.map((one) => [one.id, one]));
  const advertisers = new Map<number, Advertiser>(book.advertisers.map((one) => [one.id, one]));
  const agencies = new Map<number, Agency>(book.agencies.map((one) => [one.id, one]));
  return Array.from(table.lineItemId, (id, index) => {
    const lineItem = lineItems.get(id);
    const campaign = campaigns.get(table.lineItemCampaign[index]!);
    const advertiser = advertisers.get(table.lineItemAdvertiser[index]!);
    const agency = agencies.get(table.lineItemAgency[index]!);
    if (
      lineItem === undefined ||
      campaign === undefined ||
      advertiser === undefined ||
      agency === undefined
    ) {
      throw new Error(`line item ${id} of the World is not in this configuration`);
    }
    return { lineItem, campaign, advertiser, agency };
  });
}

/** The creative of a table's index: the table keeps the book's order. */
export function creativeOf({ config, decision }: ExplainCase, index: number): CreativeModel {
  const creative = config.book.creatives[index];
  if (creative === undefined || creative.id !== decision.table.creativeId[index]) {
    throw new Error("the World's creatives are not those of this configuration");
  }
  return creative;
}

/** The indexes of a line item's creatives. */
export function creativesOf({ table }: Decision, lineItem: number): number[] {
  const start = table.lineItemCreativeStart[lineItem]!;
  return [
    ...table.lineItemCreative.subarray(start, start + table.lineItemCreativeCount[lineItem]!),
  ];
}

/** The audience arms of a line item, in the order of the table's. */
export function armsInWords({ buyings, config }: ExplainCase, lineItem: number): Arms {
  return armsAtHome(buyings[lineItem]!.lineItem, config.book.homeAreas);
}
