import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sqlParquet } from "../duck.js";
import type { BankFolders } from "../folders.js";

const columns = {
  events:
    "event UBIGINT, seconds UINTEGER, who UBIGINT, market VARCHAR, area VARCHAR, " +
    "behaviour VARCHAR, category VARCHAR, brand VARCHAR, source VARCHAR, amount BIGINT",
  identifiers: "key UBIGINT, namespace UTINYINT, first UINTEGER, last UINTEGER, events UINTEGER",
  edges: "a UBIGINT, b UBIGINT, mm UTINYINT, first UINTEGER, last UINTEGER, events UINTEGER",
} as const;

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

/** SQL of the rows of one file of all batches, or of those of some touch-points. */
export function batchRows(
  folders: BankFolders,
  file: keyof typeof columns,
  touchpoints: readonly string[] = foldersIn(folders.batches),
): string {
  const files = touchpoints
    .flatMap((name) => {
      const folder = folders.batchesOf(name);
      return foldersIn(folder).map((batch) => join(folder, batch, `${file}.parquet`));
    })
    .filter((path) => existsSync(path));
  return files.length === 0 ? noRows(columns[file]) : sqlParquet(files);
}

/** SQL of a table without rows: `read_parquet` refuses an empty list of files. */
function noRows(typedColumns: string): string {
  const nulls = typedColumns
    .split(", ")
    .map((column) => column.split(" "))
    .map(([name, type]) => `NULL::${type} AS ${name}`);
  return `(SELECT ${nulls.join(", ")} WHERE false)`;
}
