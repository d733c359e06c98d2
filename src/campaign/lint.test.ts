import { describe, expect, test } from "vitest";
import type { UnixMs } from "../base/units.js";
import { campaignFileWith, configTexts } from "../testing/config-text.js";
import { checkConfig } from "./check.js";
import type { SourceFile } from "./document.js";
import { issueText } from "./issue.js";
import type { LintOptions } from "./lint-context.js";

const options: LintOptions = {
  nowMs: Date.parse("2026-12-05") as UnixMs,
  segments: new Map(["aware", "rich", "keen"].map((name) => [name, []])),
};
const found = (files: SourceFile[], more: Partial<LintOptions> = {}): string[] =>
  checkConfig(files, { ...options, ...more }).issues.map(issueText);

const second =
  "advertisers:\n  - {id: 9, agency: 1, name: B, domains: [b.example], " +
  "currency: EUR, timeZone: UTC}\n";

const facets = (include: string, exclude = "{}"): SourceFile[] =>
  campaignFileWith(
    "      include:\n        countries: [FRA, DEU]\n      exclude:\n        sites: [bad.example]\n",
    `      include: ${include}\n      exclude: ${exclude}\n`,
  );

/** An audience has rules of its own for places: home-areas.test.ts. */
const contextual = (files: readonly SourceFile[]): SourceFile[] =>
  files.map((file) => ({ ...file, text: file.text.replace(/ {4}audience:\n.*\n/, "") }));

test("a sound config has no finding", () => {
  expect(found(configTexts())).toEqual([]);
  expect(found(facets("{deals: [D-1]}"))).toEqual([]);
});

/** [include, exclude, severity, words] */
const targetings: readonly (readonly [string, string, "error" | "warning", string])[] = [
  ["{countries: [FRA]}", "{countries: [FRA, DEU]}", "error", "every included value of countries"],
  ["{countries: [FRA, DEU]}", "{countries: [FRA]}", "warning", "fra is included and excluded"],
  ["{sites: [a.b.example]}", "{sites: [b.example]}", "error", "every included value of sites"],
  ["{rewarded: true}", "{rewarded: true}", "error", "every included value of rewarded"],
  [
    "{keyValues: {a: [x]}}",
    "{keyValues: {a: [x, y]}}",
    "error",
    "every included value of keyValues",
  ],
  ["{regions: [USA/CA], countries: [FRA]}", "{}", "error", "USA/CA lies in USA"],
  ["{cities: [USA/Reno, FRA/Lyon]}", "{countries: [USA]}", "warning", "USA/Reno lies in USA"],
  ["{sites: [a.example], inventory: [app]}", "{}", "error", "inventory leaves site out"],
  ["{apps: [a.example]}", "{inventory: [app]}", "error", "inventory leaves app out"],
  [
    "{media: [banner], skippable: true}",
    "{}",
    "error",
    "skippable is known of video and audio only",
  ],
  ["{os: [roku], deviceTypes: [phone]}", "{}", "warning", "roku does not run on phone"],
  ["{dayParts: [mon]}", "{dayParts: [mon-fri]}", "error", "no hour is left of the day-parts"],
  ["{media: [video]}", "{}", "error", "creative 5 is banner, but the line item targets video only"],
  ["{}", "{media: [banner]}", "error", "which the line item excludes"],
  ['{sizes: ["728x90"]}', "{}", "error", "has 300x250, but the line item targets 728x90"],
  ["{deals: [D-2]}", "{}", "warning", 'did you mean "D-1"?'],
  [
    "{deals: [D-1], exchanges: [beta]}",
    "{}",
    "error",
    "is on alpha, which the line item leaves out",
  ],
];

describe("targeting", () => {
  test.each(targetings)("%s without %s", (include, exclude, severity, words) => {
    const findings = found(contextual(facets(include, exclude)));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^config\/campaigns\/one\.yaml:(2[2-9]|3\d):\d+: /);
    expect(findings[0]).toContain(`: ${severity}: `);
    expect(findings[0]).toContain(words);
  });

  test("day-parts outside a short flight can never match, on its last day they can", () => {
    const short = (dayParts: string) =>
      facets(`{dayParts: ${dayParts}}`).map((file) => ({
        ...file,
        text: file.text.replace('end: "2026-12-31"', 'end: "2026-12-03"'),
      }));
    const now = { nowMs: Date.parse("2026-12-01") as UnixMs };
    // 2026-12-01 is a Tuesday.
    expect(found(short("[fri-mon]"), now)[0]).toContain("the flight holds none of these hours");
    expect(found(short('["thu 23:00-24:00"]'), now)).toEqual([]);
  });
});

/** [from, to, place, severity, words] */
const others: readonly (readonly [string, string, string, "error" | "warning", string])[] = [
  ["maxCpm: 5", "maxCpm: 2", ":29:31:", "error", "maxCpm 2 is below cpm 2.5"],
  ["maxCpm: 5", "maxCpm: 5, bounds: {min: 2, max: 1}", ":29:42:", "error", "exchange them"],
  [
    ", maxCpm: 5",
    ", modifiers: [{when: {media: [banner]}, factor: 1.5}]",
    ":29:12:",
    "warning",
    "maxCpm is not above cpm",
  ],
  ["{none: [rich]}", "{none: [aware]}", ":28:7:", "error", "nobody can ever be in this audience"],
  ["{none: [rich]}", "{none: [richh]}", ":28:28:", "error", 'did you mean "rich"?'],
  [
    "maxCpm: 5",
    "maxCpm: 5, modifiers: [{when: {segments: keen}, factor: 1.2}, " +
      "{when: {segments: {all: [keen, rich]}}, factor: 1.5}]",
    ":29:103:",
    "warning",
    "never applies",
  ],
  [
    "{CLICK_URL}",
    "$".concat("{CLICK_URL}"),
    ":38:11:",
    "error",
    "write {CLICK_URL}, or take it away",
  ],
  ["{CLICK_URL}", "[CLICKTAG]", ":38:11:", "error", "[CLICKTAG] belongs to another system"],
  ["{CLICK_URL}", "{CLICK_URL}&{AUCTION_ID}", ":38:11:", "error", "{AUCTION_ID} is not known"],
  ["{CLICK_URL}", "https://x.example", ":38:11:", "warning", "clicks are not counted"],
  [">offer<", "><img src='http://x.example/a.png'><", ":38:11:", "error", "is not https"],
  ["/offer\n", "/{CACHEBUSTER}\n", ":40:18:", "error", "not replaced in landingPage"],
  [
    "approveAll: true",
    "approvals: {beta: pending}",
    ":31:16:",
    "warning",
    "no exchange that it targets",
  ],
  ['end: "2026-12-31"', 'end: "2026-12-02"', ":16:40:", "warning", "the flight is over"],
  ["total: 1000", "total: 1000, daily: 2", ":17:34:", "warning", "spends 62 in the 31 days"],
];

describe("prices, audiences and creatives", () => {
  test.each(others)("%s -> %s", (from, to, place, severity, words) => {
    const findings = found(campaignFileWith(from, to));
    const wanted = findings.filter((text) => text.includes(words));
    expect(wanted, findings.join("\n")).toHaveLength(1);
    expect(wanted[0]).toContain(`config/campaigns/one.yaml${place}`);
    expect(wanted[0]).toContain(`: ${severity}: `);
  });

  test("a deal floor above the maximum bid in another currency, and an uninvited one", () => {
    const deal = (change: string) =>
      facets("{deals: [D-1]}").map((file) =>
        file.name === "deals.yaml"
          ? { ...file, text: file.text.replace(/ {4}floor:[\s\S]*/, change) }
          : file,
      );
    expect(found(deal("    floor: 5.6\n    floorCurrency: USD\n"))[0]).toContain(
      'the bid floor of the deal "D-1" is 5.09 EUR, above the maximum bid 5.00',
    );
    expect(found(deal("    floor: 5.4\n    floorCurrency: USD\n"))).toEqual([]);
    const files = deal("    inviteOnly: [9]\n");
    const added = { path: "config/campaigns/z.yaml", name: "campaigns/z.yaml", text: second };
    expect(found([...files, added])[0]).toContain("lets in advertisers 9 only");
  });

  test("a creative of another advertiser", () => {
    const files = campaignFileWith("  - id: 5\n    advertiser: 2", "  - id: 5\n    advertiser: 9");
    const added = { path: "config/campaigns/z.yaml", name: "campaigns/z.yaml", text: second };
    expect(found([...files, added]).join("\n")).toContain(
      "one.yaml:31:22: error: creative 5 is of advertiser 9, the line item of 2",
    );
  });

  test("an audience of too many combinations", () => {
    const groups = Array.from({ length: 7 }, (_, i) => `{any: [x${i}, y${i}]}`).join(", ");
    const findings = found(campaignFileWith("all: [aware, {none: [rich]}]", `all: [${groups}]`), {
      segments: null,
    });
    expect(findings.join("\n")).toContain("multiplies out to 128 combinations");
  });

  test("others' own segment is unknown, and no suggestion names it", () => {
    const segments = new Map([
      ...[...["aware", "keen"].map((name): [string, number[]] => [name, []])],
      ["rich", [1]] as [string, number[]],
    ]);
    expect(found(configTexts(), { segments })).toEqual([]);
    segments.set("rich", [2]);
    const findings = found(configTexts(), { segments }).join("\n");
    expect(findings).toContain('error: there is no segment "rich"');
    const near = campaignFileWith("[aware, {none: [rich]}]", "[aware, {none: [rish]}]");
    expect(found(near, { segments }).join("\n")).not.toContain('"rich"');
    expect(found(near).join("\n")).toContain('did you mean "rich"?');
  });

  test("findings of the template compiler are shown at the markup", () => {
    const markupProblems = () => ["markup ends inside a tag: close it"];
    expect(found(configTexts(), { markupProblems })).toEqual([
      "config/campaigns/one.yaml:38:11: error: markup ends inside a tag: close it",
    ]);
  });

  test("without a snapshot names are not checked, once said; a reload only warns of them", () => {
    const unknown = campaignFileWith("[aware,", "[awre,");
    const blind = checkConfig(unknown, { ...options, segments: null });
    expect(blind.config).not.toBeNull();
    expect(blind.issues.map(issueText)).toEqual([
      expect.stringContaining("no snapshot is loaded: the names of 2 segments"),
    ]);
    expect(checkConfig(unknown, options).config).toBeNull();
    const reload = checkConfig(unknown, { ...options, unknownSegment: "warning" });
    expect(reload.config).not.toBeNull();
    expect(reload.issues).toHaveLength(1);
  });
});

const capped = (frequency: string): SourceFile[] =>
  campaignFileWith("frequency: {impressions: 3, per: 24h}", `frequency: ${frequency}`);
const eight = Array.from({ length: 8 }, (_, i) => `{impressions: ${i + 1}, per: ${i + 1}h}`);

/** [caps of the line item, severity, words] */
const caps: readonly (readonly [string, "error" | "warning", string])[] = [
  ["{impressions: 3, per: 91d}", "error", "at most 90 days"],
  ["{impressions: 300, per: 24h}", "warning", "no more than 255 impressions"],
  ["[{impressions: 3, per: 24h}, {impressions: 9, per: 1d}]", "error", "the same window"],
  ["[{impressions: 3, per: 24h}, {impressions: 3, per: 7d}]", "warning", "never reached"],
];

describe("frequency caps", () => {
  test("in several windows and at every level are sound", () => {
    expect(found(capped("[{impressions: 3, per: 24h}, {impressions: 10, per: 7d}]"))).toEqual([]);
    expect(found(capped(`[${eight.join(", ")}]`))).toEqual([]);
    expect(found(capped("{impressions: 3, per: 90d}"))).toEqual([]);
  });

  test.each(caps)("%s", (frequency, severity, words) => {
    const findings = found(capped(frequency));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^config\/campaigns\/one\.yaml:30:\d+: /);
    expect(findings[0]).toContain(`: ${severity}: `);
    expect(findings[0]).toContain(words);
  });

  test("of a line item, its campaign and its advertiser are eight at most together", () => {
    const total = "budget: {total: 1000}";
    const files = campaignFileWith(total, `${total}\n    frequency: [${eight.join(", ")}]`);
    const findings = found(files).filter((text) => text.includes("error"));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain("9 frequency caps hold for it");
    expect(findings[0]).toContain("drop 1");
  });
});
describe("a bid strategy", () => {
  const price = (text: string): SourceFile[] =>
    campaignFileWith("price: {cpm: 2.5, maxCpm: 5}", `price: ${text}`);

  test("may bid the value, a shade of it, or what a budget allows; for impressions or clicks", () => {
    for (const text of [
      "{cpm: 2.5, strategy: fixed}",
      "{goal: {cpm: 2.5}, strategy: linear}",
      "{goal: {cpc: 0.4}, maxCpm: 9, strategy: linear}",
      "{goal: {cpc: 0.4}, maxCpm: 9}",
    ]) {
      expect(found(price(text)), text).toEqual([]);
    }
  });

  test.each([
    ["{maxCpm: 5}", "needs one of `cpm` and `goal`"],
    ["{cpm: 2, goal: {cpm: 2}}", "needs one of `cpm` and `goal`"],
    ["{goal: {cpc: 0.4}}", "write maxCpm"],
    ["{goal: {cpc: 0.4, cpm: 2}, maxCpm: 5}", "names one goal"],
    ["{cpm: 2, strategy: clever}", "is not known here"],
    ["{cpc: 2}", "write {goal: {cpc: ...}, maxCpm: ...}"],
    ["{cpm: 2, strategy: shade}", "sends no loss notices"],
  ])("%s is told at its place: %s", (text, words) => {
    const lines = found(price(text));
    expect(lines.join("\n")).toContain(words);
    expect(lines[0]).toMatch(/^config\/campaigns\/one\.yaml:29:/);
  });

  test("that shades changes nothing where only deals are bought", () => {
    const files = campaignFileWith(
      "        countries: [FRA, DEU]\n",
      "        countries: [FRA, DEU]\n        deals: [D-1]\n",
    ).map((file) => ({
      ...file,
      text: file.text.replace("{cpm: 2.5,", "{cpm: 2.5, strategy: shade,"),
    }));
    expect(found(files).join("\n")).toContain("shade changes nothing in deals");
  });
});

test("a band of win rates has its bounds in order", () => {
  const exchange = (band: string): SourceFile[] =>
    configTexts({
      "exchanges/alpha.yaml": `id: 1\nname: alpha\nextends: plain\nwinRate: ${band}\n`,
    });
  expect(found(exchange("{min: 0.01, max: 0.6}"))).toEqual([]);
  expect(found(exchange("{min: 0.6, max: 0.6}")).join()).toContain("exchange them");
  expect(found(exchange("{min: 0, max: 1.5}")).join()).toContain("a share of at most 1");
});

test("two agencies with one seat are told that their audiences are not compared", () => {
  const agencies = (seat: string): SourceFile[] =>
    campaignFileWith(
      "advertisers:\n",
      `  - {id: 7, name: B, seats: {alpha: ${seat}}}\nadvertisers:\n`,
    );
  expect(found(agencies("seat-2"))).toEqual([]);
  expect(found(agencies("seat-1")).join()).toContain("agency 1 has this seat too");
});
