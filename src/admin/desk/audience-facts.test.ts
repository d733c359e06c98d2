import { expect, test } from "vitest";
import { SeededRandom } from "../../base/random.js";
import type { AudienceExpression } from "../../campaign/model.js";
import { bandOf, type SegmentEntry } from "../../index/manifest.js";
import { boundsOf, shownBounds } from "./audience-estimate.js";
import { type AudienceSources, audienceFacts } from "./audience-facts.js";

const entry = (name: string, bandedPeople: number, agencies: number[] = []): SegmentEntry => ({
  ...{ name, label: name.toUpperCase(), source: "commerce", recencyDays: 30, method: "observed" },
  ...{ bandedPeople, agencies },
});
const dictionary = [
  entry("a", 300_000),
  entry("b", 1_500_000),
  entry("c", 100_000),
  entry("list.1.own", 200_000, [1]),
  entry("list.2.other", 200_000, [2]),
];

function facts(more: Partial<AudienceSources> = {}) {
  const asked: string[] = [];
  const made = audienceFacts({
    dictionary: () => dictionary,
    absent: () => new Map([["b", []]]),
    checksLeft: (agency) => (agency === 0 ? 0 : 50 - asked.length),
    judge: (question) => {
      asked.push(question.digest);
      return Promise.resolve("certified");
    },
    saved: (agency, id) => (agency === "1" && id === 7 ? { any: ["a", "c"] } : null),
    ...more,
  });
  return { made, asked };
}

test("an agency sees everybody's segments with their bands and its own without any", () => {
  const seen = facts().made.segments("1");
  expect(seen.map(({ name }) => name)).toEqual(["a", "b", "c", "list.1.own"]);
  expect(seen[0]).toEqual({
    ...{ name: "a", label: "A", category: "commerce", bandLow: 300_000, bandHigh: 500_000 },
    ...{ resident: true, private: false },
  });
  expect(seen[1]?.resident).toBe(false);
  expect(seen[3]).toMatchObject({ bandLow: null, bandHigh: null, private: true });
});

test("an estimate bounds what any overlap could make of the bands, and says what it leaves out", () => {
  const { made } = facts();
  const estimate = (audience: AudienceExpression) => {
    const { low, high } = made.estimate("1", audience);
    return [low, high];
  };
  expect(estimate("a")).toEqual([300_000, 500_000]);
  expect(estimate({ any: ["a", "b"] })).toEqual([1_500_000, 2_500_000]);
  expect(estimate({ all: ["a", "b"] })).toEqual([null, 500_000]);
  expect(estimate({ all: ["b", { none: ["a"] }] })).toEqual([1_000_000, 2_000_000]);
  // What is left may be few: the low bound is not said.
  expect(estimate({ all: ["a", { none: ["b"] }] })).toEqual([null, 500_000]);
  expect(estimate({ none: ["a"] })).toEqual([null, null]);
  expect(estimate({ all: ["a", "list.1.own"] })).toEqual([null, 500_000]);
  expect(estimate({ any: ["a", "list.1.own"] })).toEqual([300_000, null]);
  expect(made.estimate("1", { saved: 7 })).toMatchObject({ low: 300_000, high: 650_000 });
  expect(made.estimate("1", "a").ignores.length).toBeGreaterThan(2);
});

test("bounds hold for every way in which segments could overlap", () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 300; round++) {
    const people = Array.from({ length: 40 }, () => random.below(8));
    const inside = (bit: number): number => people.filter((row) => (row >> bit) & 1).length;
    const names = ["x", "y", "z"];
    const build = (depth: number): AudienceExpression => {
      if (depth === 0 || random.below(3) === 0) return random.pick(names);
      const parts = [build(depth - 1), build(depth - 1)];
      const kind = random.below(3);
      return kind === 0 ? { all: parts } : kind === 1 ? { any: parts } : { none: parts };
    };
    const expression = build(3);
    const holds = (one: AudienceExpression, row: number): boolean => {
      if (typeof one === "string") return ((row >> names.indexOf(one)) & 1) === 1;
      if ("all" in one) return one.all.every((part) => holds(part, row));
      if ("any" in one) return one.any.some((part) => holds(part, row));
      return !one.none.some((part) => holds(part, row));
    };
    const count = people.filter((row) => holds(expression, row)).length;
    const { low, high } = boundsOf(expression, (name) => {
      const size = inside(names.indexOf(name));
      return { low: bandOf(size, 1), high: size + random.below(3) };
    });
    expect(count).toBeGreaterThanOrEqual(low);
    expect(count).toBeLessThanOrEqual(high);
  }
});

test("nothing below the crowd minimum is ever told, and bounds move outward", () => {
  expect(shownBounds({ low: 99_999, high: 120 }, 100_000)).toEqual({ low: null, high: 100_000 });
  expect(shownBounds({ low: 1_260_000, high: 1_260_000 }, 100_000)).toEqual({
    ...{ low: 1_200_000, high: 1_300_000 },
  });
});

test("another agency's segment is as unknown as one that does not exist, and costs no check", async () => {
  const { made, asked } = facts();
  for (const name of ["list.2.other", "list.2.othex"]) {
    const { issues } = made.estimate("1", name);
    expect(issues).toEqual([{ path: name, message: `this epoch holds no segment "${name}"` }]);
    expect(await made.check("1", name)).toEqual({ verdict: "unknown segment", checksLeft: 50 });
  }
  expect(asked).toEqual([]);
  expect(await made.check("2", "list.2.other")).toEqual({ verdict: "certified", checksLeft: 49 });
  expect((await made.check("", "a")).verdict).toBe("unknown segment");
});

test("the same set in other words is one question", async () => {
  const { made, asked } = facts();
  await made.check("1", { any: ["a", "c"] });
  await made.check("1", { saved: 7 });
  await made.check("1", { any: ["c", { all: ["a"] }, "a"] });
  expect(new Set(asked).size).toBe(1);
  const circle = facts({ saved: () => ({ any: [{ saved: 7 }] }) });
  expect((await circle.made.check("1", { saved: 7 })).verdict).toBe("unknown segment");
});
