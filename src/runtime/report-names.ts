import { textKeyOf } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import type { LoadedConfig } from "../campaign/load.js";
import { dealText } from "../ledger/ledger.js";
import type { ReportNames } from "../ledger/report.js";

type Named = { readonly id: number; readonly name: string };
const namesOf = (list: readonly Named[]): ReadonlyMap<number, string> =>
  new Map(list.map(({ id, name }) => [id, name]));

/** What a configuration calls things; null = nothing has a name. */
export function reportNames(config: LoadedConfig | null): ReportNames {
  const book = config?.book;
  const advertisers = new Map(book?.advertisers.map((one) => [one.id as number, one]));
  const campaigns = new Map(book?.campaigns.map((one) => [one.id as number, one]));
  return {
    agency: namesOf(book?.agencies ?? []),
    advertiser: namesOf(book?.advertisers ?? []),
    campaign: namesOf(book?.campaigns ?? []),
    lineItem: namesOf(book?.lineItems ?? []),
    creative: namesOf(book?.creatives ?? []),
    exchange: namesOf(config?.exchanges ?? []),
    deal: new Map(
      (book?.deals ?? []).map(({ deal, name }) => {
        const { lo, hi } = textKeyOf(deal, KeyKind.DEAL);
        return [dealText(lo, hi), { id: deal, name }];
      }),
    ),
    owner: new Map(
      (book?.lineItems ?? []).flatMap(({ id, campaign }) => {
        const advertiser = advertisers.get(campaigns.get(campaign)?.advertiser ?? 0);
        if (advertiser === undefined) return [];
        const { agency, currency } = advertiser;
        return [[id, { agency, advertiser: advertiser.id, campaign, lineItem: id, currency }]];
      }),
    ),
    zoneOf: new Map(book?.advertisers.map(({ id, timeZone }) => [id as number, timeZone])),
  };
}
