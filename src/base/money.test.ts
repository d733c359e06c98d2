import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { microsFromDecimal, microsMax, mulDivCeil, mulDivFloor, ratePartMax } from "./money.js";
import type { Micros } from "./units.js";

const amounts = fc.integer({ min: 0, max: microsMax - 1 });
const parts = fc.integer({ min: 1, max: ratePartMax - 1 });

describe("mulDiv", () => {
  test("rounds down and up exactly as BigInt does, for every amount and rate", () => {
    fc.assert(
      fc.property(amounts, parts, parts, (amount, numerator, denominator) => {
        const product = BigInt(amount) * BigInt(numerator);
        const floor = product / BigInt(denominator);
        fc.pre(floor < 2n ** 53n);
        const ceil = product % BigInt(denominator) === 0n ? floor : floor + 1n;
        expect(mulDivFloor(amount as Micros, numerator, denominator)).toBe(Number(floor));
        expect(mulDivCeil(amount as Micros, numerator, denominator)).toBe(Number(ceil));
      }),
      { numRuns: 20_000 },
    );
  });

  test("an exact quotient is not rounded up", () => {
    expect(mulDivCeil(1_500_000 as Micros, 2, 3)).toBe(1_000_000);
    expect(mulDivCeil(1_500_001 as Micros, 2, 3)).toBe(1_000_001);
  });
});

const parse = (text: string, up: boolean): number => {
  const bytes = new TextEncoder().encode(text);
  return microsFromDecimal(bytes, 0, bytes.length, up);
};

describe("a decimal of the wire as micros", () => {
  test("keeps every price of up to six places exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 140_000_000_000 }), fc.boolean(), (micros, up) => {
        const text = `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
        expect(parse(text, up)).toBe(micros);
      }),
      { numRuns: 20_000 },
    );
  });

  test("rounds what lies between up for floors and down otherwise", () => {
    expect(parse("1.0000001", true)).toBe(1_000_001);
    expect(parse("1.0000009", false)).toBe(1_000_000);
    expect(parse("0.00000000000000000001", true)).toBe(1);
    expect(parse("0.30000000000000000001", true)).toBe(300_001);
    expect(parse("0.30000000000000000000", true)).toBe(300_000);
  });

  test.each([
    ["1e3", 1_000_000_000],
    ["1E-3", 1_000],
    ["12.5e+1", 125_000_000],
    ["0", 0],
    ["-0.0", 0],
    ["-1", -1],
    ["1e400", -1],
    ["1e-400", 0],
    ["140737488.355328", -1],
    ["99999999999999999999", -1],
  ])("reads %s", (text, micros) => {
    expect(parse(text, false)).toBe(micros);
  });
});
