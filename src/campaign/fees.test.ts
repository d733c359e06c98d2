import { describe, expect, test } from "vitest";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { configTexts } from "../testing/config-text.js";
import { checkConfig } from "./check.js";
import { converted, dataFeeMicros, segmentFeeMicros } from "./fees.js";
import { issueText } from "./issue.js";
import { loadConfig } from "./load.js";
import type { AudienceExpression } from "./model.js";
import { termsOf } from "./terms.js";

const fees = `technical: 4
margins:
  - agency: 1
    percent: 12.5
data:
  currency: USD
  segments:
    - {segment: "aw*", cpm: 1.1}
    - {segment: rich, cpm: 5}
`;
const configWith = (text: string | null) => configTexts({ "fees.yaml": text });
const termsWith = (text: string | null) => {
  const { config, issues } = loadConfig(configWith(text));
  expect(issues.map(issueText)).toEqual([]);
  return termsOf(config!.book, config!.fees, config!.rates);
};
const found = (text: string): string[] =>
  checkConfig(configWith(text), {
    nowMs: Date.parse("2026-12-05") as UnixMs,
    segments: new Map(["aware", "rich"].map((name) => [name, []])),
  }).issues.map(issueText);

test("without the file nothing comes on top of the media", () => {
  expect(termsWith(null)).toEqual([
    {
      ...{ lineItem: 4, campaign: 3, advertiser: 2, agency: 1, currency: packAlpha3("EUR") },
      ...{ marginPpm: 0, technicalPpm: 0, dataNanos: 0 },
    },
  ]);
});

test("terms: the agency's margin, our fee, the segments' fee in the advertiser's currency", () => {
  // The audience is all of aware and none of rich; 1.1 US dollars are 1 euro.
  expect(termsWith(fees)[0]).toMatchObject({
    ...{ marginPpm: 125_000, technicalPpm: 40_000, dataNanos: 1_000_000 },
  });
  const own = fees.replace("12.5\n", "12.5\n    advertisers: [{advertiser: 2, percent: 0.0001}]\n");
  expect(termsWith(own)[0]).toMatchObject({ marginPpm: 1 });
});

describe("data fees", () => {
  const { config } = loadConfig(configWith(fees));
  const all = {
    ...config!.fees,
    dataFees: [
      { segment: "a.", prefix: true, cpmMicros: 1 },
      { segment: "a.b.", prefix: true, cpmMicros: 10 },
      { segment: "a.b.c", prefix: false, cpmMicros: 100 },
    ],
  };
  const price = { personModifiers: [] as { when: AudienceExpression; factorPermille: number }[] };
  const feeOf = (audience: AudienceExpression | null, modifiers: AudienceExpression[] = []) =>
    dataFeeMicros(all, {
      audience,
      price: { ...price, personModifiers: modifiers.map((when) => ({ when, factorPermille: 1 })) },
    } as never);

  test("a name counts before a beginning, a longer beginning before a shorter", () => {
    const names = ["a.b.c", "a.b.d", "a.x", "b"];
    expect(names.map((name) => segmentFeeMicros(all, name))).toEqual([100, 10, 1, 0]);
  });

  test("all costs the sum, any the dearest, none nothing, modifiers their dearest on top", () => {
    expect(feeOf(null)).toBe(0);
    expect(feeOf({ all: ["a.b.c", "a.x", { none: ["a.b.d"] }] })).toBe(101);
    expect(feeOf({ any: ["a.b.d", { all: ["a.x", "a.y"] }] })).toBe(10);
    expect(feeOf("a.x", ["a.b.d", "a.b.c"])).toBe(101);
    expect(feeOf(null, ["a.x"])).toBe(1);
  });

  test("are converted to the nearest nano, and not without a rate", () => {
    const { rates } = config!;
    const [euro, dollar, yen] = ["EUR", "USD", "JPY"].map((code) => packAlpha3(code));
    const to = (amount: number, from?: number, into?: number) =>
      converted(amount, from as CurrencyCode, into as CurrencyCode, rates);
    expect([to(10, dollar, euro), to(5, dollar, euro), to(10, euro, dollar)]).toEqual([9, 5, 11]);
    expect([to(10, yen, euro), to(0, yen, euro), to(10, yen, yen)]).toEqual([null, 0, 10]);
  });
});

/** [what is there, what stands in its place, where and what is said] */
const wrong: readonly (readonly [from: string, to: string, said: string])[] = [
  ["technical: 4", "technical: 101", "fees.yaml:1:12: error: technical 101 is not right here"],
  ["technical: 4", "technicl: 4", '1:1: error: "technicl" is no key here: did you mean'],
  ["12.5", "12.12345", "4:14: error: margins[0].percent has more than four decimals"],
  ["agency: 1", "agency: 7", "3:13: error: there is no agency 7: "],
  [
    "12.5\n",
    "12.5\n    advertisers: [{advertiser: 8, percent: 1}]\n",
    "error: there is no advertiser 8",
  ],
  ["    percent: 12.5\n", "    percent: 12.5\n  - {agency: 1, percent: 1}\n", "has a margin above"],
  ["rich,", "ritch,", '9:17: warning: no segment is called ritch: did you mean "rich"?'],
  ['"aw*"', '"zz*"', "8:17: warning: no segment is called zz*: check the spelling"],
  ["rich,", '"aw*",', "9:17: error: aw* has a fee above already"],
  ["USD", "JPY", "6:13: error: rates.yaml has no rate from JPY to EUR"],
];

test.each(wrong)("of %j as %j it is said where and what", (from, to, said) => {
  expect(fees).toContain(from);
  const issues = found(fees.replace(from, to));
  expect(issues.filter((issue) => issue.includes(said))).toHaveLength(1);
});

test("sound fees have no finding", () => {
  expect(found(fees)).toEqual([]);
});
