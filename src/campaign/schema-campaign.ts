import { z } from "zod";
import { capsPerBidMax } from "../base/limits.js";
import { suggestion } from "./issue.js";
import { creative } from "./schema-creative.js";
import { boundedAudience, boundedAudienceForm, facetShape, targeting } from "./schema-targeting.js";
import {
  currency,
  exchangeName,
  factor,
  flag,
  hint,
  host,
  idOf,
  list,
  matching,
  moneyOf,
  object,
  oneOf,
  priceOf,
  textOf,
  wholeNumber,
} from "./schema-words.js";
import { isZone, knownZones } from "./zone.js";

/**
 * The form of campaigns/*.yaml and deals.yaml. One file may hold any of the kinds, in any number.
 */

export const timeZone = z
  .string({ error: hint('a time zone such as "Europe/Paris"') })
  .refine(isZone, {
    error: (issue) =>
      `${JSON.stringify(issue.input)} is no time zone of the IANA database: ` +
      suggestion(String(issue.input), knownZones()),
  });

const agency = object({
  id: idOf("the agency"),
  name: textOf("a name"),
  seats: z
    .record(exchangeName, textOf("the seat id"), {
      error: hint("exchanges with our seat there, such as {openrtb26: seat-12}"),
    })
    .optional(),
});

const capShape = {
  impressions: wholeNumber(1, 1000, "how many impressions"),
  per: matching(/^[1-9]\d{0,3}[mhd]$/, "the window such as 30m, 24h or 7d"),
};
const standsThere =
  "a cap holds for what it stands at: write `frequency` at the line item, its campaign or its " +
  "advertiser";
/** One window, or several that all hold. */
const frequencyOf = <T extends z.ZodType>(cap: T) =>
  z.union([cap, list(cap, "{impressions: 3, per: 24h}", capsPerBidMax)], {
    error: hint("{impressions: 3, per: 24h}, or a list of such"),
  });
const frequency = frequencyOf(object(capShape, { level: standsThere }));
const ownLevel = z.literal("lineItem", { error: standsThere }).optional();
const lineItemFrequency = frequencyOf(object({ ...capShape, level: ownLevel }));

/** Nanos of it stay far inside what a signed 64-bit number holds. */
const budgetMax = 9_000_000_000;
const impressionsOf = (what: string) => wholeNumber(1, 1_000_000_000_000, what).optional();
const budget = object({
  total: priceOf("the whole budget", budgetMax).optional(),
  daily: priceOf("the budget of a day", budgetMax).optional(),
  impressions: impressionsOf("the impressions of the whole flight"),
  dailyImpressions: impressionsOf("the impressions of a day"),
});
const pacing = oneOf(["even", "ahead", "asap"]).optional();

const advertiser = object({
  id: idOf("the advertiser"),
  agency: idOf("its agency"),
  name: textOf("a name"),
  domains: list(host, "brand.example", 20),
  currency,
  timeZone,
  frequency: frequency.optional(),
  budget: budget.optional(),
});

const dayForm = hint('a day such as "2026-12-01"');
const day = z
  .string({ error: dayForm })
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: dayForm })
  .refine(isDay, { error: "is no day of the calendar: check month and day" });

function isDay(text: string): boolean {
  const [year = 0, month = 0, date = 0] = text.split("-").map(Number);
  const there = new Date(Date.UTC(year, month - 1, date));
  return year >= 1970 && year <= 2100 && there.getUTCMonth() === month - 1;
}

const campaign = object({
  id: idOf("the campaign"),
  advertiser: idOf("its advertiser"),
  name: textOf("a name"),
  flight: object({ start: day, end: day, timeZone: timeZone.optional() }),
  budget: budget.refine(
    ({ total, impressions }) => total !== undefined || impressions !== undefined,
    { error: "has no end: write `total`, or `impressions` for the whole flight" },
  ),
  frequency: frequency.optional(),
  pacing,
});

const modifier = object({
  when: object({ ...facetShape, segments: boundedAudience.optional() }).refine(
    (when) => conditionsIn(when) === 1,
    {
      error:
        "a modifier's `when` has exactly one condition: write one facet, such as " +
        "{deviceTypes: [phone]}, or {segments: ...}",
    },
  ),
  factor,
});

function conditionsIn(when: Readonly<Record<string, unknown>>): number {
  const given = Object.entries(when).filter(([, value]) => value !== undefined);
  return given.reduce(
    (sum, [name, value]) => sum + (name === "keyValues" ? Object.keys(value as object).length : 1),
    0,
  );
}

/** A thousand clicks fit where a price for a thousand impressions does. */
const clickPriceMax = 100;

const price = object(
  {
    cpm: priceOf("the base price for 1,000 impressions").optional(),
    /** In place of `cpm`: what is to be reached, and what one of it is worth. */
    goal: object({
      cpc: priceOf("what a click is worth", clickPriceMax).optional(),
      cpm: priceOf("what 1,000 impressions are worth").optional(),
    })
      .refine(({ cpc, cpm }) => (cpc === undefined) !== (cpm === undefined), {
        error: "names one goal: write {cpc: 0.40} or {cpm: 2.50}",
      })
      .optional(),
    strategy: oneOf(["fixed", "shade", "linear"]).optional(),
    maxCpm: priceOf("the highest price for 1,000 impressions").optional(),
    modifiers: list(modifier, "{when: {deviceTypes: [phone]}, factor: 1.2}", 64).optional(),
    bounds: object({ min: factor, max: factor }).optional(),
  },
  { cpc: "write {goal: {cpc: ...}, maxCpm: ...}", bid: "write `cpm`" },
)
  .refine(({ cpm, goal }) => (cpm === undefined) !== (goal === undefined), {
    error: "needs one of `cpm` and `goal`: write cpm: 2.50, or goal: {cpc: 0.40}",
  })
  .refine(({ goal, maxCpm }) => goal?.cpc === undefined || maxCpm !== undefined, {
    error:
      "pays by clicks, so that its price depends on a learnt rate: " +
      "write maxCpm, the most that 1,000 impressions may cost",
  });

const lineItem = object(
  {
    id: idOf("the line item"),
    campaign: idOf("its campaign"),
    name: textOf("a name"),
    paused: flag.optional(),
    targeting: targeting.optional(),
    /** With deals in the targeting: buy in the open auction beside them too. */
    openAuction: flag.optional(),
    audience: boundedAudienceForm.optional(),
    price,
    budget: budget.optional(),
    pacing,
    frequency: lineItemFrequency.optional(),
    withoutId: oneOf(["skip", "contextual"]).optional(),
    creatives: list(
      object({ id: idOf("a creative"), weight: wholeNumber(1, 1_000_000, "a weight").optional() }),
      "{id: 1}",
      1000,
    ),
  },
  {
    segments: "write segments under `audience`",
    flight: "the flight stands at the campaign: write it there",
  },
);

/** An audience under a name, for all line items of its agency. */
const savedAudience = object(
  {
    id: idOf("the audience"),
    agency: idOf("its agency"),
    name: textOf("a name"),
    audience: boundedAudience,
  },
  { saved: "an audience is made of segments alone, not of other saved ones" },
);

const deal = object({
  deal: textOf("the deal's id as the exchange sends it", 128),
  exchange: exchangeName,
  name: textOf("a name"),
  type: oneOf(["private", "preferred", "open"]),
  floor: moneyOf("the agreed floor").optional(),
  floorCurrency: currency.optional(),
  inviteOnly: list(idOf("an advertiser that is let in"), "1", 10_000).optional(),
});

const many = <T extends z.ZodType>(element: T) =>
  z.array(element, { error: hint("a list: one entry after each -") }).optional();

const segmentNote = "segments come with the snapshot: name them in `audience`, no list is needed";
export const campaignFile = object(
  {
    agencies: many(agency),
    advertisers: many(advertiser),
    campaigns: many(campaign),
    lineItems: many(lineItem),
    creatives: many(creative),
    audiences: many(savedAudience),
    deals: many(deal),
  },
  {
    segments: segmentNote,
    exchanges: "each exchange has a file of its own in exchanges/",
    rates: "rates stand in rates.yaml",
  },
);
export type CampaignFile = z.output<typeof campaignFile>;

/** The form of one thing of each kind. */
export const entityForms = {
  ...{ agency, advertiser, campaign, lineItem, creative, deal },
  audience: savedAudience,
};
export type AgencyForm = z.output<typeof agency>;
export type AdvertiserForm = z.output<typeof advertiser>;
export type CampaignForm = z.output<typeof campaign>;
export type LineItemForm = z.output<typeof lineItem>;
export type FrequencyForm = z.output<typeof lineItemFrequency>;
export type BudgetForm = z.output<typeof budget>;
export type DealForm = z.output<typeof deal>;
export type SavedAudienceForm = z.output<typeof savedAudience>;
