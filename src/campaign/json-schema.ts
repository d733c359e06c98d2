import { z } from "zod";
import { campaignFile } from "./schema-campaign.js";
import { ceilingsFile } from "./schema-ceilings.js";
import { exchangeFile, exchangeProfile, ratesFile } from "./schema-exchange.js";
import { feesFile } from "./schema-fees.js";

const forms = {
  "campaigns.schema.json": [campaignFile, "crowdbid: campaigns/*.yaml and deals.yaml"],
  "exchange.schema.json": [exchangeFile, "crowdbid: exchanges/*.yaml"],
  "exchange-profile.schema.json": [exchangeProfile, "crowdbid: exchanges/profiles/*.yaml"],
  "fees.schema.json": [feesFile, "crowdbid: fees.yaml"],
  "ceilings.schema.json": [ceilingsFile, "crowdbid: ceilings.yaml"],
  "rates.schema.json": [ratesFile, "crowdbid: rates.yaml"],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

/**
 * What editors complete and check YAML by, by file name in config/. Rules that JSON Schema cannot
 * say (references, time zones, lint) are `crowdbid check`'s alone.
 */
export const jsonSchemas = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(forms).map(([name, [form, title]]) => [
      name,
      { title, ...z.toJSONSchema(form, { io: "input", reused: "ref" }) },
    ]),
  );
