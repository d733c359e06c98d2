import { z } from "zod";
import { geoShape } from "./schema-targeting.js";
import {
  country,
  currency,
  hint,
  list,
  matching,
  object,
  oneOf,
  textOf,
  wholeNumber,
} from "./schema-words.js";

/** The form of markets/*.yaml: one country pack each, for the bank and for home-areas.ts. */

export const marketName = matching(
  /^[A-Z][A-Z0-9-]{1,15}$/,
  'the name of a market, capital letters, such as "US"',
);

/** A category, an AIPL brand's word: lower case, dots and hyphens inside. */
export const wordPattern = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;

const area = object({
  name: matching(
    /^[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*$/,
    'the name of an area, capital letters, digits and hyphens, such as "US-CA"',
  ).max(32, { error: "is longer than 32 characters: shorten it" }),
  label: textOf("how people call the area"),
  people: wholeNumber(1, 10_000_000_000, "how many people live there"),
  /** The countries that it lies in, where its market has several and nothing below tells. */
  countries: list(country, "PRT", 300).optional(),
  /** What exchanges call it: all values of one key together are the area (home-areas.ts). */
  ...geoShape,
});

const category = matching(
  wordPattern,
  'a category, lower-case words with dots and hyphens, such as "skin-care"',
).max(64, { error: "is longer than 64 characters: shorten it" });

const entries = <T extends z.ZodType>(element: T, example: string, max: number) =>
  z
    .array(element, { error: hint(`a list such as [${example}], or [] for none`) })
    .max(max, { error: `the list has more than ${max} entries: shorten it` });

export const marketFile = object({
  market: marketName,
  label: textOf("how people call the market"),
  countries: list(country, "USA", 300),
  currency,
  consent: oneOf(["optIn", "optOut"]),
  areas: entries(area, "{name: US-CA, label: California, people: 39000000}", 65_535),
  /** Empty: any word. */
  categories: entries(category, "beauty, sports", 10_000).optional(),
});
export type MarketForm = z.output<typeof marketFile>;
