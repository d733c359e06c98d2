import { expect, test } from "vitest";
import { ReportState } from "../../ledger/checkpoint.js";
import type { ReportNames } from "../../ledger/report.js";
import { randomJournal } from "../../testing/random-journal.js";
import { checkedAsk, deskReport, wholePeriod } from "./desk-report.js";

const none = new Map();
const names: ReportNames = {
  ...{ advertiser: none, campaign: none, lineItem: none, creative: none, exchange: none },
  // Another agency that calls itself by the number of ours.
  ...{ agency: new Map([[6, "5"]]), deal: none, owner: none, zoneOf: none },
};
const ask = { by: ["line-item"], from: "", to: "", timeZone: "", only: {} };

function cubeRows() {
  const state = new ReportState();
  state.takeBlock({ sequence: 1, headCrc: 0 }, randomJournal(9, 800));
  return [...state.cube.rows()];
}

const checked = (more: object = {}) => {
  const result = checkedAsk({ agency: "", ...ask, ...more });
  if (!result.ok) throw new Error("a good question");
  return result.ask;
};

test("an agency's report has its own rows alone, whatever others call themselves", () => {
  const rows = cubeRows().map((row, i) =>
    i % 2 === 0 ? { ...row, owner: { ...row.owner, agency: 6 } } : row,
  );
  const by = checked({ by: ["agency"] });
  const own = deskReport(rows, names, "5", by);
  expect(own.rows.length).toBeGreaterThan(0);
  expect(new Set(own.rows.map(([id]) => id))).toEqual(new Set(["5"]));
  const house = deskReport(rows, names, "", by);
  expect(new Set(house.rows.map(([id]) => id))).toContain("6");
  const asked = deskReport(rows, names, "5", checked({ by: ["agency"], only: { agency: ["6"] } }));
  expect(asked.rows).toEqual([]);
});

test("a name that a table program would run as a formula is defused in the CSV", () => {
  const rows = cubeRows();
  for (const name of ["=1+1", "+1", "-1", "@x"]) {
    const named = { ...names, lineItem: new Map([101, 102, 103, 201].map((id) => [id, name])) };
    const { csv } = deskReport(rows, named, "", checked());
    const cells = csv
      .split("\r\n")
      .slice(1)
      .flatMap((line) => line.split(","));
    expect(cells).toContain(`'${name}`);
    expect(cells).not.toContain(name);
  }
});

test("rows have the columns of the CSV, and totals beside them", () => {
  const { columns, rows, totals, csv } = deskReport(cubeRows(), names, "", checked());
  expect(csv.split("\r\n")[0]).toBe(columns.join(","));
  expect(rows.every((row) => row.length === columns.length)).toBe(true);
  expect(totals.every((row) => row.length === columns.length)).toBe(true);
  expect(totals[0]?.slice(0, 2)).toEqual(["", ""]);
});

test("what cannot be asked is said by its field", () => {
  const asked = { by: ["campain", "day", "day"], from: "2026-02-30", timeZone: "Mars/Base" };
  const result = checkedAsk({ agency: "", ...ask, ...asked, only: { hour: ["1"] } });
  expect(result.ok ? [] : result.problems.map(({ field }) => field)).toEqual([
    ...["by", "by[0]", "from", "timeZone", "only.hour"],
  ]);
  expect(JSON.stringify(result)).toContain("did you mean campaign?");
});

test("what an ask leaves out is a week until today, in its own zone", () => {
  const atMs = Date.parse("2026-11-26T22:30:00Z");
  const utc = wholePeriod({}, "UTC", atMs);
  expect(utc).toEqual({ from: "2026-11-20", to: "2026-11-26" });
  expect(wholePeriod({}, "Asia/Tokyo", atMs).to).toBe("2026-11-27");
  expect(wholePeriod({ to: "2026-03-03" }, "UTC", atMs).from).toBe("2026-02-25");
  const given = { from: "2026-01-01", to: "2026-01-31" };
  expect(wholePeriod(given, "nowhere", atMs)).toEqual(given);
  expect(wholePeriod({ from: "2026-01-01" }, "UTC", atMs).to).toBe("2026-11-26");
});
