import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { bankFilesOf as filesOf, bankTexts as texts } from "../../testing/bank-config.js";
import { loadBankConfig } from "./load.js";

describe("any text", () => {
  const deep = `${"{ all: [".repeat(3000)}${"] }".repeat(3000)}`;
  const hostile = [
    "",
    "null",
    "[]",
    "segments: &a [*a]",
    "a: &a {rule: *a}",
    "segments: [{ name: x, label: x, method: observed, rule: &r { all: [*r] } }]",
    "segments: [{ name: x, label: x, method: observed, rule: &r { all: [*r, *r, *r] } }]",
    `segments: [{ name: x, label: x, method: observed, rule: ${deep} }]`,
    'segments: [{ name: "{__proto__}", each: { __proto__: [a] }, label: x, method: observed, rule: { market: US } }]',
    'segments: [{ name: "{constructor}", label: x, method: observed, rule: { market: US } }]',
    "__proto__: { a: 1 }",
    "constructor: 1",
    "\u0000",
    "\ud800",
    "%YAML 9",
    "--- a\n--- b",
  ];
  test.each(hostile)("%# never throws", (text) => {
    for (const name of ["bank.yaml", ...Object.keys(texts)]) {
      const { config, issues } = loadBankConfig(filesOf({ ...texts, [name]: text }));
      expect(config === null).toBe(issues.some(({ severity }) => severity === "error"));
    }
  });

  /** Puts a value at the place that `pick` leads to in a tree. */
  function planted(tree: unknown, pick: readonly number[], value: unknown): unknown {
    if (typeof tree !== "object" || tree === null || pick.length === 0) return value;
    const keys = Object.keys(tree);
    if (keys.length === 0) return value;
    const key = keys[pick[0]! % keys.length]!;
    const copy = (Array.isArray(tree) ? [...tree] : { ...tree }) as Record<string, unknown>;
    copy[key] = planted(copy[key], pick.slice(1), value);
    return copy;
  }

  test("with one value replaced by any other never throws and says where", () => {
    const names = Object.keys(texts);
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("", "{word}", "US", "commerce", "interest.sports", -1, 1e300, [], {}, null),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.nat(20), { maxLength: 6 }),
        anything,
        (name, pick, value) => {
          const text = stringify(planted(parse(texts[name]!), pick, value), { version: "1.2" });
          const { config, issues } = loadBankConfig(filesOf({ ...texts, [name]: text }));
          expect(config === null).toBe(issues.some(({ severity }) => severity === "error"));
          for (const { line, column } of issues) expect(Math.min(line, column)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 80, seed: 7 },
    );
  });
});
