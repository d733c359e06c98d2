import { z } from "zod";
import { marketFile } from "../../campaign/schema-market.js";
import { bankFile } from "./schema-bank.js";
import { segmentsFile } from "./schema-segments.js";
import { touchpointFile } from "./schema-touchpoint.js";

const forms = {
  "bank.schema.json": [bankFile, "crowdbid: bank.yaml"],
  "market.schema.json": [marketFile, "crowdbid: markets/*.yaml"],
  "touchpoint.schema.json": [touchpointFile, "crowdbid: touchpoints/*.yaml"],
  "segments.schema.json": [segmentsFile, "crowdbid: segments/*.yaml"],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

/** What editors complete and check the bank's YAML by, by file name in config/. */
export const bankJsonSchemas = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(forms).map(([name, [form, title]]) => [
      name,
      { title, ...z.toJSONSchema(form, { io: "input", reused: "ref" }) },
    ]),
  );
