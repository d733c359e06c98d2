import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Micros } from "../base/units.js";
import { currencyInto, integerInto, priceInto, wholeInto } from "./encode-bytes.js";

const out = new Uint8Array(64);

describe("numbers", () => {
  const text = (write: (at: number) => number) => Buffer.from(out.subarray(3, write(3))).toString();

  test("a price is its exact decimal without an exponent", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 47n - 1n), (micros) => {
        const digits = micros.toString().padStart(7, "0");
        const decimals = digits.slice(-6).replace(/0+$/, "");
        const whole = digits.slice(0, -6);
        const expected = decimals === "" ? whole : `${whole}.${decimals}`;
        expect(text((at) => priceInto(Number(micros) as Micros, out, at))).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
    for (const [micros, expected] of [
      [1, "0.000001"],
      [10, "0.00001"],
      [1e6, "1"],
      [1_001_000, "1.001"],
    ] as const) {
      expect(text((at) => priceInto(micros as Micros, out, at))).toBe(expected);
    }
  });

  test("whole numbers and ids of assets are exact", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(0x7fff_ffff), (integer, whole) => {
        expect(text((at) => integerInto(integer, out, at))).toBe(String(integer));
        expect(text((at) => wholeInto(whole, out, at))).toBe(String(whole));
      }),
      { numRuns: 20_000 },
    );
  });

  test("a currency is its three letters", () => {
    expect(text((at) => currencyInto(0x555344, out, at))).toBe("USD");
  });
});
