import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Bank, dayName } from "./bank.js";
import { abandonBuild } from "./build-state.js";
import { sqlParquet } from "./duck.js";
import { writeDurably } from "./durable.js";
import { peopleEpochs, peopleFiles, sqlKeys, sqlOrdinals } from "./forget-find.js";
import { parquetFilesBelow, removeRows, replaceRows } from "./rewrite.js";

/** What leaves the files: keys, people, and people who lose an identifier but may stay. */
export type Leaving = {
  readonly keys: readonly bigint[];
  readonly gone: readonly number[];
  readonly touched: readonly number[];
};

/** Re-ingest refuses these keys from here on: their hash under a key that never changes stays. */
export async function suppressKeys(bank: Bank, keys: readonly bigint[]): Promise<void> {
  const { duck, folders, nowMs } = bank;
  mkdirSync(folders.root, { recursive: true, mode: 0o700 });
  const seconds = Math.floor(nowMs / 1000);
  const old = existsSync(folders.suppressed)
    ? `SELECT hash, seconds FROM ${sqlParquet([folders.suppressed])} UNION ALL`
    : "";
  const fresh = `SELECT suppression_hash(key) AS hash, ${seconds}::UINTEGER AS seconds
    FROM (SELECT ${sqlKeys(keys)} AS key)`;
  const query = `SELECT hash, min(seconds) AS seconds FROM (${old} ${fresh})
    GROUP BY hash ORDER BY hash`;
  if ((await missingHashes(bank, keys)) > 0)
    await replaceRows({ duck, folders }, folders.suppressed, query);
}

async function missingHashes({ duck, folders }: Bank, keys: readonly bigint[]): Promise<number> {
  if (!existsSync(folders.suppressed)) return keys.length;
  return duck.number(`SELECT count(*) FROM (SELECT ${sqlKeys(keys)} AS key)
    WHERE suppression_hash(key) NOT IN (SELECT hash FROM ${sqlParquet([folders.suppressed])})`);
}

/**
 * Takes keys and people out of the people files of every epoch, the history of stages and the
 * lists. Each file is replaced whole; what a kill leaves undone is done by the same call again.
 * Returns how many files were looked through.
 */
export async function removeFromPeople(bank: Bank, leaving: Leaving): Promise<number> {
  const { folders } = bank;
  const epochs = peopleEpochs(folders);
  const keys = `(SELECT ${sqlKeys(leaving.keys)})`;
  const condition = `key IN ${keys} OR ordinal IN (SELECT ${sqlOrdinals(leaving.gone)})`;
  for (const path of peopleFiles(folders, "identifiers.parquet")) {
    await removeRows(bank, path, condition);
  }
  const ordinals = [...leaving.gone, ...(await orphansOf(bank, leaving.touched))];
  for (const epoch of epochs) {
    await removeFromEpoch(bank, folders.peopleOf(epoch), leaving, ordinals);
  }
  const days = parquetFilesBelow(folders.aipl);
  if (ordinals.length > 0) {
    const theirs = `ordinal IN (SELECT ${sqlOrdinals(ordinals)})`;
    for (const path of days) await removeRows(bank, path, theirs);
  }
  const lists = parquetFilesBelow(folders.lists);
  for (const path of lists) await removeRows(bank, path, `key IN ${keys}`);
  return parquetFilesBelow(folders.people).length + days.length + lists.length;
}

/** `gone`: who is nobody in any epoch now. */
async function removeFromEpoch(
  bank: Bank,
  folder: string,
  { keys, touched }: Leaving,
  gone: readonly number[],
): Promise<void> {
  const people = peopleJson(folder);
  if (people === null) return;
  const at = (name: string): string => join(folder, name);
  const lost = `(SELECT ${sqlOrdinals(gone)})`;
  // Somebody may have lost the last identifier in this epoch and be there in another one.
  const fewer = `(SELECT ${sqlOrdinals(touched)})`;
  const left = `(SELECT ordinal FROM ${sqlParquet([at("identifiers.parquet")])}
    WHERE ordinal IN ${fewer})`;
  const nobody = `ordinal IN ${lost} OR (ordinal IN ${fewer} AND ordinal NOT IN ${left})`;
  await removeRows(bank, at("persons.parquet"), nobody);
  const theirs = `(SELECT ${sqlKeys(keys)})`;
  await removeRows(bank, at("proposals.parquet"), `a IN ${theirs} OR b IN ${theirs}`);
  await retire(bank, at("retired.parquet"), people, gone);
  await recount(bank, folder, people);
}

type PeopleJson = { nextOrdinal: number; persons: number; identifiers: number };

/** People who go are retired today, so that nobody gets their ordinals too soon. */
async function retire(
  bank: Bank,
  path: string,
  { nextOrdinal }: PeopleJson,
  gone: readonly number[],
): Promise<void> {
  const own = gone.filter((ordinal) => ordinal < nextOrdinal);
  if (own.length === 0) return;
  const list = `(SELECT ${sqlOrdinals(own)})`;
  const today = `'${dayName(bank.asOfSec)}'`;
  await replaceRows(
    bank,
    path,
    `SELECT ordinal, day, CASE WHEN "into" IN ${list} THEN 0::UINTEGER ELSE "into" END AS "into"
      FROM ${sqlParquet([path])} WHERE ordinal NOT IN ${list}
    UNION ALL SELECT ${sqlOrdinals(own)}, ${today}, 0::UINTEGER`,
  );
}

async function recount(bank: Bank, folder: string, people: PeopleJson): Promise<void> {
  const count = (name: string): Promise<number> =>
    bank.duck.number(`SELECT count(*) FROM ${sqlParquet([join(folder, name)])}`);
  const persons = await count("persons.parquet");
  const identifiers = await count("identifiers.parquet");
  if (persons === people.persons && identifiers === people.identifiers) return;
  const text = JSON.stringify({ ...people, persons, identifiers });
  writeDurably(join(folder, "people.json"), text);
}

function peopleJson(folder: string): PeopleJson | null {
  const path = join(folder, "people.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as PeopleJson) : null;
}

/** Of these people, those whom no epoch knows any more. */
async function orphansOf(bank: Bank, touched: readonly number[]): Promise<number[]> {
  const paths = peopleFiles(bank.folders, "identifiers.parquet");
  if (touched.length === 0 || paths.length === 0) return [...touched];
  const rows = await bank.duck.rows<{ ordinal: number }>(
    `SELECT DISTINCT ordinal FROM ${sqlParquet(paths)}
      WHERE ordinal IN (SELECT ${sqlOrdinals(touched)})`,
  );
  const known = new Set(rows.map(({ ordinal }) => ordinal));
  return touched.filter((ordinal) => !known.has(ordinal));
}

/**
 * A build that was killed may have left the forgotten in files under way: it begins again. For the
 * holder of the lock.
 */
export function dropUnfinishedBuild({ folders }: Bank): void {
  abandonBuild(folders);
  rmSync(folders.writing, { recursive: true, force: true });
}
