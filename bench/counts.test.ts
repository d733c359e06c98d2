import { expect, test } from "vitest";
import { countsUs } from "./counts.js";

test("the counting bench loses no count and gives a time", () => {
  const { noBid, bid } = countsUs(1, 20_000);
  expect(noBid).toBeGreaterThan(0);
  expect(bid).toBeGreaterThan(0);
});
