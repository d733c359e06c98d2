import type { CurrencyCode } from "../base/units.js";
import { converted, dataFeeMicros, type Fees, marginPpmOf } from "./fees.js";
import type { CampaignBook } from "./model.js";
import type { DatedRates } from "./rates-file.js";

/** A line item's place in the tree and what an impression of it costs on top of the media. */
export type LineItemTerms = {
  readonly lineItem: number;
  readonly campaign: number;
  readonly advertiser: number;
  readonly agency: number;
  /** Of the advertiser. */
  readonly currency: CurrencyCode;
  /** Millionths of the media cost. */
  readonly marginPpm: number;
  readonly technicalPpm: number;
  /** Nanos an impression in the advertiser's currency (a CPM in micros is the same number). */
  readonly dataNanos: number;
};

/** The terms of every line item of a book. A data fee without a rate is 0, which lint tells. */
export function termsOf(
  book: CampaignBook,
  fees: Fees,
  rates: DatedRates,
): readonly LineItemTerms[] {
  const campaigns = new Map(book.campaigns.map((campaign) => [campaign.id, campaign]));
  const advertisers = new Map(book.advertisers.map((advertiser) => [advertiser.id, advertiser]));
  const terms: LineItemTerms[] = [];
  for (const lineItem of book.lineItems) {
    const campaign = campaigns.get(lineItem.campaign);
    const advertiser = campaign && advertisers.get(campaign.advertiser);
    if (campaign === undefined || advertiser === undefined) continue;
    const { currency, agency } = advertiser;
    const fee = dataFeeMicros(fees, lineItem);
    terms.push({
      lineItem: lineItem.id,
      campaign: campaign.id,
      advertiser: advertiser.id,
      agency,
      currency,
      technicalPpm: fees.technicalPpm,
      marginPpm: marginPpmOf(fees, agency, advertiser.id),
      dataNanos: fee === 0 ? 0 : (converted(fee, fees.dataCurrency, currency, rates) ?? 0),
    });
  }
  return terms;
}
