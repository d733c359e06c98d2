import { z } from "zod";
import {
  flag,
  hint,
  idOf,
  list,
  matching,
  object,
  oneOf,
  priceOf,
  textOf,
  wholeNumber,
} from "../../campaign/schema-words.js";
import { stages } from "./model.js";
import { daysMax } from "./schema-touchpoint.js";

/**
 * The form of segments/*.yaml. Names inside rules are only texts here: they may hold `{key}` of a
 * template, so that they are looked up once a segment is made (rule.ts).
 */

/** The rows of touch-points, as a rule and as a line of an AIPL stage. */
const words = (what: string, example: string) =>
  z.union([textOf(what, 128), list(textOf(what, 128), example, 1000)], {
    error: hint(`${what}, or a list of them such as [${example}]`),
  });

/** Above, a number with six decimals is no longer exact in a double. */
const amountMax = 1_000_000_000;

const behaviourShape = {
  did: words("a touch-point", "commerce, payment"),
  behaviour: words("a behaviour", "view, cart").optional(),
  category: words("a category", "beauty, sports").optional(),
  brand: words("a brand", "northwind").optional(),
  source: words("a source", "app, web").optional(),
  market: words("a market", "US, EU").optional(),
  within: wholeNumber(1, daysMax, "the days to look back"),
  count: wholeNumber(1, 255, "the least number of rows").optional(),
  amount: z
    .record(z.string(), priceOf("the least sum", amountMax), {
      error: hint("the least sum by currency, such as {USD: 1000, CNY: 7000}"),
    })
    .optional(),
} as const;

type Words = string | string[];
/** A rule of a segment as its file says it: one of the keys in `heads`, or `market` alone. */
export type RuleForm = {
  readonly did?: Words | undefined;
  readonly behaviour?: Words | undefined;
  readonly category?: Words | undefined;
  readonly brand?: Words | undefined;
  readonly source?: Words | undefined;
  readonly market?: Words | undefined;
  readonly within?: number | undefined;
  readonly count?: number | undefined;
  readonly amount?: Record<string, number> | undefined;
  readonly segment?: string | undefined;
  readonly stage?: { advertiser: number; in: (typeof stages)[number][] } | undefined;
  readonly list?: { agency: number; name: string } | undefined;
  readonly area?: Words | undefined;
  readonly all?: RuleForm[] | undefined;
  readonly any?: RuleForm[] | undefined;
  readonly none?: RuleForm[] | undefined;
};

const heads = ["did", "segment", "stage", "list", "area", "all", "any", "none"] as const;
const besideDid = [
  "behaviour",
  "category",
  "brand",
  "source",
  "within",
  "count",
  "amount",
] as const;

const parts = z.lazy(() => list(rule, "{segment: interest.beauty}", 1000)).optional();
const { did, within, ...conditions } = behaviourShape;
const rule: z.ZodType<RuleForm> = z.lazy(() => checkedRule);
const checkedRule = object(
  {
    did: did.optional(),
    ...conditions,
    within: within.optional(),
    segment: textOf("the name of a segment", 128).optional(),
    stage: object({
      advertiser: idOf("an advertiser with stages under `aipl`"),
      in: list(oneOf(stages), "purchase, loyalty", stages.length),
    }).optional(),
    list: object({
      agency: idOf("the agency that brings the list"),
      name: textOf("the list's name", 128),
    }).optional(),
    area: words("an area", "US-CA").optional(),
    ...{ all: parts, any: parts, none: parts },
  },
  {
    touchpoint: "write the touch-point under `did`",
    days: "write the days under `within`",
    not: "write `none: [...]`",
  },
).check((ctx) => {
  const found = ruleFault(ctx.value);
  if (found !== null) ctx.issues.push({ code: "custom", input: ctx.value, message: found });
});

/** What is wrong with the keys of one rule, null when they fit together. */
function ruleFault(form: Readonly<Record<string, unknown>>): string | null {
  const has = (key: string): boolean => form[key] !== undefined;
  const given: string[] = heads.filter(has);
  if (given.length > 1) {
    return (
      `says ${given.map((key) => `\`${key}\``).join(" and ")} in one: ` +
      "write {all: [...]} with one rule each"
    );
  }
  if (given[0] === "did") return has("within") ? null : "looks back without end: write `within`";
  const lone = besideDid.filter(has);
  if (lone[0] !== undefined) return `has \`${lone[0]}\` without a touch-point: write \`did\` too`;
  if (given.length === 0 && !has("market")) {
    return `says nothing: write one of ${heads.join(", ")}, market`;
  }
  return given.length === 1 && has("market")
    ? `says \`${given[0]}\` and \`market\` in one: write {all: [...]} with one rule each`
    : null;
}

const agencies = list(idOf("an agency that may use it"), "1", 10_000);

/** `{key}` stands for a word; what a name looks like is checked when it is filled in. */
const eachKey = /^[a-z][A-Za-z0-9]{0,31}$/;
const each = z
  .record(z.string(), list(textOf("a word", 64), "beauty, sports", 4096), {
    error: hint("keys with their words, such as {word: [beauty, sports]}"),
  })
  .refine((value) => Object.keys(value).every((key) => eachKey.test(key)), {
    error: "a key is no lower-case word: write keys such as `word`",
  })
  .refine((value) => Object.keys(value).length > 0, {
    error: "has no key: write one such as {word: [beauty, sports]}, or drop it",
  });

const segment = object(
  {
    name: textOf("a name such as interest.beauty", 128),
    each: each.optional(),
    label: textOf("what people read about it"),
    method: oneOf(["declared", "observed", "inferred"]),
    outward: flag.optional(),
    /** Keeps it, and whatever rests on it, inside. */
    sensitive: flag.optional(),
    agencies: agencies.optional(),
    rule,
  },
  {
    within: "`within` stands inside the rule",
    source: "the source is that of the rule's touch-points: drop the key",
    recencyDays: "the recency is the rule's longest look back: drop the key",
  },
);
export type SegmentForm = z.output<typeof segment>;

const stageRules = list(
  object({ ...behaviourShape, within: within.optional() }),
  "{did: commerce, behaviour: order}",
  100,
);
export type StageRuleForm = z.output<typeof stageRules>[number];

const aipl = object({
  advertiser: idOf("the advertiser"),
  agency: idOf("its agency"),
  word: matching(
    /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
    'a lower-case word for its segments, such as "northwind"',
  ).max(40, { error: "is longer than 40 characters: shorten it" }),
  label: textOf("how people call the advertiser"),
  brands: list(textOf("a brand as rows carry it", 128), "northwind", 1000),
  stages: object({
    awareness: stageRules.optional(),
    interest: stageRules.optional(),
    purchase: stageRules.optional(),
    loyalty: stageRules.optional(),
  }).optional(),
});
export type AiplForm = z.output<typeof aipl>;

const many = <T extends z.ZodType>(element: T) =>
  z.array(element, { error: hint("a list: one entry after each -") }).optional();

export const segmentsFile = object({ segments: many(segment), aipl: many(aipl) });
export type SegmentsForm = z.output<typeof segmentsFile>;
