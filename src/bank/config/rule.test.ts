import { expect, test } from "vitest";
import {
  bankFilesOf as filesOf,
  saidOf as said,
  bankTexts as texts,
} from "../../testing/bank-config.js";
import { loadBankConfig } from "./load.js";

/** As `said`, for a rule that stands in the place of the one of inside.viewers. */
const saidOfRule = (rule: string): readonly string[] =>
  said("segments/a.yaml", "rule: { did: commerce, behaviour: view, within: 7 }", `rule: ${rule}`);

const ruleFaults: readonly (readonly [rule: string, says: string])[] = [
  [
    "{ did: comerce, within: 7 }",
    '19:18: error: there is no touch-point "comerce": did you mean "commerce"?',
  ],
  [
    "{ did: commerce, behaviour: [view, veiw], within: 7 }",
    '19:46: error: "veiw" is no behaviour of commerce: did you mean "view"?',
  ],
  [
    "{ did: [commerce, search], behaviour: view, within: 7 }",
    "none of these behaviours is one of search",
  ],
  ["{ did: commerce, market: CN, within: 7 }", 'there is no market "CN"'],
  ["{ did: commerce, within: 401 }", "looks back 401 days, but rows of commerce leave after 400"],
  [
    "{ segment: interest.beuty }",
    'there is no segment "interest.beuty": did you mean "interest.beauty"?',
  ],
  [
    "{ segment: aipl.northwind.loyalty }",
    "write {stage: {advertiser: 11, in: [loyalty]}} in place of",
  ],
  ["{ segment: inside.viewers }", "in a circle (inside.viewers -> inside.viewers)"],
  [
    "{ stage: { advertiser: 12, in: [loyalty] } }",
    "advertiser 12 has no stages: add it under `aipl`; known: 11",
  ],
  ["{ stage: { advertiser: 11, in: [loyal] } }", 'did you mean "loyalty"?'],
  ["{ list: { agency: 1, name: ../x } }", '"../x" is no list\'s name'],
  ["{ area: US-AC }", 'no market has the area "US-AC": did you mean "US-CA"?'],
  ["{ market: UK }", 'there is no market "UK": did you mean "US"?'],
  ["{ category: beauty, within: 3 }", "has `category` without a touch-point: write `did` too"],
  ["{ did: commerce, within: 3, segment: interest.beauty }", "says `did` and `segment` in one"],
  ["{ area: US-CA, market: US }", "says `area` and `market` in one"],
  ["{ count: 2 }", "has `count` without a touch-point"],
  ["{}", "says nothing: write one of did, segment"],
  ["{ all: [] }", "the list is empty"],
  ["{ any: [{ did: commerce, within: 7, catgory: x }] }", 'did you mean "category"?'],
  ["{ did: commerce, within: 7, amount: {} }", "names no sum"],
];

test.each(ruleFaults)("a rule %s is refused at its place", (rule, says) => {
  const found = saidOfRule(rule);
  expect(found.join("\n")).toContain(says);
  for (const line of found) expect(line).toMatch(/^segments\/a\.yaml:\d+:\d+: error: /);
});

test("what is private to an agency stays so in every segment that rests on it", () => {
  const outward = (rule: string, agencies: string) =>
    said(
      "segments/a.yaml",
      "outward: false\n    rule: { did: commerce, behaviour: view, within: 7 }",
      `${agencies}\n    rule: ${rule}`,
    );
  const stage = "{ stage: { advertiser: 11, in: [loyalty] } }";
  const list = "{ list: { agency: 2, name: customers } }";
  expect(outward(stage, "agencies: [1]")).toEqual([]);
  expect(outward(list, "agencies: [2]")).toEqual([]);
  expect(outward(stage, "outward: true")[0]).toContain(
    "its rule uses the stages of advertiser 11, private to agency 1: write agencies: [1]",
  );
  expect(outward(list, "agencies: [1, 2]")[0]).toContain("write agencies: [2]");
  expect(outward("{ none: [{ segment: premium.guests }] }", "agencies: [1]")[0]).toContain(
    "its rule uses premium.guests, private to agency 2",
  );
  expect(outward(`{ all: [${stage}, ${list}] }`, "agencies: [1]")[0]).toContain(
    "mixes what is private to different agencies",
  );
});

test("a long circle is shown once, and what only hangs on it is not blamed", () => {
  const segments = ["b", "c", "a", "a"].map((next, i) => {
    return `  - { name: ${"abcd"[i]}, label: x, method: observed, rule: { segment: ${next} } }`;
  });
  const text = `segments:\n${segments.join("\n")}\n`;
  const { issues } = loadBankConfig(filesOf({ ...texts, "segments/c.yaml": text }));
  expect(issues.map(({ message }) => message)).toEqual([
    "the segments use each other in a circle (a -> b -> c -> a): take one reference away",
  ]);
});
