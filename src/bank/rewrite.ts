import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bank } from "./bank.js";
import { sqlParquet, sqlText } from "./duck.js";
import { putInPlace } from "./durable.js";

type Rewriter = Pick<Bank, "duck" | "folders">;
let written = 0;

/**
 * Takes the rows of a Parquet file out for which `condition` (never NULL) holds, in their order; a
 * file without any stays untouched. Returns how many went.
 */
export async function removeRows(bank: Rewriter, path: string, condition: string): Promise<number> {
  const from = sqlParquet([path]);
  const rows = await bank.duck.number(`SELECT count(*) FROM ${from} WHERE ${condition}`);
  if (rows > 0) await replaceRows(bank, path, `SELECT * FROM ${from} WHERE NOT (${condition})`);
  return rows;
}

/** Puts a query's rows in the place of a file, which the query may read. */
export async function replaceRows(bank: Rewriter, path: string, query: string): Promise<void> {
  mkdirSync(bank.folders.writing, { recursive: true, mode: 0o700 });
  const temporary = join(bank.folders.writing, `rewrite-${process.pid}-${++written}.parquet`);
  const format = "(FORMAT parquet, COMPRESSION zstd)";
  await bank.duck.run(`COPY (${query}) TO ${sqlText(temporary)} ${format}`);
  putInPlace(temporary, path);
}

/** Every Parquet file below a folder, sorted. */
export function parquetFilesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => join(folder, name))
    .sort();
}
