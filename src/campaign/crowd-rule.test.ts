import { expect, test } from "vitest";
import { crowdMarginPeople } from "../base/crowd-minimum.js";
import { sipKeyFrom } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import { type AudienceTerm, canonicalText } from "./audience.js";
import {
  audienceSetDigest,
  type CrowdAudience,
  crowdRuleOf,
  drawDayOf,
  judgeCrowds,
  setsToCount,
  termDigest,
} from "./crowd-rule.js";

const term = (text: string): AudienceTerm => {
  const names = text.split(" ");
  return {
    all: names.filter((name) => !name.startsWith("!")),
    none: names.filter((name) => name.startsWith("!")).map((name) => name.slice(1)),
  };
};
const audience = (agency: number, ...terms: string[]): CrowdAudience => ({
  ...{ agency: agency as AgencyId, terms: terms.map(term), judged: true },
});
const still = { minimum: 1000, noiseOf: () => 0 };
const enough = 1000 + crowdMarginPeople;

test("a draw is good for exactly 30 days, and sets are drawn anew on different days", () => {
  const days = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const digest = termDigest(term(`s${i}`));
    const drawn = Array.from({ length: 90 }, (_, day) => drawDayOf(digest, 20_000 + day));
    const redraws = drawn.flatMap((day, k) => (k > 0 && day !== drawn[k - 1] ? [k] : []));
    expect(redraws).toHaveLength(redraws[0]! < 30 && redraws[0]! + 60 < 90 ? 3 : 2);
    for (const [k, at] of redraws.entries()) if (k > 0) expect(at - redraws[k - 1]!).toBe(30);
    expect(drawn.every((day, k) => day <= 20_000 + k && day > 19_970 + k)).toBe(true);
    days.add(drawn[0]! % 30);
  }
  expect(days.size).toBeGreaterThan(20);
});

test("the noise is the set's: colluding agencies hear the same, another key another", () => {
  const [one, other] = [1, 2].map((seed) => sipKeyFrom(new Uint8Array(16).fill(seed)));
  const digest = termDigest(term("a !b"));
  const noises = [0, 1, 2].map((day) => crowdRuleOf(one!, 20_000 + day).noiseOf(digest));
  const others = Array.from({ length: 20 }, (_, i) => termDigest(term(`a !b${i}`)));
  const drawnBy = (key: typeof one) => others.map(crowdRuleOf(key!, 20_000).noiseOf);
  expect(new Set(noises).size).toBeLessThanOrEqual(2);
  expect(drawnBy(one)).not.toEqual(drawnBy(other));
  expect(audienceSetDigest([term("a"), term("b")])).not.toEqual(audienceSetDigest([term("a")]));
});

/** Both audiences have 5,000 people, so many of them in common. */
const verdictsOf = (audiences: readonly CrowdAudience[], shared: number, people = 5000) => {
  const { sets, pairs } = setsToCount(audiences);
  const counts = {
    termPeople: audiences.map(({ terms }) => terms.map(() => people)),
    audiencePeople: audiences.map(() => people),
    homedPeople: audiences.map(() => people),
    pairPeople: pairs.map(() => shared),
  };
  return judgeCrowds({ sets, pairs }, counts, still).map(({ verdict, bears }) => [verdict, bears]);
};

test("a difference that happens to be empty is refused as one of a single person is", () => {
  const two = [audience(1, "a"), audience(1, "b")];
  for (const apart of [0, 1, enough - 1]) {
    expect(verdictsOf(two, 5000 - apart)).toEqual([
      ["certified", 100],
      ["refused", 0],
    ]);
  }
  expect(verdictsOf(two, 5000 - enough)).toEqual([
    ["certified", 100],
    ["certified", 0],
  ]);
  expect(verdictsOf(two, 5000 - enough - 7)).toEqual([
    ["certified", 100],
    ["certified", 7],
  ]);
});

test("one audience within another by its terms differs from it one way only", () => {
  const inside = [audience(1, "a b"), audience(1, "a", "c")];
  expect(setsToCount(inside).pairs).toEqual([[0, 1]]);
  // |c or a, not (a and b)| alone counts.
  expect(verdictsOf(inside, 5000 - enough)).toEqual([
    ["certified", 100],
    ["certified", 0],
  ]);
  expect(verdictsOf(inside, 5000)).toEqual([
    ["certified", 100],
    ["refused", 0],
  ]);
});

test("who excludes each other, and other agencies' audiences, are no pair", () => {
  expect(setsToCount([audience(1, "a b"), audience(1, "a !b")]).pairs).toEqual([]);
  expect(setsToCount([audience(1, "a b"), audience(1, "a !b", "c")]).pairs).toEqual([[0, 1]]);
  expect(setsToCount([audience(1, "a"), audience(2, "b")]).pairs).toEqual([]);
  const standing = { ...audience(1, "c"), judged: false };
  expect(setsToCount([audience(1, "a"), standing, audience(1, "b")]).pairs).toEqual([
    [0, 2],
    [1, 2],
  ]);
});

test("a refused audience bars nobody, and one without terms is nobody's", () => {
  const first = { ...audience(1), terms: [] };
  expect(verdictsOf([first, audience(1, "b")], 5000)).toEqual([
    ["refused", 0],
    ["certified", 100],
  ]);
});

/** Pairs of sets as text: each by its terms, areas included. */
const comparedOf = (...audiences: readonly CrowdAudience[]): string[] => {
  const { sets, pairs } = setsToCount(audiences);
  const textOf = (place: number): string => canonicalText(sets[place]!);
  return pairs.map(([one, other]) => `${textOf(one)} / ${textOf(other)}`);
};

test("audiences that are aimed at other places are compared where both are asked about", () => {
  const at = (one: CrowdAudience, ...areas: string[]): CrowdAudience => ({
    ...one,
    terms: one.terms.map((wish) => ({ ...wish, areas })),
  });
  const [wide, narrow] = [audience(1, "a"), audience(1, "a !t")];
  expect(comparedOf(at(wide, "x"), at(narrow, "x"))).toEqual(["a @ x / a & !t @ x"]);
  expect(comparedOf(wide, at(narrow, "x"))).toEqual(["a / a & !t @ x", "a @ x / a & !t @ x"]);
  expect(comparedOf(at(wide, "x", "y"), at(narrow, "y", "z"))).toEqual([
    "a @ x,y / a & !t @ y,z",
    "a @ y / a & !t @ y",
  ]);
  // In no place that both are aimed at: whoever asks may name one after the other.
  expect(comparedOf(at(wide, "x"), at(narrow, "y"))).toEqual(["a / a & !t"]);
  // One wish in two places differs by nobody but those who live there.
  expect(comparedOf(wide, at(wide, "x"))).toEqual(["a / a @ x"]);
  expect(comparedOf(at(wide, "x"), at(wide, "y"))).toEqual([]);
  expect(comparedOf(at(audience(1, "a t"), "x"), at(narrow, "y"))).toEqual([]);
});
