import { z } from "zod";
import { suggestion } from "../../campaign/issue.js";
import { marketName } from "../../campaign/schema-market.js";
import {
  flag,
  hint,
  list,
  matching,
  object,
  oneOf,
  textOf,
  wholeNumber,
} from "../../campaign/schema-words.js";
import { identifierKinds, purposes } from "./model.js";

/** The form of touchpoints/*.yaml: what one source of rows looks like and may be used for. */

/** Also a folder's name. */
export const touchpointName = matching(
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
  'the name of a touch-point, a lower-case word, such as "commerce"',
).max(32, { error: "is longer than 32 characters: shorten it" });

/** Ten years: no window of a rule is longer. */
export const daysMax = 3650;

const columnName = textOf("the name of a column", 128);
const columnOrNone = z
  .string({ error: hint('the name of a column, or "" where the source has none') })
  .max(128, { error: "is longer than 128 characters: shorten it" });

const behaviour = matching(
  /^[A-Za-z][A-Za-z0-9-]{0,63}$/,
  'a behaviour, letters, digits and hyphens, such as "view"',
);

const columnOrAlways = <T extends z.ZodType>(value: T, example: string) =>
  z.union([columnName, object({ always: value })], {
    error: hint(`the name of a column, or {always: ${example}}`),
  });

const time = object({
  column: columnName.optional(),
  as: oneOf(["timestamp", "unixSec", "unixMs"]).optional(),
});

const kind = oneOf(identifierKinds);
const kindForm = z.union(
  [
    kind,
    object({
      column: columnName,
      values: z.record(z.string(), kind, {
        error: hint("the column's values with their kinds, such as {idfa: idfa, aaid: aaid}"),
      }),
    }),
  ],
  {
    error: (issue) =>
      typeof issue.input === "string"
        ? `"${issue.input}" is no kind: ${suggestion(issue.input, identifierKinds)}`
        : hint("a kind such as account, or {column: ifa_kind, values: {idfa: idfa}}")(issue),
  },
);

const scopeNumber = wholeNumber(1, 65_535, "an exchange's id, or an eid source's number");
const scopeForm = z.union(
  [
    scopeNumber,
    object({
      column: columnName,
      values: z.record(z.string(), scopeNumber, {
        error: hint("the column's values with their numbers, such as {openrtb26: 1}"),
      }),
    }),
  ],
  { error: hint("a number, or {column: exchange, values: {openrtb26: 1}}") },
);

const identifier = object({ column: columnName, kind: kindForm, scope: scopeForm.optional() });

const link = object({
  between: z.tuple([columnName, columnName], {
    error: hint("two columns of `identifiers`, such as [account, ifa]"),
  }),
  mm: wholeNumber(
    0,
    5,
    "how the two were matched (OpenRTB's mm: 2 cookie sync, 3 authenticated, 5 inference)",
  ),
});

export const touchpointFile = object({
  touchpoint: touchpointName,
  label: textOf("how people call the touch-point"),
  purpose: oneOf(purposes),
  retentionDays: wholeNumber(1, daysMax, "the days that rows are kept"),
  markets: list(marketName, "US, EU", 100),
  columns: object({
    eventId: columnName.optional(),
    time: time.optional(),
    market: columnOrAlways(marketName, "US").optional(),
    behaviour: columnOrAlways(behaviour, "view").optional(),
    category: columnOrNone.optional(),
    brand: columnOrNone.optional(),
    source: columnOrNone.optional(),
    amount: columnOrNone.optional(),
    area: columnOrNone.optional(),
  }).optional(),
  behaviours: list(behaviour, "view, order", 200),
  identifiers: list(identifier, "{column: account, kind: account}", 32),
  links: z
    .array(link, { error: hint("a list such as [{between: [account, ifa], mm: 3}], or []") })
    .max(500, { error: "the list has more than 500 entries: shorten it" })
    .optional(),
  homeArea: flag.optional(),
  evidence: flag.optional(),
});
export type TouchpointForm = z.output<typeof touchpointFile>;
