import { packAlpha3 } from "../../src/base/units.js";
import type { CampaignBook, LineItem } from "../../src/campaign/model.js";

/** Each and each without the other are crowds, those in both are not (in the demo population). */
export const overlapping = ["interest.running", "interest.finance"];

/**
 * Two overlapping audiences of one agency, each with a line item of one price for the same places:
 * of one advertiser, whose line items never bid beside each other, or of two, who may.
 */
export function duelOf(book: CampaignBook, rivalBrand: number): CampaignBook {
  const [agency] = book.agencies;
  const advertisers = book.advertisers.filter((one) => one.agency === agency?.id).slice(0, 2);
  const campaigns = book.campaigns.filter((one) =>
    advertisers.some(({ id }) => id === one.advertiser),
  );
  const lineItemsOf = (brand: number): readonly LineItem[] => {
    const own = campaigns.filter((one) => one.advertiser === advertisers[brand]?.id);
    return book.lineItems.filter((one) => own.some(({ id }) => id === one.campaign));
  };
  const rivals = [lineItemsOf(0)[0], lineItemsOf(rivalBrand)[1]].filter(
    (one): one is LineItem => one !== undefined,
  );
  const [{ price } = {} as LineItem] = rivals;
  return {
    ...book,
    agencies: book.agencies.filter(({ id }) => id === agency?.id),
    advertisers: advertisers.map((one) => ({ ...one, currency: packAlpha3("USD") as never })),
    campaigns,
    lineItems: rivals.map((one, i) => ({
      ...one,
      ...{ frequency: [], targeting: { include: {}, exclude: {} } },
      audience: overlapping[i] as string,
      price: { ...price, contextModifiers: [], personModifiers: [] },
    })),
    deals: [],
  };
}
