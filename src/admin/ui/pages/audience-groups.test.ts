import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../store/desk-store.js";
import {
  bandText,
  expressionOf,
  type Groups,
  groupsOf,
  groupsText,
  noGroups,
  withoutPart,
  withPart,
} from "./audience-groups.js";

const names = ["a", "b", "c", "d"];
const part = fc.constantFrom<Json>(...names, { saved: 1 });
const { expression } = fc.letrec<{ expression: Json }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    part,
    ...(["all", "any", "none"] as const).map((kind) =>
      fc.array(tie("expression"), { minLength: 1, maxLength: 3 }).map((of) => ({ [kind]: of })),
    ),
  ),
}));

/** Whether someone who is in these segments is meant: written from the forms' words alone. */
function meant(value: Json | undefined, person: ReadonlySet<string>): boolean {
  if (value === undefined) return true;
  if (typeof value === "string") return person.has(value);
  const [kind, of] = Object.entries(value as object)[0] as [string, Json[]];
  if (kind === "saved") return person.has("saved");
  if (kind === "all") return of.every((one) => meant(one, person));
  const some = of.some((one) => meant(one, person));
  return kind === "any" ? some : !some;
}

const people = Array.from(
  { length: 32 },
  (_, bits) => new Set([...names, "saved"].filter((_name, i) => (bits >> i) & 1)),
);

test("an expression that fits into groups means the same people when it comes out of them", () => {
  let fits = 0;
  fc.assert(
    fc.property(expression, (value) => {
      const groups = groupsOf(value);
      if (groups === null) return;
      fits++;
      const back = expressionOf(groups);
      for (const person of people) expect(meant(back, person)).toBe(meant(value, person));
    }),
    { numRuns: 500 },
  );
  expect(fits).toBeGreaterThan(50);
});

test("what groups show is written in its shortest form, and comes back as it was", () => {
  const shown: [Groups, Json | undefined][] = [
    [noGroups, undefined],
    [{ groups: [["a"]], exclude: [] }, "a"],
    [{ groups: [["a", "b"]], exclude: [] }, { any: ["a", "b"] }],
    [
      { groups: [["a"], ["b", { saved: 7 }]], exclude: ["c"] },
      {
        all: ["a", { any: ["b", { saved: 7 }] }, { none: ["c"] }],
      },
    ],
    [{ groups: [], exclude: ["c"] }, { none: ["c"] }],
  ];
  for (const [groups, form] of shown) {
    expect(expressionOf(groups)).toEqual(form);
    expect(groupsOf(form)).toEqual(groups);
  }
});

test("what nests deeper than groups is left to its text", () => {
  for (const deep of [{ any: [{ all: ["a", "b"] }, "c"] }, { none: [{ none: ["a"] }] }]) {
    expect(groupsOf(deep)).toBeNull();
  }
});

test("a part stands in a group once, and an empty group goes", () => {
  const one = withPart(withPart(noGroups, 0, "a"), 0, "a");
  expect(one).toEqual({ groups: [["a"]], exclude: [] });
  const two = withPart(withPart(one, 1, { saved: 3 }), -1, "b");
  expect(two).toEqual({ groups: [["a"], [{ saved: 3 }]], exclude: ["b"] });
  expect(withoutPart(two, 0, "a")).toEqual({ groups: [[{ saved: 3 }]], exclude: ["b"] });
  expect(withoutPart(two, -1, "b").exclude).toEqual([]);
  expect(groupsText(two)).toBe("a; and saved 3; and none of b");
});

test("people are told in two digits", () => {
  expect(bandText(100_000, 149_999)).toBe("100\u00a0k \u2013 150\u00a0k");
  expect(bandText(0, 1_240_000)).toBe("up to 1.2\u00a0m");
  expect(bandText(2_000_000_000, null)).toBe("2\u00a0bn or more");
  expect(bandText(null, null)).toBe("not published");
});
