import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgencyId } from "../base/ids.js";
import type { CanonicalAudience } from "./audience.js";
import { audienceDigest, canonicalText, normalise, segmentsOf } from "./audience.js";
import type { AudienceExpression } from "./model.js";

const names = ["a", "b", "c", "d", "e"];

const expressions: fc.Arbitrary<AudienceExpression> = fc.letrec<{
  node: AudienceExpression;
}>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...names),
    fc.record({ all: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ none: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
  ),
})).node;

function holds(expression: AudienceExpression, member: ReadonlySet<string>): boolean {
  if (typeof expression === "string") return member.has(expression);
  if ("all" in expression) return expression.all.every((part) => holds(part, member));
  if ("any" in expression) return expression.any.some((part) => holds(part, member));
  return !expression.none.some((part) => holds(part, member));
}

const holdsCanonical = (audience: CanonicalAudience, member: ReadonlySet<string>): boolean =>
  audience.terms.some(
    (term) => term.all.every((n) => member.has(n)) && !term.none.some((n) => member.has(n)),
  );

const everyMembership = Array.from(
  { length: 2 ** names.length },
  (_, mask) => new Set(names.filter((_name, i) => ((mask >> i) & 1) === 1)),
);

function canonical(expression: AudienceExpression): CanonicalAudience {
  const result = normalise(expression);
  if (!result.ok) throw new Error(result.why);
  return result.audience;
}

describe("normal form", () => {
  test("agrees with the expression on every membership", () => {
    fc.assert(
      fc.property(expressions, (expression) => {
        const audience = canonical(expression);
        for (const member of everyMembership) {
          expect(holdsCanonical(audience, member)).toBe(holds(expression, member));
        }
      }),
      { numRuns: 500, seed: 11 },
    );
  });

  test("holds no term that another one implies, and is the same whatever the order", () => {
    fc.assert(
      fc.property(expressions, expressions, (left, right) => {
        const audience = canonical({ any: [left, right] });
        expect(canonicalText(canonical({ any: [right, left] }))).toBe(canonicalText(audience));
        for (const one of audience.terms) {
          for (const other of audience.terms) {
            if (one === other) continue;
            const implied =
              other.all.every((n) => one.all.includes(n)) &&
              other.none.every((n) => one.none.includes(n));
            expect(implied).toBe(false);
          }
        }
      }),
      { numRuns: 300, seed: 12 },
    );
  });

  test("has no term where the expression contradicts itself", () => {
    expect(canonical({ all: ["a", { none: ["a"] }] }).terms).toEqual([]);
    expect(canonicalText(canonical({ all: ["a", { none: ["b"] }] }))).toBe("a & !b");
  });

  test("refuses more than 64 terms with what to do about it", () => {
    const pairs = Array.from({ length: 7 }, (_, i) => ({ any: [`x${i}`, `y${i}`] }));
    const result = normalise({ all: pairs });
    expect(result).toMatchObject({ ok: false });
    expect(!result.ok && result.why).toContain("128 combinations of segments, at most 64");
    expect(normalise({ all: pairs.slice(1) }).ok).toBe(true);
    const many = Array.from({ length: 40 }, (_, i) => ({ any: [`x${i}`, `y${i}`] }));
    expect(normalise({ all: many }).ok).toBe(false);
  });
});

test("the digest depends on the agency and the canonical form alone", () => {
  const one = canonical({ all: ["b", "a"] });
  const other = canonical({ all: ["a", { any: ["b", { all: ["b", "c"] }] }] });
  expect(audienceDigest(1 as AgencyId, one)).toBe(audienceDigest(1 as AgencyId, other));
  expect(audienceDigest(2 as AgencyId, one)).not.toBe(audienceDigest(1 as AgencyId, one));
  expect(audienceDigest(1 as AgencyId, one)).toHaveLength(64);
});

test("segments are found in every corner of an expression", () => {
  const found = segmentsOf({ all: ["a", { none: ["b", { any: ["c"] }] }] });
  expect([...found]).toEqual(["a", "b", "c"]);
});
