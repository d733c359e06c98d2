import type { Bank } from "../bank.js";
import type { Touchpoint } from "../config/model.js";
import { sqlList } from "../duck.js";
import { microsOf, textOf } from "./column-types.js";
import { errorClass, resourceError } from "./disk.js";
import { type Fault, type IdentifierSql, identifierSql, stopKeysOf } from "./identifier-columns.js";
import { resolveOrdinals } from "./persons.js";
import { RefusedFile } from "./result.js";
import {
  castsOf,
  type Dictionaries,
  faultsOf,
  isTooLong,
  retentionStartSec,
  words,
} from "./row-rules.js";
import type { SourceFile } from "./source-files.js";
import { type SourceTable, unreadable } from "./source-table.js";

/** `status` of a staged row: 0 accepted, then the place of a fault + 1, or one of these. */
export const Status = { PAST_RETENTION: 250, SUPPRESSED: 251, DUPLICATE: 252 } as const;

/**
 * One pass over a source file fills the table `ingest_staged`: line, event, seconds, market, area,
 * behaviour, category, brand, source, amount, status, and for the identifier at place i its key
 * k<i> and, where it is no constant, its namespace n<i>. Raw identifiers end here: none but
 * streaming operators touch them, so that DuckDB cannot spill one.
 */
export type Staged = {
  readonly faults: readonly Fault[];
  readonly identifiers: readonly IdentifierSql[];
};

export async function stageFile(
  bank: Bank,
  file: SourceFile,
  table: SourceTable,
  seen: string,
  onRead: () => void,
): Promise<Staged> {
  const { touchpoint } = file;
  try {
    const casts = castsOf(touchpoint, table);
    const identifiers = touchpoint.identifiers
      .map((identifier, place) => identifierSql(identifier, place, table.columns))
      .filter((identifier) => identifier !== null);
    if (identifiers.length === 0) throw noIdentifier(touchpoint);
    const dictionaries = table.columnar ? await dictionariesOf(bank, touchpoint, table) : {};
    const faults = faultsOf(bank, touchpoint, dictionaries);
    faults.push(...identifiers.flatMap((one) => one.faults));
    faults.push({ sql: absent(identifiers), reason: "no_identifier", column: null });
    if (faults.length >= Status.PAST_RETENTION) throw new Error("more faults than codes for them");
    await resolvePersons(bank, table, identifiers);
    const keyed = keyedSql(table, casts, identifiers);
    const stopKeys = stopKeysOf(bank.config.identity, touchpoint, bank.keys.identifier);
    const stopped = stoppedSql(keyed, identifiers, stopKeys);
    const old = retentionStartSec(bank, touchpoint);
    const sql = stagedSql(stopped, identifiers, statusSql(faults, old), dictionaries, seen);
    onRead();
    await bank.duck.run(`CREATE OR REPLACE TEMP TABLE ingest_staged AS ${sql}`);
    return { faults, identifiers };
  } catch (error) {
    throw resourceError(error, file.name) ?? refusalOf(error, file);
  }
}

function refusalOf(error: unknown, file: SourceFile): Error {
  if (error instanceof RefusedFile) return error;
  if (file.format === "parquet") return unreadable(error);
  return new RefusedFile(`cannot be read (${errorClass(error)}): write it again`);
}

function noIdentifier(touchpoint: Touchpoint): RefusedFile {
  const names = touchpoint.identifiers.map(({ column }) => `"${column}"`).join(", ");
  return new RefusedFile(`has no column of an identifier (${names}): add one`);
}

const absent = (identifiers: readonly IdentifierSql[]): string =>
  identifiers.map(({ place }) => `k${place} = 0`).join(" AND ");

async function resolvePersons(
  bank: Bank,
  table: SourceTable,
  identifiers: readonly IdentifierSql[],
): Promise<void> {
  const queries = identifiers.flatMap(({ ordinal, casts }) =>
    ordinal === null
      ? []
      : [`SELECT ${ordinal} AS ordinal FROM (SELECT ${casts.join(", ")} FROM ${table.from})`],
  );
  if (queries.length > 0) await resolveOrdinals(bank, queries.join(" UNION ALL "));
}

/** More different words than this stay texts. */
const dictionaryMax = 4096;

/**
 * The words of each column that has few: as ENUM they cost a byte or two a row instead of 16, and
 * are written 2.5 times as fast (DuckDB 1.5.6, 5 M rows, 6 words).
 */
async function dictionariesOf(
  bank: Bank,
  touchpoint: Touchpoint,
  table: SourceTable,
): Promise<Dictionaries> {
  const found: Dictionaries = {};
  for (const word of words) {
    const column = table.columns.get(touchpoint.columns[word]);
    if (column === undefined) continue;
    const rows = await bank.duck.rows<{ word: string }>(`
      SELECT DISTINCT word FROM (SELECT ${textOf(column)} AS word FROM ${table.from})
      WHERE word IS NOT NULL LIMIT ${dictionaryMax + 1}`);
    if (rows.length <= dictionaryMax) found[word] = rows.map((row) => row.word);
  }
  return found;
}

/** The source with a raw key h<i> for each identifier. */
function keyedSql(
  table: SourceTable,
  casts: readonly string[],
  identifiers: readonly IdentifierSql[],
): string {
  const all = [...casts, ...identifiers.flatMap((identifier) => identifier.casts)];
  const keys = identifiers.map(({ key, place }) => `${key} AS h${place}`);
  const namespaces = identifiers
    .filter(({ namespace }) => !namespace.constant)
    .map(({ namespace, place }) => `${namespace.sql} AS n${place}`);
  const joins = identifiers
    .filter(({ ordinal }) => ordinal !== null)
    .map(
      ({ ordinal, place }) => `LEFT JOIN ingest_persons p${place}
      ON p${place}.ordinal = ${ordinal}`,
    );
  return `SELECT a.*, ${[...keys, ...namespaces].join(", ")}
    FROM (SELECT ${all.join(", ")} FROM ${table.from}) a ${joins.join(" ")}`;
}

/** Identifiers of the stop-list count as absent. */
function stoppedSql(
  keyed: string,
  identifiers: readonly IdentifierSql[],
  stopKeys: readonly bigint[],
): string {
  const keys = identifiers.map(({ place }) =>
    stopKeys.length === 0
      ? `h${place} AS k${place}`
      : `CASE WHEN h${place} IN (${stopKeys.join(", ")}) THEN 0 ELSE h${place} END AS k${place}`,
  );
  return `SELECT *, ${keys.join(", ")} FROM (${keyed})`;
}

/** What becomes of a row. Most rows are good: one condition for those, a search for the others. */
function statusSql(faults: readonly Fault[], retentionSec: number): string {
  const cases = faults.map(({ sql }, place) => `WHEN ${sql} THEN ${place + 1}`);
  const any = faults.map(({ sql }) => `(${sql})`).join(" OR ");
  return `(CASE WHEN ${any} THEN CASE ${cases.join(" ")} END
    WHEN seconds < ${retentionSec} THEN ${Status.PAST_RETENTION} ELSE 0 END)::UTINYINT`;
}

function stagedSql(
  rows: string,
  identifiers: readonly IdentifierSql[],
  status: string,
  dictionaries: Dictionaries,
  seen: string,
): string {
  const texts = words.map((word) => {
    const dictionary = dictionaries[word]?.filter((text) => !isTooLong(text)) ?? [];
    if (dictionary.length === 0) return `"${word}"`;
    return `TRY_CAST("${word}" AS ENUM(${sqlList(dictionary).slice(1, -1)})) AS "${word}"`;
  });
  const keys = identifiers.map(({ place, namespace }) =>
    namespace.constant ? `k${place}` : `k${place}, n${place}`,
  );
  return `SELECT line, event, ${seen}(event) AS seen, TRY_CAST(seconds AS UINTEGER) AS seconds,
      market, behaviour, ${texts.join(", ")}, ${keys.join(", ")},
      CASE WHEN amount BETWEEN 0 AND 9007199254.740992 THEN ${microsOf("amount")} END AS amount,
      ${status} AS status
    FROM (SELECT *, hash(id) AS event FROM (${rows}))`;
}
