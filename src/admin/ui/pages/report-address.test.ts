import fc from "fast-check";
import { expect, test } from "vitest";
import { queryOf, reportOf } from "./report-address.js";

const word = fc.string({ minLength: 1, unit: "grapheme" });
const address = fc.record({
  by: fc.uniqueArray(fc.constantFrom("day", "line-item", "country"), { minLength: 1 }),
  from: fc.constantFrom("", "2026-11-01"),
  to: fc.constantFrom("", "2026-11-26"),
  timeZone: fc.constantFrom("", "Europe/Paris"),
  only: fc.dictionary(
    fc.constantFrom("exchange", "deal", "property"),
    fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
    { noNullPrototype: true },
  ),
});

test("a report comes out of its address as it went in, whatever it is filtered by", () => {
  fc.assert(
    fc.property(address, (asked) => {
      expect(reportOf(queryOf(asked))).toEqual(asked);
    }),
  );
});

test("an address without a report asks for advertisers by day", () => {
  expect(reportOf("").by).toEqual(["advertiser", "day"]);
});
