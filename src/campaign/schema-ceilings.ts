import { z } from "zod";
import { currency, hint, object, priceOf } from "./schema-words.js";

/** The form of ceilings.yaml. */
const amountMax = 9_000_000_000;
const ceiling = object({
  maxCpm: priceOf("the highest price for 1,000 impressions").optional(),
  daily: object({
    lineItem: priceOf("the most that a line item may spend a day", amountMax).optional(),
    campaign: priceOf("the most that a campaign may spend a day", amountMax).optional(),
    advertiser: priceOf("the most that an advertiser may spend a day", amountMax).optional(),
    all: priceOf("the most that all together may spend a day", amountMax).optional(),
  }).optional(),
});

export const ceilingsFile = object({
  ceilings: z.record(currency, ceiling, {
    error: hint("ceilings by currency, such as {USD: {maxCpm: 50, daily: {all: 10000}}}"),
  }),
});
