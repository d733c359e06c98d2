import { describe, expect, test } from "vitest";
import type { AgencyId } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { campaignText, configTexts } from "../testing/config-text.js";
import { armsAtHome } from "./arms.js";
import { audienceDigest, canonicalText } from "./audience.js";
import { checkConfig } from "./check.js";
import { audiencesNeeded } from "./compile.js";
import { issueText } from "./issue.js";
import { loadConfig } from "./load.js";

const market = (areas: string): string => `market: US
label: United States
countries: [USA, PRI]
currency: USD
consent: optOut
areas:
${areas}categories: []
`;
const usual =
  '  - {name: US-CA, label: California, people: 39000000, regions: [USA/CA], metros: ["803", "807"]}\n' +
  "  - {name: US-NY, label: New York, people: 19000000, regions: [USA/NY]}\n" +
  "  - {name: US-TC, label: Two Cities, people: 900000, cities: [USA/One, USA/Two]}\n" +
  "  - {name: US-ZZ, label: Zips, people: 200000, zips: [USA/10001, USA/10002]}\n" +
  "  - {name: PR, label: Puerto Rico, people: 3000000, countries: [PRI]}\n" +
  "  - {name: US-XX, label: A village, people: 99999, regions: [USA/XX]}\n";

type Change = { readonly include?: string; readonly exclude?: string; readonly price?: string };
const filesOf = ({ include = "{}", exclude = "{}", price = "" }: Change, areas = usual) => {
  const campaign = campaignText
    .replace("        countries: [FRA, DEU]\n", "")
    .replace("      include:\n", `      include: ${include}\n`)
    .replace("      exclude:\n        sites: [bad.example]\n", `      exclude: ${exclude}\n`)
    .replace("maxCpm: 5", `maxCpm: 5${price}`);
  return configTexts({ "campaigns/one.yaml": campaign, "markets/us.yaml": market(areas) });
};
const bookOf = (change: Change) => {
  const { config, issues } = loadConfig(filesOf(change));
  expect(issues.map(issueText)).toEqual([]);
  return config!.book;
};
const segments = new Map(["aware", "rich"].map((name) => [name, []]));
const found = (change: Change): string[] =>
  checkConfig(filesOf(change), { nowMs: Date.parse("2026-12-05") as UnixMs, segments }).issues.map(
    issueText,
  );
/** The homes of everybody whom a line item bids for, or why it bids for nobody. */
function homesOf(change: Change): string {
  const { lineItems, homeAreas } = bookOf(change);
  const arms = armsAtHome(lineItems[0]!, homeAreas);
  if (!arms.ok) return arms.why;
  const terms = arms.arms.flatMap(({ audience }) => audience!.terms);
  return [...new Set(terms.map(({ areas }) => areas?.join() ?? "anywhere"))].join(" | ");
}

describe("where the people of an audience live", () => {
  /** [include, exclude, homes] */
  test.each([
    ["{}", "{}", "anywhere"],
    ["{countries: [USA]}", "{sites: [a.example]}", "anywhere"],
    ["{regions: [USA/CA]}", "{}", "US-CA"],
    ["{regions: [USA/NY, USA/US-CA]}", "{}", "US-CA,US-NY"],
    ['{metros: ["807", "803"]}', "{}", "US-CA"],
    ['{metros: ["807", "803"], regions: [USA/CA, USA/NY]}', "{}", "US-CA"],
    ["{cities: [USA/Two, USA/One]}", "{}", "US-TC"],
    ["{zips: [USA/10001, USA/10002]}", "{}", "US-ZZ"],
    ["{}", "{regions: [USA/CA]}", "PR,US-NY,US-TC,US-ZZ"],
    ["{countries: [USA]}", "{regions: [USA/CA]}", "US-NY,US-TC,US-ZZ"],
    ["{}", "{regions: [USA/CA], countries: [USA]}", "PR"],
    ["{regions: [USA/CA, USA/NY]}", "{regions: [USA/NY]}", "US-CA"],
  ])("%s without %s", (include, exclude, homes) => {
    expect(homesOf({ include, exclude })).toBe(homes);
  });

  test("every arm of a price by segments is cut down alike", () => {
    const price = ", modifiers: [{when: {segments: rich2}, factor: 1.5}]";
    expect(homesOf({ include: "{regions: [USA/CA]}", price })).toBe("US-CA");
  });

  test("the same people elsewhere are another set, with a certificate of its own", () => {
    const digests = ["{}", "{regions: [USA/CA]}", "{regions: [USA/NY]}"].map((include) => {
      const [needed] = audiencesNeeded(bookOf({ include }));
      expect(needed!.digest).toBe(audienceDigest(1 as AgencyId, needed!.audience));
      return needed!.digest;
    });
    expect(new Set(digests).size).toBe(3);
    const [at] = audiencesNeeded(bookOf({ include: "{regions: [USA/CA, USA/NY]}" }));
    expect(canonicalText(at!.audience)).toBe("aware & !rich @ US-CA,US-NY");
  });
});

describe("what is no union of areas is refused with what could be written", () => {
  /** [change, words] */
  const refusals: readonly (readonly [Change, string])[] = [
    [{ include: "{zips: [USA/90210]}" }, 'or with whole areas of markets/: "USA/90210" is none'],
    [{ include: "{zips: [USA/10001]}" }, 'zips are US-ZZ in part alone; add "USA/10002"'],
    [{ exclude: '{metros: ["803"]}' }, 'metros are US-CA in part alone; add "807"'],
    // Below the crowd minimum it is no area.
    [{ include: "{regions: [USA/XX]}" }, '"USA/XX" is none (did you mean'],
    [{ include: "{regions: [USA/CA], cities: [USA/One, USA/Two]}" }, "none is left here"],
    [{ include: "{regions: [USA/CA]}", exclude: "{regions: [USA/CA]}" }, "none is left here"],
    [{ include: "{inventory: [site, dooh]}" }, "a public screen stands in one place"],
    [
      { price: ", modifiers: [{when: {regions: [USA/CA]}, factor: 1.5}]" },
      "a price by region, metro, city or zip cuts the audience",
    ],
  ];
  test.each(refusals)("%o", (change, words) => {
    expect(homesOf(change)).toContain(words);
    expect(found(change).some((line) => line.includes("error") && line.includes(words))).toBe(true);
    expect(audiencesNeeded(bookOf(change))).toEqual([]);
  });

  test("without an audience any place can be bought", () => {
    const files = filesOf({ include: "{zips: [USA/90210]}" }).map((file) => ({
      ...file,
      text: file.text.replace(/ {4}audience:\n.*\n/, ""),
    }));
    const options = { nowMs: Date.parse("2026-12-05") as UnixMs, segments };
    expect(checkConfig(files, options).issues.map(issueText)).toEqual([]);
  });

  test("a config without markets aims no audience at a place", () => {
    const files = filesOf({ include: "{regions: [USA/CA]}" }).filter(
      ({ name }) => name !== "markets/us.yaml",
    );
    expect(audiencesNeeded(loadConfig(files).config!.book)).toEqual([]);
  });
});

test("a place in two areas is refused where the second one stands", () => {
  const twice = `${usual}  - {name: US-N2, label: Again, people: 200000, regions: [USA/US-NY]}\n`;
  const { config, issues } = loadConfig(filesOf({}, twice));
  expect(config).toBeNull();
  expect(issues.map(issueText)).toEqual([
    expect.stringMatching(/us\.yaml:13:\d+: error: "USA\/US-NY" is in US-NY already/),
  ]);
});
