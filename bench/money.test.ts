import { expect, test } from "vitest";
import { countsUs } from "./counts.js";
import { ledgerFigures } from "./ledger.js";

test("the counting bench loses no count and gives a time", () => {
  const { noBid, bid } = countsUs(1, 20_000);
  expect(noBid).toBeGreaterThan(0);
  expect(bid).toBeGreaterThan(0);
});

test("the ledger bench reads its journal whole and from a checkpoint", () => {
  const { usPerBill, checkpointBytes } = ledgerFigures(3000);
  expect(usPerBill).toBeGreaterThan(0);
  expect(checkpointBytes).toBeGreaterThan(1000);
});
