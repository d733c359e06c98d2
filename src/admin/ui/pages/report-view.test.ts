import { expect, test } from "vitest";
import { moneyText } from "../kit/say.js";
import { reportView } from "./report-view.js";

const columns = ["advertiser_id", "advertiser", "day", "currency", "bids", "media", "win_rate"];

test("names stand beside their ids, amounts in their currency, rates in percent", () => {
  const rows = [["100", "Brand", "2026-11-26", "EUR", "12000", "1.250000000", "0.123456"]];
  // As this machine writes numbers.
  const [many, money] = [(12_000).toLocaleString(), moneyText("1.25", "EUR")];
  const totals = [["", "", "", "EUR", "12000", "1.250000000", ""]];
  const view = reportView({ columns, rows, totals });
  expect(view.heads).toEqual(["advertiser", "day", "bids", "media", "win rate"]);
  expect(view.rows).toEqual([["Brand #100", "2026-11-26", many, money, "12.3 %"]]);
  expect(view.totals).toEqual([["Total", "", many, money, "\u2013"]]);
  expect(view.digits).toEqual([2, 3, 4]);
});

test("of several currencies each total says which it is, and that of no bid as well", () => {
  const totalsOf = (...codes: readonly string[]): readonly string[] => {
    const totals = codes.map((code) => ["", "", "", code, "1", "0.000000000", ""]);
    return reportView({ columns, rows: [], totals }).totals.map(([name = ""]) => name);
  };
  expect(totalsOf("EUR", "", "USD")).toEqual([
    ...["Total in EUR", "Total without a bid", "Total in USD"],
  ]);
  expect(totalsOf("EUR")).toEqual(["Total"]);
});

test("requests are nobody's: rows of somebody's money have none, and it is said why", () => {
  const columns = ["line_item_id", "line_item", "currency", "requests", "bids", "no_bids"];
  const rows = [
    ["7", "Line", "EUR", "0", "5", "0"],
    ["", "", "", "9", "0", "4"],
  ];
  const view = reportView({ columns, rows, totals: [["", "", "EUR", "0", "5", "0"]] });
  expect(view.rows).toEqual([
    ["Line #7", "\u2013", "5", "\u2013"],
    ["none", "9", "0", "4"],
  ]);
  expect(view.totals).toEqual([["Total", "\u2013", "5", "\u2013"]]);
  expect(view.note).toContain("no line item");
  expect(reportView({ columns, rows: rows.slice(1), totals: [] }).note).toBe("");
});

test("rows without money have no amount, and a name that is its id stands once", () => {
  const rows = [
    ["77", "77", "2026-11-26", "", "3", "", ""],
    ["", "", "2026-11-26", "", "0", "0.000000000", ""],
  ];
  expect(reportView({ columns, rows, totals: [] }).rows).toEqual([
    ["77", "2026-11-26", "3", "\u2013", "\u2013"],
    ["none", "2026-11-26", "0", "\u2013", "\u2013"],
  ]);
});
