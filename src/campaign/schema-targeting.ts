import { z } from "zod";
import { audienceDepthMax, depthOf } from "./audience.js";
import { parseDayPart } from "./daypart.js";
import type { AudienceExpression, AudienceForm } from "./model.js";
import {
  country,
  exchangeName,
  flag,
  hint,
  host,
  idOf,
  list,
  matching,
  object,
  oneOf,
  segmentName,
  size,
  textOf,
} from "./schema-words.js";
import type { FlagFacet, NamedFacet, TextFacet, TextForm } from "./targeting.js";
import { flagFacets, namedFacets, textFacets } from "./targeting.js";

/**
 * Zod forms of targeting.ts: the facets are built from its tables, so that neither can lack one of
 * the other.
 */

const textForms: Readonly<Record<TextForm, z.ZodType<string>>> = {
  plain: textOf("the value, as exchanges send it,"),
  host,
  language: matching(/^[a-z]{2,3}$/, 'a language of two letters such as "fr"'),
  byCountry: matching(
    /^[A-Z]{3}\/\S(?:.*\S)?$/,
    'the country, a slash and the value, such as "USA/CA"',
  ),
  byTaxonomy: matching(
    /^(?:[1-9]\d{0,3}\/)?[A-Za-z0-9._-]+$/,
    'an IAB 1.0 category such as "IAB17", or taxonomy, slash and id such as "7/483"',
  ),
};

const examples: Readonly<Record<TextForm, string>> = {
  plain: '"value"',
  host: "news.example",
  language: "fr",
  byCountry: "USA/CA",
  byTaxonomy: "IAB17",
};

const textShape = Object.fromEntries(
  Object.entries(textFacets).map(([name, { form }]) => [
    name,
    list(textForms[form], examples[form], 100_000).optional(),
  ]),
) as { [K in TextFacet]: z.ZodOptional<z.ZodArray<z.ZodType<string>>> };

/** The facets that say where finer than a country. */
export const geoShape = {
  regions: textShape.regions,
  metros: textShape.metros,
  cities: textShape.cities,
  zips: textShape.zips,
};

const namedShape = Object.fromEntries(
  Object.entries(namedFacets).map(([name, { values }]) => {
    const names = Object.keys(values) as [string, ...string[]];
    const element: z.ZodType<string> = oneOf(names);
    return [name, list(element, names[0]).optional()];
  }),
) as { [K in NamedFacet]: z.ZodOptional<z.ZodArray<z.ZodType<string>>> };

const flagShape = Object.fromEntries(
  Object.keys(flagFacets).map((name) => [name, flag.optional()]),
) as { [K in FlagFacet]: z.ZodOptional<z.ZodBoolean> };

const dayPart = z
  .string({ error: hint('a day-part such as "mon-fri 09:00-18:00"') })
  .check((ctx) => {
    const part = parseDayPart(ctx.value);
    if (!part.ok) ctx.issues.push({ code: "custom", input: ctx.value, message: part.why });
  });

const keyValues = z.record(
  matching(/^[^\s=]{1,64}$/, "a key without spaces and without ="),
  list(textOf("a value"), "sport", 1000),
  { error: hint("keys with their values, such as {section: [sport, news]}") },
);

export const facetShape = {
  ...textShape,
  ...namedShape,
  ...flagShape,
  countries: list(country, "FRA, DEU", 300).optional(),
  exchanges: list(exchangeName, "openrtb26", 32).optional(),
  sizes: list(size, '"300x250"', 500).optional(),
  keyValues: keyValues.optional(),
  dayParts: list(dayPart, "mon-fri 09:00-18:00", 50).optional(),
};

const misplaced = {
  segments: "segments are no targeting: write them under `audience` beside `targeting`",
  audience: "`audience` stands beside `targeting`, not inside it",
};
export const facets = object(facetShape, misplaced);

export const targeting = object({ include: facets.optional(), exclude: facets.optional() });

/** A segment name or one of all, any, none; nested. The form of the messages is in document.ts. */
export const audience: z.ZodType<AudienceExpression> = z.lazy(() => audienceNode);
const parts = z.lazy(() => list(audience, "interest.travel", 500));
const audienceNode = z.union(
  [segmentName, object({ all: parts }), object({ any: parts }), object({ none: parts })],
  {
    error: hint(
      "the name of a segment, or one of {all: [...]}, {any: [...]}, {none: [...]} over several",
    ),
  },
);

const flatEnough = {
  error: `nests deeper than ${audienceDepthMax} levels: write it flatter`,
};

/** An audience of a bounded depth: what a saved audience and a modifier's `segments` hold. */
export const boundedAudience = audience.refine(
  (value) => depthOf(value) <= audienceDepthMax,
  flatEnough,
);

/** The same with saved audiences among its parts: what a line item's `audience` holds. */
const audienceForm: z.ZodType<AudienceForm> = z.lazy(() => audienceFormNode);
const formParts = z.lazy(() => list(audienceForm, "interest.travel", 500));
const audienceFormNode = z.union(
  [
    segmentName,
    object({ saved: idOf("a saved audience") }),
    object({ all: formParts }),
    object({ any: formParts }),
    object({ none: formParts }),
  ],
  {
    error: hint(
      "the name of a segment, {saved: 12} for a saved audience, or one of {all: [...]}, " +
        "{any: [...]}, {none: [...]} over several",
    ),
  },
);
export const boundedAudienceForm = audienceForm.refine(
  (value) => depthOf(value) <= audienceDepthMax,
  flatEnough,
);
