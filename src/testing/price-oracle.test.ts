import fc from "fast-check";
import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { base64Fault, decimalText, nanosOf, priceFault } from "./price-oracle.js";

const bytes = new Uint8Array(32);

test("the other way to read a decimal is right where everybody sees it", () => {
  expect(["1", "0.000000001", "999999.999999999", "2.50"].map(nanosOf)).toEqual([
    1_000_000_000n,
    1n,
    999_999_999_999_999n,
    2_500_000_000n,
  ]);
});

test("every decimal of up to nine places is read exactly", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{1,6}(\.\d{1,9})?$/), (text) => {
      const fault = priceFault(text, bytes) + base64Fault(text);
      if (fault !== "") expect.fail(fault);
    }),
    { numRuns: 20_000 },
  );
  const random = new SeededRandom(3);
  for (let n = 0; n < 100_000; n++) {
    const fault = priceFault(decimalText(random), bytes);
    if (fault !== "") expect.fail(fault);
  }
});
