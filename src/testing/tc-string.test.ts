import { TCString } from "@iabtechlabtcf/core";
import { expect, it } from "vitest";
import { tcStringOf } from "./tc-string.js";

it("writes strings that the framework's own package reads as they were meant", () => {
  const createdMs = Date.UTC(2026, 10, 22);
  const text = tcStringOf({
    createdMs,
    purposes: [1, 2, 24],
    interests: [7],
    vendors: [12, 4000],
    interestVendors: [4000],
    disclosed: [4000],
  });
  const model = TCString.decode(text);
  expect(model.version).toBe(2);
  expect(model.policyVersion).toBe(5);
  expect(model.created.getTime()).toBe(createdMs);
  const purposes = [1, 2, 3, 24].map((purpose) => model.purposeConsents.has(purpose));
  expect(purposes).toEqual([true, true, false, true]);
  expect(model.purposeLegitimateInterests.has(7)).toBe(true);
  expect([12, 13, 4000].map((vendor) => model.vendorConsents.has(vendor))).toEqual([
    true,
    false,
    true,
  ]);
  expect(model.vendorLegitimateInterests.has(4000)).toBe(true);
  expect(model.vendorsDisclosed.has(4000)).toBe(true);
});
