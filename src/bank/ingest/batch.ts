import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Bank } from "../bank.js";
import type { Touchpoint } from "../config/model.js";
import { type Duck, sqlParquet, sqlText } from "../duck.js";
import { putInPlace, syncPath } from "../durable.js";
import { resourceError } from "./disk.js";
import type { IdentifierSql } from "./identifier-columns.js";
import type { IntakeCounts } from "./result.js";
import type { SourceFile } from "./source-files.js";
import { type Staged, Status } from "./stage.js";
import type { BrokenRow } from "./text-copy.js";

/** `batch.json`: what was taken in, when it was. The row files may hold less since. */
export type BatchRecord = IntakeCounts & {
  readonly schema: 1;
  readonly touchpoint: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the rows that are still there; 0 when none is. */
  readonly firstSec: number;
  readonly lastSec: number;
  /** So many days rows stay when their touch-point has left the config. */
  readonly retentionDays: number;
  /** Digest of the rules that judged the rows (`rulesDigest`). */
  readonly rules: string;
};

export const rowFiles = ["events.parquet", "identifiers.parquet", "edges.parquet"] as const;
/**
 * Keys and event ids repeat too rarely for a dictionary: not to try one halves the time, and groups
 * of DuckDB's own size halve it again against four times as large ones (5 M rows: 0.7 s of a core).
 */
export const parquetForm =
  "FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 5000, ROW_GROUP_SIZE 122880";

export function readBatchRecord(folder: string): BatchRecord {
  return JSON.parse(readFileSync(join(folder, "batch.json"), "utf8")) as BatchRecord;
}

/**
 * Digest of what decides whether a row of the touch-point is good. A file with quarantined rows is
 * taken in once more when it changes: event ids keep the rows apart that came in before.
 */
export function rulesDigest({ config }: Bank, touchpoint: Touchpoint): string {
  const rules = JSON.stringify([touchpoint, [...config.markets], config.areas], (_, value) =>
    value instanceof Map || value instanceof Set ? [...value] : (value as unknown),
  );
  return createHash("sha256").update(rules).digest("hex").slice(0, 16);
}

/** Folders of a touch-point's batches, emptied ones included, in order of name. */
export function batchFolders({ folders }: Bank, touchpoint: string): string[] {
  const folder = folders.batchesOf(touchpoint);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((batch) => existsSync(join(batch, "batch.json")));
}

/**
 * Groups accepted rows by all their keys: `ingest_groups` (k<i>, n<i>, first, last, events). What
 * identifiers and edges are made from: one aggregation over the rows instead of one for each.
 */
export async function groupKeys(duck: Duck, { identifiers }: Staged): Promise<void> {
  const names = identifiers.flatMap(({ place, namespace }) =>
    namespace.constant ? [`k${place}`] : [`k${place}`, `n${place}`],
  );
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_groups AS
    SELECT ${names.join(", ")}, min(seconds) AS first, max(seconds) AS last,
      count(*)::UINTEGER AS events
    FROM ingest_staged WHERE status = 0 GROUP BY ${names.join(", ")}`);
}

/**
 * Gives the rows of forgotten people their status, by the keys of `ingest_groups`; false when there
 * are none.
 */
export async function markSuppressed(bank: Bank, { identifiers }: Staged): Promise<boolean> {
  const { duck, folders } = bank;
  if (!existsSync(folders.suppressed)) return false;
  const keys = identifiers.map(({ place }) => `SELECT k${place} AS key FROM ingest_groups`);
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_suppressed AS
    SELECT key FROM (SELECT DISTINCT key FROM (${keys.join(" UNION ALL ")}) WHERE key <> 0)
    WHERE suppression_hash(key) IN (SELECT hash FROM ${sqlParquet([folders.suppressed])})`);
  const found = await duck.number("SELECT count(*) FROM ingest_suppressed");
  const matches = identifiers.map(
    ({ place }) => `k${place} IN (SELECT key FROM ingest_suppressed)`,
  );
  if (found > 0) {
    await duck.run(`UPDATE ingest_staged SET status = ${Status.SUPPRESSED}
      WHERE status = 0 AND (${matches.join(" OR ")})`);
  }
  await duck.run("DROP TABLE ingest_suppressed");
  return found > 0;
}

/** Writes `ingest_staged` and `ingest_groups` as a batch, and publishes it by one rename. */
export async function writeBatch(
  bank: Bank,
  file: SourceFile,
  { sha256, batch }: { readonly sha256: string; readonly batch: string },
  staged: Staged,
  broken: readonly BrokenRow[],
  writing: string,
): Promise<BatchRecord> {
  const { duck } = bank;
  const folder = join(writing, `${file.touchpoint.name}-${batch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const counts = await countRows(duck, staged, broken);
    const [times] = await duck.rows<{ first: number | null; last: number | null }>(
      `SELECT min(first) AS first, max(last) AS last FROM ingest_groups`,
    );
    if (counts.accepted > 0) await writeRows(duck, folder, file.touchpoint, staged);
    await writeQuarantine(duck, join(folder, "quarantine.ndjson"), staged, broken);
    const record: BatchRecord = {
      ...{
        schema: 1,
        touchpoint: file.touchpoint.name,
        file: file.name,
        bytes: file.bytes,
        sha256,
      },
      ...counts,
      ...{ firstSec: times?.first ?? 0, lastSec: times?.last ?? 0 },
      ...{ retentionDays: file.touchpoint.retentionDays },
      rules: rulesDigest(bank, file.touchpoint),
    };
    writeFileSync(join(folder, "batch.json"), `${JSON.stringify(record)}\n`);
    for (const name of readdirSync(folder)) syncPath(join(folder, name));
    const place = bank.folders.batchesOf(file.touchpoint.name);
    mkdirSync(place, { recursive: true });
    putInPlace(folder, join(place, batch));
    return record;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw resourceError(error, file.name) ?? error;
  }
}

async function countRows(
  duck: Duck,
  { faults }: Staged,
  broken: readonly BrokenRow[],
): Promise<IntakeCounts> {
  const rows = await duck.rows<{ status: number; rows: string }>(
    "SELECT status, count(*) AS rows FROM ingest_staged GROUP BY status ORDER BY status",
  );
  const of = (status: number): number =>
    Number(rows.find((row) => row.status === status)?.rows ?? 0);
  const quarantined: Record<string, number> = {};
  const add = (reason: string, count: number): void => {
    if (count > 0) quarantined[reason] = (quarantined[reason] ?? 0) + count;
  };
  for (const { reason } of broken) add(reason, 1);
  for (const [place, { reason }] of faults.entries()) add(reason, of(place + 1));
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.rows), broken.length),
    accepted: of(0),
    duplicates: of(Status.DUPLICATE),
    suppressed: of(Status.SUPPRESSED),
    pastRetention: of(Status.PAST_RETENTION),
    quarantined,
  };
}

async function writeRows(
  duck: Duck,
  folder: string,
  touchpoint: Touchpoint,
  { identifiers }: Staged,
): Promise<void> {
  const first = identifiers.map(({ place }) => `nullif(k${place}, 0)`);
  const who = first.length === 1 ? `k${identifiers[0]!.place}` : `coalesce(${first.join(", ")})`;
  await copyTo(
    duck,
    `SELECT event, seconds, ${who} AS who, market, area, behaviour, category, brand, source, amount
      FROM ingest_staged WHERE status = 0`,
    join(folder, "events.parquet"),
  );
  const keys = identifiers.map(
    ({ place, namespace }) => `SELECT k${place} AS key,
      ${namespace.constant ? namespace.sql : `n${place}`} AS namespace, first, last, events
      FROM ingest_groups WHERE k${place} <> 0`,
  );
  await copyTo(
    duck,
    `SELECT key, min(namespace) AS namespace, min(first) AS first, max(last) AS last,
      sum(events)::UINTEGER AS events FROM (${keys.join(" UNION ALL ")}) GROUP BY key`,
    join(folder, "identifiers.parquet"),
  );
  await copyTo(duck, edgesSql(touchpoint, identifiers), join(folder, "edges.parquet"));
}

function edgesSql(touchpoint: Touchpoint, identifiers: readonly IdentifierSql[]): string {
  const links = touchpoint.links.flatMap(({ a, b, mm }) => {
    const [left, right] = [a, b].map((name) => identifiers.find(({ column }) => column === name));
    if (left === undefined || right === undefined) return [];
    const [x, y] = [`k${left.place}`, `k${right.place}`];
    return [
      `SELECT least(${x}, ${y}) AS a, greatest(${x}, ${y}) AS b, ${mm}::UTINYINT AS mm, first,
        last, events FROM ingest_groups WHERE ${x} <> 0 AND ${y} <> 0 AND ${x} <> ${y}`,
    ];
  });
  const none = `SELECT 0::UBIGINT AS a, 0::UBIGINT AS b, 0::UTINYINT AS mm, 0::UINTEGER AS first,
    0::UINTEGER AS last, 0::UINTEGER AS events WHERE false`;
  return `SELECT a, b, mm, min(first) AS first, max(last) AS last, sum(events)::UINTEGER AS events
    FROM (${links.length === 0 ? none : links.join(" UNION ALL ")}) GROUP BY a, b, mm`;
}

const copyTo = (duck: Duck, sql: string, path: string): Promise<void> =>
  duck.run(`COPY (${sql}) TO ${sqlText(path)} (${parquetForm})`);

/** One line a row, in order of the file. */
async function writeQuarantine(
  duck: Duck,
  path: string,
  { faults }: Staged,
  broken: readonly BrokenRow[],
): Promise<void> {
  const handle = openSync(path, "w");
  try {
    let next = 0;
    const before = (line: number): string => {
      let text = "";
      while (next < broken.length && broken[next]!.line < line) {
        text += `${JSON.stringify(broken[next++])}\n`;
      }
      return text;
    };
    const sql = `SELECT line, status FROM ingest_staged
      WHERE status BETWEEN 1 AND ${faults.length} ORDER BY line`;
    await duck.stream(sql, ({ rowCount, numbers }) => {
      const [lines, statuses] = [numbers(0), numbers(1)];
      let text = "";
      for (let row = 0; row < rowCount; row++) {
        const line = lines[row]!;
        const { reason, column } = faults[statuses[row]! - 1]!;
        text += before(line);
        text += `${JSON.stringify({ line, reason, ...(column === null ? {} : { column }) })}\n`;
      }
      writeAll(handle, text);
    });
    writeAll(handle, before(Number.POSITIVE_INFINITY));
  } finally {
    closeSync(handle);
  }
}

function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}
