import { unpackAlpha3 } from "../../base/units.js";
import type { PrivacyPlan } from "../../bid/privacy-settings.js";
import type { Exchange } from "../../campaign/exchange.js";
import type { CampaignBook, CreativeModel, LineItem } from "../../campaign/model.js";
import type { DatedRates } from "../../campaign/rates-file.js";
import type { Fraction } from "./decimal.js";
import { fraction } from "./decimal.js";

/**
 * What the oracle knows of a world: the plain model of what agencies want to buy and the settings,
 * as they stand in the configuration. Nothing that was compiled for the bid path.
 */
export type WorldFacts = {
  readonly book: CampaignBook;
  readonly exchanges: readonly ExchangeFacts[];
  /** Units of each currency that one unit of the base buys; empty = no usable rates. */
  readonly rates: ReadonlyMap<string, Fraction>;
  readonly privacy: PrivacyPlan;
  readonly nowMs: number;
  /** How answers name a creative; its number as text where none is given. */
  readonly cridOf?: (creative: number) => string;
};

export type ExchangeFacts = {
  readonly name: string;
  readonly id: number;
  /** The currency that we answer in where the request allows it. */
  readonly currency: string;
  readonly maxBids: number;
  readonly maxBidsPerImp: number;
  readonly noBid: Exchange["noBid"];
  /** True = without a seat there an agency cannot bid. */
  readonly seatRequired: boolean;
  readonly schainRequired: boolean;
  /**
   * True where the exchange's settings block or allow single sellers: their lists are not judged.
   */
  readonly judgesSellers: boolean;
  readonly networkMarginMs: number;
};

/** A line item with everything that its bid depends on. */
export type Buying = {
  readonly lineItem: LineItem;
  readonly startMs: number;
  readonly endMs: number;
  readonly advertiser: number;
  readonly agency: number;
  /** Our seat by exchange name. */
  readonly seats: Readonly<Record<string, string>>;
  readonly currency: string;
  readonly creatives: readonly CreativeModel[];
};

export function ratesAsFractions(rates: DatedRates): ReadonlyMap<string, Fraction> {
  return new Map(
    rates.codes.map((code, i) => [
      unpackAlpha3(code),
      fraction(BigInt(rates.numerator[i] ?? 0), BigInt(rates.denominator[i] ?? 1)),
    ]),
  );
}

export function exchangeFacts(exchange: Exchange): ExchangeFacts {
  return {
    name: exchange.name,
    id: exchange.id,
    currency: unpackAlpha3(exchange.currency),
    maxBids: exchange.maxBids,
    maxBidsPerImp: exchange.maxBidsPerImp,
    noBid: exchange.noBid,
    seatRequired: exchange.seatRequired,
    schainRequired: exchange.schainRequired,
    judgesSellers: exchange.sellersBlocked.length + exchange.sellersAllowed.length > 0,
    networkMarginMs: exchange.networkMarginMs,
  };
}

/** Every line item of the book with its campaign, advertiser and creatives. */
export function buyings(facts: WorldFacts): readonly Buying[] {
  const { book } = facts;
  return book.lineItems.map((lineItem) => {
    const campaign = found(book.campaigns, lineItem.campaign);
    const advertiser = found(book.advertisers, campaign.advertiser);
    const agency = found(book.agencies, advertiser.agency);
    return {
      lineItem,
      startMs: campaign.startMs,
      endMs: campaign.endMs,
      advertiser: advertiser.id,
      agency: agency.id,
      seats: agency.seats,
      currency: unpackAlpha3(advertiser.currency),
      creatives: lineItem.creatives.map(({ id }) => found(book.creatives, id)),
    };
  });
}

function found<T extends { readonly id: number }>(list: readonly T[], id: number): T {
  const one = list.find((entry) => entry.id === id);
  if (one === undefined) throw new Error(`The book names id ${id} but does not hold it.`);
  return one;
}
