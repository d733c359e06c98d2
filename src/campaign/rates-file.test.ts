import fc from "fast-check";
import { expect, test } from "vitest";
import { ratePartMax } from "../base/money.js";
import { rationalOf } from "./rates-file.js";

test("decimal text becomes the exact fraction in lowest terms", () => {
  expect(rationalOf("1.0842")).toEqual([2710 + 2711, 5000]);
  expect(rationalOf("95.50")).toEqual([191, 2]);
  expect(rationalOf("170")).toEqual([170, 1]);
  for (const text of ["0", "0.000", "1.23456789", "99999999", "-1", "1e3", ".5", "1."]) {
    expect(rationalOf(text), text).toBeNull();
  }
});

test("both parts stay below 2^26 and no value is lost", () => {
  const decimals = fc.tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 0, max: 7 }));
  fc.assert(
    fc.property(decimals, ([digits, places]) => {
      const padded = String(digits).padStart(places + 1, "0");
      const at = padded.length - places;
      const text = places === 0 ? padded : `${padded.slice(0, at)}.${padded.slice(at)}`;
      const [numerator, denominator] = rationalOf(text) ?? [0, 0];
      expect(Math.max(numerator, denominator)).toBeLessThan(ratePartMax);
      expect(BigInt(numerator) * 10n ** BigInt(places)).toBe(BigInt(digits) * BigInt(denominator));
    }),
    { numRuns: 500, seed: 5 },
  );
});
