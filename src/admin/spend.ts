import { unpackAlpha3 } from "../base/units.js";
import type { CampaignBook } from "../campaign/model.js";
import type { CampaignSpend } from "../ledger/budget.js";
import { decimalOf } from "../ledger/report-text.js";

/** What campaigns spend on media as it stands now; amounts in currency units, nine decimals. */
export type SpendNow = {
  readonly campaigns: readonly CampaignNow[];
  /** "balanced", or why the running ledger stopped. */
  readonly ledger: string;
};

export type CampaignNow = {
  readonly campaign: number;
  readonly name: string;
  readonly advertiser: number;
  readonly advertiserName: string;
  /** ISO 4217, "" where the configuration no longer names the campaign. */
  readonly currency: string;
  /** Billed since midnight in the campaign's zone. */
  readonly spentToday: string;
  /** Granted, and neither billed nor returned. */
  readonly outstanding: string;
  /** What may still be granted; null = no limit. */
  readonly left: string | null;
  readonly impressionsToday: number;
  /** What the pacing plan has spent by now, and over the whole day; null = not paced in money. */
  readonly plannedToday: string | null;
  readonly dayBudget: string | null;
  /** Of a thousand requests that would be bid on, so many are. */
  readonly participationPermille: number;
};

const amountOf = (nanos: string): string => decimalOf(BigInt(nanos));
const amountOrNull = (nanos: string): string | null => (nanos === "" ? null : amountOf(nanos));

export function spendNow(
  spend: readonly CampaignSpend[],
  book: CampaignBook | null,
  { failure }: { readonly failure: string },
): SpendNow {
  const campaigns = new Map(book?.campaigns.map((one) => [one.id as number, one]));
  const advertisers = new Map(book?.advertisers.map((one) => [one.id as number, one]));
  return {
    campaigns: spend.map(({ campaign, spentToday, outstanding, left, ...pace }) => {
      const known = campaigns.get(campaign);
      const advertiser = advertisers.get(known?.advertiser ?? 0);
      return {
        ...{ campaign, name: known?.name ?? String(campaign) },
        ...{ advertiser: advertiser?.id ?? 0, advertiserName: advertiser?.name ?? "" },
        currency: unpackAlpha3(advertiser?.currency ?? 0),
        ...{ spentToday: amountOf(spentToday), outstanding: amountOf(outstanding) },
        left: amountOrNull(left),
        impressionsToday: Number(pace.impressionsToday),
        plannedToday: amountOrNull(pace.plannedToday),
        dayBudget: amountOrNull(pace.dayBudget),
        participationPermille: pace.participationPermille,
      };
    }),
    ledger: failure === "" ? "balanced" : failure,
  };
}
