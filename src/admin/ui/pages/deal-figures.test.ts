import { expect, test } from "vitest";
import { figuresByDeal } from "./deal-figures.js";

const columns = ["exchange_id", "exchange", "deal_id", "deal", "bids", "wins", "billed"];

test("figures are found by exchange and deal id, and rows of two currencies are one deal", () => {
  const rows = [
    ["1", "openrtb26", "D1", "Pavilion", "10", "3", "2"],
    ["1", "openrtb26", "D1", "Pavilion", "5", "0", "1"],
    ["2", "openrtb25", "D1", "Pavilion", "7", "0", "0"],
  ];
  const figures = figuresByDeal({ columns, rows });
  expect(figures.get("openrtb26/D1")).toEqual({ bids: 15, wins: 4 });
  expect(figures.get("openrtb25/D1")?.bids).toBe(7);
  expect(figures.get("openrtb25/D2")).toBeUndefined();
});
