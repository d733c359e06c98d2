import { nearestName } from "../../campaign/issue.js";
import { isZone } from "../../campaign/zone.js";
import type { CubeRow } from "../../ledger/cube.js";
import { type Dimension, dimensions } from "../../ledger/dimensions.js";
import { type ReportAsk, type ReportNames, reportOf } from "../../ledger/report.js";
import { reportColumns, reportCsv } from "../../ledger/report-text.js";
import type { DeskReport, DeskReportAsk } from "./desk.js";

/** Rows that a page shows; the CSV has all. */
export const reportRowsMax = 5000;

export type AskProblem = { readonly field: string; readonly message: string };
export type CheckedAsk =
  | { readonly ok: true; readonly ask: ReportAsk }
  | { readonly ok: false; readonly problems: readonly AskProblem[] };

const isDimension = (name: string): name is Dimension =>
  (dimensions as readonly string[]).includes(name);

/** What is wrong with what somebody asks for, by field. */
export function checkedAsk({ by, from, to, timeZone, only }: DeskReportAsk): CheckedAsk {
  const problems: AskProblem[] = [];
  const complain = (field: string, message: string): void => void problems.push({ field, message });
  if (by.length === 0) complain("by", `give some of ${dimensions.join(", ")}`);
  if (new Set(by).size < by.length) complain("by", "give each once");
  for (const [i, name] of by.entries()) {
    if (isDimension(name)) continue;
    const near = nearestName(name, dimensions);
    const hint = near === "" ? `give some of ${dimensions.join(", ")}` : `did you mean ${near}?`;
    complain(`by[${i}]`, `there is no "${name}": ${hint}`);
  }
  for (const [field, day] of Object.entries({ from, to })) {
    if (day === "" || isDay(day)) continue;
    complain(field, "give a day such as 2026-12-01");
  }
  if (timeZone !== "" && !isZone(timeZone)) {
    complain("timeZone", "give a name of the IANA database such as Europe/Paris");
  }
  for (const name of Object.keys(only)) {
    if (isDimension(name) && name !== "day" && name !== "hour") continue;
    complain(`only.${name}`, "cannot be narrowed to");
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, ask: { by: by.filter(isDimension), from, to, timeZone, only } };
}

const dayMs = 86_400_000;
const usualDays = 7;

/** What an ask leaves out: until today in its zone, and a week that ends there. */
export function wholePeriod(
  given: { readonly from?: string | undefined; readonly to?: string | undefined },
  timeZone: string,
  nowMs: number,
): { readonly from: string; readonly to: string } {
  const zone = isZone(timeZone) ? timeZone : "UTC";
  // Swedish writes days as ISO 8601 does.
  const to = given.to ?? new Date(nowMs).toLocaleDateString("sv-SE", { timeZone: zone });
  const fromMs = Date.parse(`${to.slice(0, 10)}T00:00:00Z`) - (usualDays - 1) * dayMs;
  if (given.from !== undefined) return { from: given.from, to };
  return { from: Number.isNaN(fromMs) ? "" : new Date(fromMs).toISOString().slice(0, 10), to };
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * A report over an agency's own rows, by its number and not by its name, which another agency may
 * have chosen: requests, which are nobody's, are the house's alone ("").
 */
export function deskReport(
  rows: Iterable<CubeRow>,
  names: ReportNames,
  agency: string,
  ask: ReportAsk,
): DeskReport {
  const own = agency === "" ? [...rows] : rowsOf(rows, names, Number(agency));
  const report = reportOf(own, names, ask);
  const { columns, rows: texts, totals } = reportColumns(report);
  return { columns, rows: texts.slice(0, reportRowsMax), totals, csv: reportCsv(report) };
}

function rowsOf(rows: Iterable<CubeRow>, names: ReportNames, agency: number): CubeRow[] {
  const own: CubeRow[] = [];
  for (const row of rows) {
    const { owner } = row;
    const { agency: of } = owner.agency === 0 ? (names.owner.get(owner.lineItem) ?? owner) : owner;
    if (of === agency) own.push(row);
  }
  return own;
}
