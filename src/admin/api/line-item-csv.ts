import { mapSteps, type Steps } from "../../base/steps.js";
import type { LineItemNow } from "../desk/desk.js";
import type { EntityRecord, Json, JsonObject } from "../store/desk-store.js";
import type { Caller } from "./access.js";
import { csvLine, readCsv } from "./csv.js";
import type { Desk } from "./desk-parts.js";
import { nameOf, seenOf } from "./entity-view.js";
import {
  type Column,
  changesOf,
  columnNames,
  columns,
  sameJson,
  valueAt,
  withValue,
} from "./line-item-columns.js";
import type { RowPlan } from "./line-item-rows.js";

/** Line items as CSV: what is exported comes back unchanged; `version` refuses stale rows. */

export const csvRowsMax = 5000;
/** `state` is for readers: it is not read back. */
const own = ["key", "version", "state"];

export const csvHead = (): string => csvLine([...own, ...columns.map(({ name }) => name)]);

export function csvRowOf(
  now: ReadonlyMap<number, Pick<LineItemNow, "state">>,
  record: EntityRecord,
): string {
  const { key, version, form } = record;
  const state = now.get(Number(key))?.state ?? (record.draft ? "draft" : "");
  const cells = columns.map(({ path, write }) => {
    const value = valueAt(form, path);
    return value === undefined ? "" : write(value);
  });
  return csvLine([key, String(version), state, ...cells]);
}

export type CsvPlans =
  | { readonly ok: true; readonly plans: readonly RowPlan[]; readonly created: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** Plans of all rows; those at the places `created` are new and wait for a key. */
export function* csvPlanSteps(desk: Desk, caller: Caller, text: string): Steps<CsvPlans> {
  const read = readCsv(text);
  if (!read.ok) return { ok: false, message: `line ${read.line}: ${read.message}` };
  const [head, ...rows] = read.rows;
  if (head === undefined) return { ok: false, message: "has no row of column names" };
  if (rows.length > csvRowsMax) return { ok: false, message: `has more than ${csvRowsMax} rows` };
  const problem = headProblem(head.cells);
  if (problem !== "") return { ok: false, message: problem };
  const created: number[] = [];
  const seenKeys = new Set<string>();
  const plans = yield* mapSteps(rows, ({ line, cells }, i): RowPlan => {
    if (cells.length !== head.cells.length) {
      return bad("", `line ${line} has ${cells.length} cells, not ${head.cells.length}`);
    }
    const row = new Map(head.cells.map((name, at) => [name.trim(), cells[at] ?? ""]));
    const key = (row.get("key") ?? "").trim();
    if (key === "") {
      created.push(i);
      return newPlan(row);
    }
    if (seenKeys.has(key)) return bad(key, `line ${line} is a second row of this key`);
    seenKeys.add(key);
    return changedPlan(seenOf(desk, caller, "lineItem", key), key, row);
  });
  return { ok: true, plans, created };
}

function headProblem(cells: readonly string[]): string {
  const names = cells.map((name) => name.trim());
  if (!names.includes("key")) return "has no column `key`";
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return "has two columns of one name";
  const unknown = names.findIndex((name) => !own.includes(name) && !columnNames.has(name));
  return unknown < 0
    ? ""
    : `column ${unknown + 1} is not known: ${[...own, ...columnNames.keys()].join(", ")} are`;
}

const bad = (key: string, error: string): RowPlan => ({
  ...{ key, name: "", version: 0, changes: [], wish: null, error },
});

function newPlan(row: ReadonlyMap<string, string>): RowPlan {
  const form = formOf({}, row);
  if (typeof form === "string") return bad("", form);
  return {
    ...{ key: "", name: nameOf({ form }), version: 0, changes: changesOf({}, form) },
    wish: { kind: "lineItem", key: "", before: null, form, draft: false, archived: false },
  };
}

function changedPlan(
  before: EntityRecord | null,
  key: string,
  row: ReadonlyMap<string, string>,
): RowPlan {
  if (before === null) return bad(key, "there is no such line item");
  const { version, draft, archived } = before;
  const known = { key, name: nameOf(before), version };
  const refused = (error: string): RowPlan => ({ ...known, changes: [], wish: null, error });
  const given = (row.get("version") ?? "").trim();
  if (!/^\d{1,15}$/.test(given)) return refused("version: is missing: export it again");
  if (Number(given) !== version) {
    return refused(`version: it was changed since ${given}: export it again`);
  }
  const form = formOf(before.form, row);
  if (typeof form === "string") return refused(form);
  return {
    ...known,
    changes: changesOf(before.form, form),
    wish: { kind: "lineItem", key, before, form, draft, archived },
  };
}

/** The form with the row's cells, or which cell cannot be read. Other fields stay. */
function formOf(before: JsonObject, row: ReadonlyMap<string, string>): JsonObject | string {
  let form = before;
  for (const column of columns) {
    const cell = row.get(column.name);
    if (cell === undefined) continue;
    const value = cell === "" ? undefined : column.read(cell);
    if (cell !== "" && value === undefined) return `${column.name}: write ${column.words}`;
    if (value !== undefined && !isTame(column, value)) return `${column.name}: nests too deep`;
    if (!sameJson(valueAt(form, column.path), value)) form = withValue(form, column.path, value);
  }
  return form;
}

const depthMax = 32;
/** JSON in a cell is bound as a body's is. */
function isTame({ write }: Column, value: Json): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depthOf(value, 0) > depthMax) return false;
  return !/"(?:__proto__|constructor|prototype)":/.test(write(value));
}

const depthOf = (value: unknown, depth: number): number =>
  typeof value !== "object" || value === null || depth > depthMax
    ? depth
    : Math.max(depth, ...Object.values(value).map((inner) => depthOf(inner, depth + 1)));
