import type { Touchpoint } from "../config/model.js";
import { type Duck, sqlText } from "../duck.js";
import type { SourceColumn } from "./column-types.js";
import { errorClass, resourceError } from "./disk.js";
import { RefusedFile } from "./result.js";
import type { SourceFile } from "./source-files.js";
import { type BrokenRow, copyText } from "./text-copy.js";

/** A source file as DuckDB reads it, one row a sound record. */
export type SourceTable = {
  /** A relation. */
  readonly from: string;
  /**
   * The number that quarantine.ndjson calls a row by: of text files the line of the file, header
   * and blank lines counted; of Parquet the row; from 1.
   */
  readonly line: string;
  /** Columns that the touch-point names and the file has, by name. */
  readonly columns: ReadonlyMap<string, SourceColumn>;
  /** True where a record can be no object at all (NDJSON). */
  readonly malformed: string;
  /** Distinct values are cheap to ask for. */
  readonly columnar: boolean;
  readonly broken: readonly BrokenRow[];
  readonly close: () => void;
};

/** Names of all columns that the touch-point reads. */
export function columnsOf(touchpoint: Touchpoint): Set<string> {
  const { columns, identifiers } = touchpoint;
  const names = [columns.eventId, columns.time.column, columns.category, columns.brand];
  names.push(columns.source, columns.amount, columns.area);
  for (const word of [columns.market, columns.behaviour])
    if ("column" in word) names.push(word.column);
  for (const { column, kind, scope } of identifiers) {
    names.push(column);
    if ("column" in kind) names.push(kind.column);
    if ("column" in scope) names.push(scope.column);
  }
  return new Set(names.filter((name) => name !== ""));
}

export async function openSource(
  duck: Duck,
  file: SourceFile,
  folder: string,
): Promise<SourceTable> {
  if (file.bytes === 0) throw new RefusedFile("is empty: write it again, or remove it");
  if (file.format === "parquet") return openParquet(duck, file);
  const wanted = columnsOf(file.touchpoint);
  const copy = await copyText(file, folder, wanted);
  const options = `quote='${file.format === "csv" ? '"' : ""}', escape='${
    file.format === "csv" ? '"' : ""
  }', delim=${sqlText(copy.delimiter)}, header=false, auto_detect=false, new_line='\\n',
    max_line_size=4194304, parallel=${String(!copy.multiline)}`;
  const csv = file.format === "csv";
  const names = csv ? copy.names.map((_, i) => `c${i}`) : ["record"];
  const types = names.map((name) => `${name}: 'VARCHAR'`).join(", ");
  const rows = `read_csv(${sqlText(copy.path)}, ${options}, columns={line: 'UINTEGER', ${types}})`;
  return {
    from: csv ? rows : jsonRows(rows, wanted),
    line: "line",
    columns: csv ? csvColumns(copy.names, wanted) : jsonColumns(wanted),
    malformed: csv ? "false" : "fields IS NULL",
    columnar: false,
    broken: copy.broken,
    close: copy.close,
  };
}

function csvColumns(names: readonly string[], wanted: ReadonlySet<string>) {
  const columns = new Map<string, SourceColumn>();
  for (const [place, name] of names.entries()) {
    if (!wanted.has(name)) continue;
    if (columns.has(name)) throw new RefusedFile(`has two columns "${name}": rename one`);
    columns.set(name, { sql: `c${place}`, type: "VARCHAR" });
  }
  return columns;
}

const jsonColumns = (wanted: ReadonlySet<string>) =>
  new Map([...wanted].map((name) => [name, { sql: `fields."${quoted(name)}"`, type: "VARCHAR" }]));

/**
 * Every field as text: integers keep their digits, however large. One walk over the record for all
 * fields takes a quarter of the time that `->>` for each of 11 takes.
 */
function jsonRows(rows: string, wanted: ReadonlySet<string>): string {
  const form = JSON.stringify(Object.fromEntries([...wanted].map((name) => [name, "VARCHAR"])));
  return `(SELECT line, CASE WHEN json_valid(record) AND json_type(record) = 'OBJECT'
    THEN from_json(record, ${sqlText(form)}) END AS fields FROM ${rows})`;
}

const quoted = (name: string): string => name.replaceAll('"', '""');

async function openParquet(duck: Duck, file: SourceFile): Promise<SourceTable> {
  const path = sqlText(sqlPattern(file.path));
  const from = `read_parquet(${path}, file_row_number=true, binary_as_string=true)`;
  const described = await duck
    .rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${from}`)
    .catch((error: unknown) => {
      throw resourceError(error, file.name) ?? unreadable(error);
    });
  const wanted = columnsOf(file.touchpoint);
  const columns = new Map<string, SourceColumn>();
  for (const { column_name: name, column_type: type } of described) {
    if (wanted.has(name)) columns.set(name, { sql: `"${quoted(name)}"`, type });
  }
  const line = "(file_row_number + 1)::UINTEGER";
  const nothing = { broken: [], close: () => undefined };
  return { from, line, columns, malformed: "false", columnar: true, ...nothing };
}

/** A path whose name DuckDB does not take for a pattern. */
export const sqlPattern = (path: string): string => path.replaceAll(/[*?[]/g, "[$&]");

/** Of a Parquet file that DuckDB does not read. */
export function unreadable(error: unknown): RefusedFile {
  const text = error instanceof Error ? error.message : "";
  if (/invalid string encoding|not valid UTF-?8/i.test(text)) {
    return new RefusedFile("holds text that is not UTF-8: write it again as UTF-8");
  }
  if (/Permission denied|Cannot open file/i.test(text)) {
    return new RefusedFile("cannot be opened: allow the bank to read it");
  }
  return new RefusedFile(
    `is no whole, readable file (half-written?; ${errorClass(error)}): write it again`,
  );
}
