import { describe, expect, test } from "vitest";
import { issueText } from "../../campaign/issue.js";
import {
  bankFilesOf as filesOf,
  saidOf as said,
  bankTexts as texts,
} from "../../testing/bank-config.js";
import { loadBankConfig } from "./load.js";
import { bankSegmentNames } from "./segment-names.js";

describe("a sound folder", () => {
  const { config, issues } = loadBankConfig(filesOf({ ...texts, "campaigns/x.yaml": "?: [" }));
  const segment = (name: string) => config!.segments.find((one) => one.name === name)!;

  test("becomes one config with its defaults, and other files are not looked at", () => {
    expect(issues).toEqual([]);
    expect(config!.identity).toEqual({
      ...{ accountsPerEmailMax: 1, accountsPerDeviceMax: 1, devicesPerAccountMax: 20 },
      ...{ componentIdentifiersMax: 50, stopList: [] },
    });
    expect(config!.areas).toEqual(["US-CA"]);
    expect(config!.touchpoints.get("commerce")).toMatchObject({
      columns: {
        ...{ eventId: "event_id", time: { column: "time", as: "timestamp" } },
        ...{ market: { column: "market" }, behaviour: { column: "behaviour" }, amount: "price" },
      },
      identifiers: [
        { column: "account", kind: { always: "account" }, scope: { always: 0 } },
        { kind: { column: "ifa_kind", values: new Map([["idfa", "idfa"]]) } },
        { column: "cookie", kind: { always: "buyerUid" }, scope: { always: 1 } },
      ],
      links: [{ a: "account", b: "ifa", mm: 3 }],
      homeArea: false,
    });
  });

  test("expands templates in file order and derives source and recency", () => {
    expect(
      config!.segments.map(({ name, source, recencyDays }) => [name, source, recencyDays]),
    ).toEqual([
      ["interest.beauty", "search", 30],
      ["interest.sports", "search", 30],
      ["premium.guests", "mixed", 365],
      ["inside.viewers", "commerce", 7],
    ]);
    expect(segment("interest.sports").label).toBe("Follows sports");
    expect(segment("premium.guests").rule).toEqual({
      kind: "all",
      of: [
        {
          kind: "did",
          behaviour: {
            ...{ touchpoints: ["commerce"], behaviours: ["order"], categories: [], brands: [] },
            ...{ sources: [], markets: [], withinDays: 365, count: 1 },
            amountMicros: new Map([["USD", 1_000_250_000]]),
          },
        },
        { kind: "none", of: [{ kind: "segment", name: "interest.sports" }] },
      ],
    });
  });

  test("gives stages their windows and brands, and names what is outward", () => {
    const [northwind] = config!.aipl;
    const { stages } = northwind!;
    const rules = [stages.awareness, stages.interest, stages.purchase, stages.loyalty].flat();
    expect(rules.map(({ withinDays, count, brands }) => [withinDays, count, brands])).toEqual([
      [15, 1, ["northwind"]],
      [20, 1, ["northwind"]],
      [365, 1, ["northwind"]],
      [365, 2, ["north", "northwind"]],
    ]);
    expect(bankSegmentNames(config!).map(({ name, agencies }) => [name, agencies])).toEqual([
      ...["awareness", "interest", "purchase", "loyalty"].map((stage) => [
        ...[`aipl.northwind.${stage}`, [1]],
      ]),
      ["interest.beauty", []],
      ["interest.sports", []],
      ["premium.guests", [2]],
    ]);
  });
});

const faults: readonly (readonly [file: string, from: string, to: string, says: string])[] = [
  ["markets/us.yaml", "currency: USD", "currency: USX", '4:11: error: currency "USX" is no ISO'],
  ["markets/us.yaml", "consent: optOut", "consent: optout", 'did you mean "optOut"?'],
  ["markets/us.yaml", "people: 39000000", "people: 0", "areas[0].people 0 is not right here"],
  ["markets/us.yaml", "sports]", "beauty]", '"beauty" stands already at markets/us.yaml:8'],
  [
    "touchpoints/commerce.yaml",
    "[US]",
    "[UK]",
    '5:11: error: no file in markets/ is of the market "UK": did you mean "US"?',
  ],
  [
    "touchpoints/commerce.yaml",
    ", scope: 1",
    "",
    "buyerUid is of one exchange (its id): write `scope`",
  ],
  [
    "touchpoints/commerce.yaml",
    "kind: account }",
    "kind: account, scope: 2 }",
    "only buyerUid and eid have a scope",
  ],
  [
    "touchpoints/commerce.yaml",
    "[account, ifa]",
    "[acount, ifa]",
    '13:17: error: "acount" is no column of `identifiers`: did you mean "account"?',
  ],
  ["touchpoints/commerce.yaml", "[account, ifa]", "[ifa, ifa]", '"ifa" is linked to itself'],
  ["touchpoints/commerce.yaml", "mm: 3", "mm: 6", "a whole number from 0 to 5"],
  ["touchpoints/commerce.yaml", "kind: account }", "kind: acount }", 'did you mean "account"?'],
  [
    "touchpoints/commerce.yaml",
    "{ idfa: idfa }",
    "{ idfa: idfb }",
    '"idfb" is not known here: did you mean "idfa"?',
  ],
  [
    "touchpoints/commerce.yaml",
    "{ amount: price }",
    "{ market: { always: CN } }",
    '"CN" is not under `markets`',
  ],
  [
    "touchpoints/commerce.yaml",
    "{ amount: price }",
    "{ behaviour: { always: buy } }",
    '"buy" is not under `behaviours`',
  ],
  [
    "touchpoints/commerce.yaml",
    "columns: { amount: price }",
    'columns: { area: "" }\nhomeArea: true',
    "rows without an area say no home",
  ],
  [
    "touchpoints/search.yaml",
    "touchpoint: search",
    "touchpoint: commerce",
    'the touch-point "commerce" stands already at touchpoints/commerce.yaml:1',
  ],
  [
    "touchpoints/search.yaml",
    "touchpoint: search",
    "touchpoint: ../x",
    "write the name of a touch-point",
  ],
  [
    "touchpoints/search.yaml",
    "touchpoint: search",
    "touchpoint: consent",
    '"categorySearch" is nothing that a consent does',
  ],
  [
    "touchpoints/search.yaml",
    "retentionDays: 90",
    "retentionDays: 20",
    "6:54: error: looks back 30 days, but rows of search leave after 20 (retentionDays): write at most 20",
  ],
  [
    "segments/a.yaml",
    "within: 30, count: 2",
    "within: 30, count: 256",
    "a whole number from 1 to 255",
  ],
  [
    "segments/a.yaml",
    "within: 30, count: 2",
    "count: 2",
    "segments[0].rule looks back without end: write `within`",
  ],
  [
    "segments/a.yaml",
    "[beauty, sports]",
    "[beauty, sprots]",
    '6:36: error: "sprots" is no category of US: did you mean "sports"?',
  ],
  [
    "segments/a.yaml",
    "[beauty, sports]",
    "[Beauty, sports]",
    '"interest.Beauty" is no name of a segment: write lower-case words',
  ],
  [
    "segments/a.yaml",
    "[beauty, sports]",
    "[sports, sports]",
    'the segment "interest.sports" stands already at segments/a.yaml:2',
  ],
  [
    "segments/a.yaml",
    "Follows {word}",
    "Follows {wrd}",
    '4:12: error: {wrd} is no key of `each`: did you mean "word"?',
  ],
  [
    "segments/a.yaml",
    "name: interest.{word}",
    "name: interest.all",
    "{word} does not stand in the name",
  ],
  [
    "segments/a.yaml",
    "    each: { word: [beauty, sports] }\n",
    "",
    "{word} is filled from `each`: write each: {word: [...]} too",
  ],
  [
    "segments/a.yaml",
    "name: inside.viewers",
    "name: aipl.northwind.loyalty",
    "is a stage's own segment",
  ],
  [
    "segments/a.yaml",
    "name: inside.viewers",
    "name: premium.guests",
    'the segment "premium.guests" stands already at segments/a.yaml:7',
  ],
  ["segments/a.yaml", "agencies: [2]", "agencies: [0]", "a whole number from 1"],
  [
    "segments/a.yaml",
    "USD: 1000.25",
    "EUR: 1000.25",
    '13:74: error: no market counts in "EUR": known: USD',
  ],
  ["segments/a.yaml", "USD: 1000.25", "USD: 0.0000001", "more than six decimals"],
  ["segments/a.yaml", "USD: 1000.25", "USD: 1000000000.5", "above the largest amount"],
  ["segments/a.yaml", "advertiser: 11", "advertisr: 11", 'did you mean "advertiser"?'],
  ["segments/a.yaml", "    brands: [northwind]\n", "", "aipl[0].brands is missing"],
  ["segments/a.yaml", "word: northwind", "word: North.wind", "a lower-case word for its segments"],
  [
    "segments/a.yaml",
    "      awareness: [{ did: search, behaviour: categorySearch }]\n",
    "",
    'the default of awareness does not fit (there is no touch-point "ad"',
  ],
];

test.each(faults)("%s: %j written as %j", (file, from, to, says) => {
  const found = said(file, from, to);
  expect(found.some((line) => line.startsWith(`${file}:`) || line.includes("segments/"))).toBe(
    true,
  );
  expect(found.join("\n")).toContain(says);
});

test("an area below the crowd minimum is none, and a rule that names it is refused", () => {
  const small = "\n  - { name: US-XX, label: Village, people: 99999 }\ncategories";
  const found = said("markets/us.yaml", "\ncategories", small);
  expect(found).toEqual([
    expect.stringMatching(/^markets\/us\.yaml:8:5: warning: US-XX has fewer than 100000 people/),
  ]);
  const market = texts["markets/us.yaml"]!.replace("\ncategories", small);
  const rule = texts["segments/a.yaml"]!.replace(
    "did: commerce, behaviour: view, within: 7",
    "area: US-XX",
  );
  const files = filesOf({ ...texts, "markets/us.yaml": market, "segments/a.yaml": rule });
  const { issues } = loadBankConfig(files);
  expect(issues.map(issueText).join("\n")).toContain('"US-XX" is below the crowd minimum');
});

test("where consent is asked for and no touch-point brings it, a warning says so", () => {
  expect(said("markets/us.yaml", "optOut", "optIn")).toEqual([
    expect.stringContaining('5:10: warning: no touch-point "consent" has rows of US'),
  ]);
});

test("templates multiply up to what a snapshot holds and not beyond", () => {
  const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(", ");
  const grid = (a: number, b: number, more = "") =>
    loadBankConfig(
      filesOf({
        ...texts,
        "segments/grid.yaml": `segments:
  - name: grid.{a}.{b}
    each: { a: [${words(a)}], b: [${words(b)}] }
    label: Grid
    method: observed
    ${more}rule: { area: US-CA }
`,
      }),
    );
  // Three outward ones and four stages are there already.
  const { config, issues } = grid(4089, 1);
  expect(issues).toEqual([]);
  expect(bankSegmentNames(config!)).toHaveLength(4096);
  expect(grid(64, 64).issues.map(issueText)).toEqual([
    expect.stringContaining("segments/grid.yaml:3:11: error: makes 4103 outward segments in all"),
  ]);
  expect(grid(64, 64, "outward: false\n    ").issues).toEqual([]);
  expect(grid(4096, 4096, "outward: false\n    ").issues.map(issueText)).toEqual([
    expect.stringContaining("at most 16384"),
  ]);
});

test("owners of stages and segments are looked up where the campaigns are known", () => {
  const ask = (agencies: number[], agencyOf: [number, number][]) =>
    loadBankConfig(filesOf(texts), {
      agencies: new Set(agencies),
      agencyOf: new Map(agencyOf),
    }).issues.map(issueText);
  expect(ask([1, 2], [[11, 1]])).toEqual([]);
  expect(ask([1], [[11, 1]])).toEqual([
    expect.stringContaining("10:16: warning: no campaign file has the agency 2"),
  ]);
  expect(ask([1, 2], [])[0]).toContain("warning: no campaign file has the advertiser 11");
  expect(ask([1, 2], [[11, 2]])[0]).toContain("error: advertiser 11 belongs to agency 2: write 2");
});

test("an identifier of the stop-list is in no message", () => {
  const secret = "jane@secret.example";
  for (const entry of [
    `{ kind: mail, value: ${secret} }`,
    `{ kind: email, value: [${secret}] }`,
    `{ kind: email, value: "${"x".repeat(600)}${secret}" }`,
    `{ kind: email, ${secret}: 1 }`,
    `{ kind: ${secret}, value: email }`,
    secret,
  ]) {
    const text = `identity: { stopList: [${entry}] }\n`;
    const { issues } = loadBankConfig(filesOf({ ...texts, "bank.yaml": text }));
    expect(issues.length).toBeGreaterThan(0);
    expect(JSON.stringify(issues)).not.toContain("secret.example");
  }
});
