import { z } from "zod";
import { currency, hint, idOf, list, matching, moneyOf, object } from "./schema-words.js";

/** What is paid on top of the media, as fees.yaml says it. */
const percentError = hint("per cent of the media cost, 0 to 100, such as 12.5");
const percent = z
  .number({ error: percentError })
  .min(0, { error: percentError })
  .max(100, { error: percentError })
  .refine((value) => Number.isInteger(Math.round(value * 1e7) / 1e3), {
    error: "has more than four decimals: round it",
  });

const margin = object({
  agency: idOf("the agency"),
  percent,
  /** Advertisers of the agency with another margin. */
  advertisers: list(
    object({ advertiser: idOf("the advertiser"), percent }),
    "{advertiser: 12, percent: 10}",
  ).optional(),
});

const dataFee = object({
  segment: matching(
    /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,95}\*?|\*)$/,
    'a segment, or the beginning of several with a * behind it, such as "interest.*"',
  ),
  cpm: moneyOf("the fee for 1,000 impressions"),
});

export const feesFile = object(
  {
    /** For running this bidder, per cent of the media cost. */
    technical: percent.optional(),
    margins: list(margin, "{agency: 1, percent: 12.5}").optional(),
    data: object({
      currency,
      segments: list(dataFee, '{segment: "interest.*", cpm: 0.5}'),
    }).optional(),
  },
  { margin: "write `margins`, a list such as [{agency: 1, percent: 12.5}]" },
);
