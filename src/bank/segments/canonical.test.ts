import { expect, test } from "vitest";
import type { AdvertiserId, AgencyId } from "../../base/ids.js";
import { behaviour, testConfig } from "../../testing/small-bank.js";
import type { AiplRules, Behaviour, Rule, SegmentRule, Stage } from "../config/model.js";
import { canonicalForms } from "./canonical.js";

const advertiser = 11 as AdvertiserId;
const aipl: AiplRules = {
  ...{ advertiser, agency: 1 as AgencyId, word: "north", label: "North" },
  stages: {
    awareness: [behaviour({ touchpoints: ["ad"] })],
    interest: [behaviour({ touchpoints: ["search"] })],
    purchase: [],
    loyalty: [],
  },
};
const did = (over: Partial<Behaviour>): Rule => ({
  kind: "did",
  behaviour: behaviour({ touchpoints: ["search"], ...over }),
});
const a = did({ categories: ["a"] });
const b = did({ categories: ["b"] });
const c = did({ categories: ["c"] });
const all = (...of: Rule[]): Rule => ({ kind: "all", of });
const any = (...of: Rule[]): Rule => ({ kind: "any", of });
const none = (...of: Rule[]): Rule => ({ kind: "none", of });
const part = (name: string): Rule => ({ kind: "segment", name });
const stage = (...stages: Stage[]): Rule => ({ kind: "stage", advertiser, stages });
const list = (agency: number, name: string): Rule => ({
  ...{ kind: "list", agency: agency as AgencyId, name },
});

const segment = (name: string, rule: Rule): SegmentRule => ({
  ...{ name, label: name, source: "mixed", recencyDays: 30, method: "observed", outward: true },
  ...{ agencies: [], rule },
});
const named = [segment("ab", all(a, b)), segment("just.a", a)];
const uploaded = (agency: number, name: string, fingerprint: string) =>
  [
    `${agency}/${name}`,
    { agency, name, fingerprint, lifetimeDays: 1, bits: new Uint32Array() },
  ] as const;
const lists = new Map([
  ...[uploaded(1, "x", "3:7"), uploaded(2, "y", "3:7"), uploaded(1, "z", "3:8")],
]);
const digestOf = (rule: Rule, config = testConfig({ aipl: [aipl] })): string => {
  const forms = canonicalForms([...named, segment("asked", rule)], { config, lists });
  return Buffer.from(forms.get("asked")!.digest).toString("hex");
};

const same: readonly (readonly [why: string, one: Rule, other: Rule])[] = [
  ["order of a group", all(a, b, c), all(c, a, b)],
  ["a rule twice", any(a, b, a), any(b, a)],
  ["groups within groups", all(a, all(b, c)), all(all(a, b), c)],
  ["a group of one", any(a), all(a)],
  ["none of any", none(any(a, b)), none(b, a)],
  ["another segment's rule", all(part("ab"), c), all(a, b, c)],
  ["another name", part("just.a"), a],
  ["order of words", did({ brands: ["x", "y"] }), did({ brands: ["y", "x", "x"] })],
  ["order of stages", stage("awareness", "interest"), any(stage("interest"), stage("awareness"))],
  ["the same keys in two lists", list(1, "x"), list(2, "y")],
  [
    ...(["order of markets", { kind: "market", markets: ["US", "CN"] }] as const),
    any({ kind: "market", markets: ["CN"] }, { kind: "market", markets: ["US"] }),
  ],
];
test.each(same)("%s: the same set has the same digest", (_, one, other) => {
  expect(digestOf(one)).toBe(digestOf(other));
});

const different: readonly (readonly [why: string, one: Rule, other: Rule])[] = [
  ["all and any", all(a, b), any(a, b)],
  ["none within all", all(a, none(b)), none(a, b)],
  ["another window", a, did({ categories: ["a"], withinDays: 31 })],
  ["another count", a, did({ categories: ["a"], count: 2 })],
  ["an amount", a, did({ categories: ["a"], amountMicros: new Map([["USD", 1]]) })],
  ["a word in another column", a, did({ brands: ["a"] })],
  ["other keys", list(1, "x"), list(1, "z")],
  ["nobody and everybody", any(), all()],
  ["stages", stage("awareness"), stage("interest")],
];
test.each(different)("%s: another set has another digest", (_, one, other) => {
  expect(digestOf(one)).not.toBe(digestOf(other));
});

test("a stage is another set when any stage of its advertiser has other rules", () => {
  const changed = { ...aipl, stages: { ...aipl.stages, loyalty: [behaviour({ count: 9 })] } };
  const other = testConfig({ aipl: [changed] });
  expect(digestOf(stage("awareness"), other)).not.toBe(digestOf(stage("awareness")));
});

test("a digest stays what it was: the state of an old bank still finds its sets", () => {
  expect(digestOf(all(a, none(b, list(1, "x")))).slice(0, 16)).toBe("1d3269ea154f4398");
});
