import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bank } from "../bank.js";
import { sqlParquet } from "../duck.js";

/**
 * Fills `ingest_persons` (ordinal, key, namespace): for every ordinal of the query `ordinals` that
 * somebody has, or had before a merge, the person's oldest identifier in the newest people.
 */
export async function resolveOrdinals(bank: Bank, ordinals: string): Promise<void> {
  const { duck } = bank;
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_persons
    (ordinal UINTEGER, key UBIGINT, namespace UTINYINT)`);
  const people = newestPeople(bank);
  if (people === null) return;
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_wanted AS
    SELECT DISTINCT ordinal, ordinal AS now FROM (${ordinals}) WHERE ordinal IS NOT NULL`);
  const identifiers = sqlParquet([join(people, "identifiers.parquet")]);
  const found = `INSERT INTO ingest_persons
    SELECT w.ordinal, o.oldest.key, o.oldest.namespace FROM ingest_wanted w JOIN (
      SELECT ordinal, min({first: "first", key: key, namespace: namespace}) AS oldest
      FROM ${identifiers} WHERE ordinal IN (SELECT now FROM ingest_wanted) GROUP BY ordinal
    ) o ON o.ordinal = w.now`;
  await duck.run(found);
  const retired = join(people, "retired.parquet");
  if (existsSync(retired)) {
    await followRetired(bank, retired);
    await duck.run(found);
  }
  await duck.run("DROP TABLE ingest_wanted");
}

/** Merges in a row that an ordinal may have gone through; a circle would be our mistake. */
const mergesMax = 64;

/** Leaves in `ingest_wanted` who is not found yet, with whom they became. */
async function followRetired({ duck }: Bank, retired: string): Promise<void> {
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_wanted AS
    WITH RECURSIVE last AS (
      SELECT ordinal, arg_max("into", day) AS heir FROM ${sqlParquet([retired])} GROUP BY ordinal
    ), chain AS (
      SELECT ordinal, now, 0 AS merges FROM ingest_wanted
        WHERE ordinal NOT IN (SELECT ordinal FROM ingest_persons)
      UNION ALL
      SELECT chain.ordinal, last.heir, merges + 1 FROM chain JOIN last ON last.ordinal = chain.now
        WHERE last.heir <> 0 AND merges < ${mergesMax}
    )
    SELECT ordinal, arg_max(now, merges) AS now FROM chain GROUP BY ordinal`);
}

/** The folder of the highest epoch; null before the first build. */
function newestPeople({ folders }: Bank): string | null {
  if (!existsSync(folders.people)) return null;
  const epochs = readdirSync(folders.people)
    .map((name) => /^epoch-(\d+)$/.exec(name)?.[1])
    .filter((epoch) => epoch !== undefined)
    .map(Number)
    .filter((epoch) => existsSync(join(folders.peopleOf(epoch), "identifiers.parquet")));
  return epochs.length === 0 ? null : folders.peopleOf(Math.max(...epochs));
}
