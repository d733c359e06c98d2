import { describe, expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { campaignFileWith, campaignText, configTexts } from "../testing/config-text.js";
import { runSize } from "../testing/run-size.js";
import { checkConfig } from "./check.js";
import type { Issue } from "./issue.js";
import { issueText } from "./issue.js";
import { loadConfig } from "./load.js";

const texts = (issues: readonly Issue[]): string[] => issues.map(issueText);
const loadWith = (from: string, to: string): string[] => {
  const outcome = loadConfig(campaignFileWith(from, to));
  expect(outcome.config).toBeNull();
  return texts(outcome.issues);
};

describe("a sound config", () => {
  test("becomes a book with every default filled in", () => {
    const { config, issues } = loadConfig(configTexts());
    expect(texts(issues)).toEqual([]);
    const { book, exchanges, rates } = config!;
    expect(book.campaigns[0]).toMatchObject({
      timeZone: "Europe/Paris",
      startMs: Date.parse("2026-12-01T00:00+01:00"),
      endMs: Date.parse("2027-01-01T00:00+01:00"),
      budget: { totalNanos: 1000n * 10n ** 9n, dailyNanos: 0n },
    });
    expect(book.lineItems[0]).toMatchObject({
      price: { cpmMicros: 2_500_000, maxMicros: 5_000_000, factorMinPermille: 250 },
      frequency: [{ impressions: 3, windowSec: 86_400 }],
      withoutId: "skip",
      creatives: [{ id: 5, weight: 1 }],
    });
    expect(book.creatives[0]).toMatchObject({
      domains: ["brand.example"],
      categories: [{ taxonomy: 1, id: "IAB1" }],
      bannerType: 2,
      mimes: ["text/html"],
      secure: true,
      approvedBy: "all",
    });
    expect(exchanges.map(({ index, name, atDefault }) => [index, name, atDefault])).toEqual([
      [0, "alpha", 1],
      [1, "beta", 2],
    ]);
    expect(exchanges.map(({ dialect }) => dialect)).toEqual([0, 0]);
    expect(rates.codes).toEqual(["EUR", "USD", "INR"].map(packAlpha3));
    expect([...rates.numerator]).toEqual([1, 11, 191]);
    expect([...rates.denominator]).toEqual([1, 10, 2]);
  });

  test("may stand in several files", () => {
    const [head = "", tail = ""] = campaignText.split("creatives:\n  - id: 5");
    const outcome = loadConfig(
      configTexts({
        "campaigns/one.yaml": head,
        "campaigns/deep/two.yaml": `creatives:\n  - id: 5${tail}`,
      }),
    );
    expect(texts(outcome.issues)).toEqual([]);
    expect(outcome.config?.book.creatives).toHaveLength(1);
  });
});

/** [what is changed, what it becomes, the place and the words that its message must have] */
const broken: readonly (readonly [from: string, to: string, ...expected: string[]])[] = [
  ["    name: Line\n", "    nme: Line\n", ":21:5:", '"nme" is no key here', 'did you mean "name"?'],
  ["cpm: 2.5", "cpm: -2.5", ":29:18:", "lineItems[0].price.cpm -2.5 is not right", "such as 2.50"],
  ["cpm: 2.5", "cpm: 2.1234567", ":29:18:", "more than six decimals"],
  ["cpm: 2.5", "cpm: 1e300", ":29:18:", "above the largest amount"],
  ["cpm: 2.5, ", "", ":29:12:", "price needs one of `cpm` and `goal`"],
  ["countries: [FRA, DEU]", "countries: [FRA, de]", ":24:26:", "countries[1]", '"FRA"'],
  ["countries: [FRA, DEU]", "countries: FRA", ":24:20:", "write a list such as"],
  ["countries: [FRA, DEU]", "deviceTypes: [phne]", ":24:23:", 'did you mean "phone"?'],
  ["countries: [FRA, DEU]", "dayParts: [mon 9-18]", ":24:20:", '"mon 9-18" is no day-part'],
  ["countries: [FRA, DEU]", "segments: [aware]", ":24:9:", "write them under `audience`"],
  ["Europe/Paris", "Europe/Pari", ":11:15:", 'did you mean "Europe/Paris"?'],
  ["currency: EUR", "currency: EUX", ":10:15:", "is no ISO 4217 currency"],
  ["id: 4\n", "id: 4294967296\n", ":19:9:", "a whole number from 1 to 4294967295"],
  ["id: 4\n", "id: 4.5\n", ":19:9:", "a whole number from 1 to 4294967295"],
  ["campaign: 3", "campaign: 30", ":20:15:", "there is no campaign 30", 'did you mean "3"?'],
  ["creatives: [{id: 5}]", "creatives: [{id: 6}]", ":31:22:", "there is no creative 6"],
  ["seats: {alpha", "seats: {alfa", ":4:19:", 'no exchange "alfa"', 'did you mean "alpha"?'],
  [
    "total: 1000",
    "total: 1000, daily: 2000",
    ":17:34:",
    "the daily budget 2000 is above the total",
  ],
  ["total: 1000", "daily: 1000", ":17:13:", "has no end: write `total`, or `impressions`"],
  ['end: "2026-12-31"', 'end: "2026-11-30"', ":16:40:", "ends before it starts"],
  ['end: "2026-12-31"', 'end: "2026-02-30"', ":16:40:", "is no day of the calendar"],
  ["per: 24h", "per: 24h, level: campaign", ":30:50:", "at the line item, its campaign"],
  ["{impressions: 3, per: 24h}", "[{impressions: 3, per: 24}]", ":30:39:", "30m, 24h or 7d"],
  ["{impressions: 3, per: 24h}", "[]", ":30:16:", "the list is empty"],
  ["{none: [rich]}", "{nne: [rich]}", ":28:20:", "audience.all[1]", "{none: [...]}"],
  ["{none: [rich]}", "{none: [7]}", ":28:28:", "the name of a segment"],
  ["format: html", "format: htm", ":36:13:", "thirdPartyTag"],
  ["https://www.brand", "http://www.brand", ":40:18:", "begins with https://"],
  ['"300x250"', "300x250x1", ":37:13:", 'a size such as "300x250"'],
  ["    name: Line\n", "    name: Line\n    name: Twice\n", ":22:5:", "stands twice"],
  ["lineItems:", "\tlineItems:", ":18:1:", "spaces"],
  ["creatives: [{id: 5}]", "creatives: [{id: 5}", ":32:1:", "check the indentation"],
];

describe("a broken config", () => {
  test.each(broken)("%j -> %j says where and what to write", (from, to, place, ...words) => {
    const messages = loadWith(from, to);
    const there = messages.filter((text) => text.startsWith(`config/campaigns/one.yaml${place}`));
    expect(there, messages.join("\n")).toHaveLength(1);
    for (const word of words) expect(there[0]).toContain(word);
  });

  test("names the first use of an id that comes twice", () => {
    const second = "agencies:\n  - {id: 1, name: Again}\n";
    const { config, issues } = loadConfig(configTexts({ "campaigns/two.yaml": second }));
    expect(config).toBeNull();
    expect(texts(issues)).toEqual([
      "config/campaigns/two.yaml:2:10: error: the id 1 is used twice among agency ids, first at " +
        "config/campaigns/one.yaml:2: give this one a number that was never used",
    ]);
  });

  test("of a day above its whole is told at every level, in impressions too", () => {
    const wrong = "budget: {impressions: 10, dailyImpressions: 20}";
    for (const [from, to] of [
      ["budget: {total: 1000}", wrong],
      ["    price:", `    ${wrong}\n    price:`],
    ] as const) {
      expect(loadWith(from, to).join("\n")).toContain("the daily budget 20 is above the total 10");
    }
  });

  test("is told for exchanges, profiles and rates as well", () => {
    const of = (name: string, text: string) =>
      texts(loadConfig(configTexts({ [name]: text })).issues);
    expect(of("exchanges/beta.yaml", "id: 1\nname: beta\nextends: plain\n")[0]).toContain(
      "beta.yaml:1:5: error: the id 1 is used by another exchange at config/exchanges/alpha.yaml:1",
    );
    expect(of("exchanges/beta.yaml", "id: 2\nname: beta\nextends: plan\n")[0]).toContain(
      'beta.yaml:3:10: error: there is no profile "plan" in exchanges/profiles: did you mean',
    );
    expect(of("exchanges/beta.yaml", "id: 2\nname: b\nextends: plain\nsecret: x\n")[0]).toContain(
      "beta.yaml:4:1: error: a secret does not belong into a file",
    );
    expect(
      of("rates.yaml", 'base: EUR\nasOf: "2026-12-01"\nrates: {USD: 1.123456789}\n')[0],
    ).toContain("rates.yaml:3:14: error: 1.123456789 has too many digits");
    expect(of("rates.yaml", 'base: EUR\nasOf: "2026-12-01"\nrates: {EUR: 1}\n')[0]).toContain(
      "EUR is the base",
    );
    expect(of("other.yaml", "x: 1")[0]).toContain("other.yaml:1:1: warning: is not read");
    // Both the bank and a World read markets.
    expect(of("markets/us.yaml", "{{{ not even YAML")[0]).toContain("markets/us.yaml:1:");
    for (const bank of ["bank.yaml", "touchpoints/x.yml", "segments/a/b.yaml"]) {
      expect(of(bank, "{{{ not even YAML")).toEqual([]);
    }
  });

  test("of the deepest or the most aliased kind is an issue too", () => {
    const deep = `agencies: ${"[".repeat(20_000)}`;
    const many = (name: string) => `[${`${name},`.repeat(99)}]\n`;
    const bomb = `a: &a ${many("x")}b: &b ${many("*a")}c: ${many("*b")}`;
    for (const text of [
      deep,
      bomb,
      "__proto__: {agencies: []}",
      "? [a]\n: b",
      "\u0000",
      "--- 1\n--- 2",
    ]) {
      const { config, issues } = loadConfig(configTexts({ "campaigns/two.yaml": text }));
      expect(config, text.slice(0, 20)).toBeNull();
      expect(issues.length).toBeGreaterThan(0);
    }
  });
});

const runs = runSize(600, 2000);

describe(`${runs} mutated configs`, () => {
  const fragments = [
    ..."{}[]:,-#&*!|>'\"%@`\n\t \u0000\u{1f600}",
    ...["null", "~", "-1", "1e999", "[]", "{}", "0x10", "<<: *a", "&a", "id: 4", "2026-13-01"],
    ...["all: [all]", "none:", "!!binary x", "${A", "http://x", "  - id: 5\n"],
  ];

  test("give issues and never an exception", () => {
    const random = new SeededRandom(20_261_201);
    const names = configTexts().map(({ name }) => name);
    const options = {
      nowMs: Date.parse("2026-12-05") as UnixMs,
      segments: new Map([["aware", []]]),
    };
    let refused = 0;
    for (let run = 0; run < runs; run++) {
      const name = random.pick(names);
      const files = configTexts().map((file) =>
        file.name === name ? { ...file, text: mutated(file.text, random) } : file,
      );
      const { config, issues } = checkConfig(files, options);
      if (config === null) {
        refused++;
        expect(issues.some((issue) => issue.severity === "error")).toBe(true);
      }
      for (const issue of issues) {
        expect(issue.file).toMatch(/^config\//);
        expect(issue.line).toBeGreaterThan(0);
        expect(issue.message.length).toBeGreaterThan(10);
      }
    }
    expect(refused).toBeGreaterThan(runs / 2);
  });

  function mutated(text: string, random: SeededRandom): string {
    const at = random.below(text.length);
    const to = at + random.below(30);
    const kind = random.below(4);
    if (kind === 0) return text.slice(0, at) + text.slice(to);
    if (kind === 1) return text.slice(0, at) + random.pick(fragments) + text.slice(at);
    if (kind === 2) return text.slice(0, at) + random.pick(fragments) + text.slice(to);
    return text.slice(0, at) + text.slice(at, to).repeat(2) + text.slice(at);
  }
});
