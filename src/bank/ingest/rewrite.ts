import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Bank } from "../bank.js";
import { type Duck, sqlParquet, sqlText } from "../duck.js";
import { putInPlace, syncPath } from "../durable.js";
import { type BatchRecord, batchFolders, parquetForm, readBatchRecord, rowFiles } from "./batch.js";
import { resourceError } from "./disk.js";
import { retentionStartSec } from "./row-rules.js";

/** Which rows of each file of a batch stay: SQL conditions. */
type Kept = Readonly<Record<(typeof rowFiles)[number], string>>;

/**
 * Removes the rows that are older than their touch-point keeps them: events by their time,
 * identifiers and edges by when they were last seen. A batch without rows keeps its batch.json, so
 * that its file is not taken in again. Can be repeated after a kill. How many events left.
 */
export async function expireRows(bank: Bank): Promise<{ readonly rows: number }> {
  let rows = 0;
  // Not those of the config alone: rows of a touch-point that has left it expire as well.
  for (const name of foldersIn(bank.folders.batches)) {
    const touchpoint = bank.config.touchpoints.get(name);
    for (const folder of batchFolders(bank, name)) {
      const record = readBatchRecord(folder);
      const startSec = retentionStartSec(bank, touchpoint ?? record);
      if (record.firstSec >= startSec) continue;
      const kept: Kept = {
        "events.parquet": `seconds >= ${startSec}`,
        "identifiers.parquet": `last >= ${startSec}`,
        "edges.parquet": `last >= ${startSec}`,
      };
      rows += await rewriteBatch(bank, folder, kept);
    }
  }
  return { rows };
}

/**
 * Removes every event whose identifier is one of the keys, those identifiers and their edges, from
 * all batches. Can be repeated after a kill. How many events left.
 */
export async function removeKeys(
  bank: Bank,
  keys: readonly bigint[],
): Promise<{ readonly rows: number }> {
  if (keys.length === 0) return { rows: 0 };
  const { duck } = bank;
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_removed AS
    SELECT DISTINCT unnest([${keys.join(", ")}]::UBIGINT[]) AS key`);
  const none = "(SELECT key FROM ingest_removed)";
  const kept: Kept = {
    "events.parquet": `who NOT IN ${none}`,
    "identifiers.parquet": `key NOT IN ${none}`,
    "edges.parquet": `a NOT IN ${none} AND b NOT IN ${none}`,
  };
  let rows = 0;
  // Not those of the config alone: a touch-point that is no longer configured forgets as well.
  for (const touchpoint of foldersIn(bank.folders.batches)) {
    for (const folder of batchFolders(bank, touchpoint)) {
      rows += await rewriteBatch(bank, folder, kept);
    }
  }
  await duck.run("DROP TABLE ingest_removed");
  return { rows };
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).sort() : [];

/** File by file, each whole or not at all, batch.json last. How many events left. */
async function rewriteBatch(bank: Bank, folder: string, kept: Kept): Promise<number> {
  const writing = join(bank.folders.writing, "rewrite");
  rmSync(writing, { recursive: true, force: true });
  mkdirSync(writing, { recursive: true });
  try {
    const gone: number[] = [];
    for (const name of rowFiles) {
      gone.push(await rewriteFile(bank.duck, join(folder, name), join(writing, name), kept[name]));
    }
    if (gone.some((rows) => rows > 0)) await rewriteRecord(bank.duck, folder, writing);
    return gone[0]!;
  } catch (error) {
    throw resourceError(error, basename(folder)) ?? error;
  } finally {
    rmSync(writing, { recursive: true, force: true });
  }
}

/** How many rows left; a file without rows goes. */
async function rewriteFile(
  duck: Duck,
  place: string,
  written: string,
  kept: string,
): Promise<number> {
  if (!existsSync(place)) return 0;
  const [counts] = await duck.rows<{ rows: string; left: string }>(
    `SELECT count(*) AS rows, count(*) FILTER (${kept}) AS left FROM ${sqlParquet([place])}`,
  );
  const [rows, left] = [Number(counts!.rows), Number(counts!.left)];
  if (left === rows && rows > 0) return 0;
  if (left === 0) {
    rmSync(place);
    syncPath(dirname(place));
    return rows;
  }
  await duck.run(`COPY (SELECT * FROM ${sqlParquet([place])} WHERE ${kept})
    TO ${sqlText(written)} (${parquetForm})`);
  putInPlace(written, place);
  return rows - left;
}

async function rewriteRecord(duck: Duck, folder: string, writing: string): Promise<void> {
  const events = join(folder, "events.parquet");
  const [times] = existsSync(events)
    ? await duck.rows<{ first: number; last: number }>(
        `SELECT min(seconds) AS first, max(seconds) AS last FROM ${sqlParquet([events])}`,
      )
    : [{ first: 0, last: 0 }];
  const record: BatchRecord = {
    ...readBatchRecord(folder),
    ...{ firstSec: times!.first, lastSec: times!.last },
  };
  const written = join(writing, "batch.json");
  writeFileSync(written, `${JSON.stringify(record)}\n`);
  putInPlace(written, join(folder, "batch.json"));
}
