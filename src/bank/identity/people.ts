import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/assert.js";
import { type Bank, BankError, dayName, secondsPerDay } from "../bank.js";
import { sqlParquet, sqlText } from "../duck.js";
import type { MergeRule } from "./audit.js";
import { batchRows } from "./batch-rows.js";
import { type Components, mergeLinks } from "./components.js";
import { loadEarlier } from "./earlier.js";
import { type Identifiers, loadIdentifiers, stopListKeys } from "./identifiers.js";
import { type Lent, lendTo, takeBack } from "./lent.js";
import { authenticated, loadLinks } from "./links.js";
import { assignOrdinals, type OrdinalCounts, type Ordinals, type Retired } from "./ordinals.js";
import { type PeopleFacts, publishPeople } from "./people-folders.js";
import { personRows } from "./person-facts.js";

export type PeopleResult = {
  readonly persons: number;
  readonly identifiers: number;
  /** Authenticated links that merged. */
  readonly merged: number;
  /** Inferred links between two persons. */
  readonly proposals: number;
  /** Authenticated links that did not merge, by the guard that refused them. */
  readonly refused: Readonly<Record<MergeRule, number>>;
  readonly ordinals: OrdinalCounts;
};

/**
 * Finds the persons behind the identifiers of all batches and publishes `people/epoch-<epoch>/`,
 * over an earlier build of the same epoch. The files depend on what the batches hold, on the people
 * of the epoch before and on the day, not on the order of batches, files and rows.
 */
export async function resolvePeople(bank: Bank, epoch: number): Promise<PeopleResult> {
  assert(Number.isInteger(epoch) && epoch > 0, "an epoch with people is 1 or more");
  const folder = join(bank.folders.writing, `people-${epoch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lent = lendTo(bank.duck);
  try {
    const step = (done: number): void => bank.report("identity", done, 5, "steps");
    step(0);
    const stopList = stopListKeys(bank);
    const identifiers = await loadIdentifiers(bank, stopList);
    step(1);
    const components = await findComponents(bank, identifiers, new Set(stopList));
    step(2);
    const earlier = await loadEarlier(bank, epoch, identifiers);
    const today = bank.asOfSec / secondsPerDay;
    const { componentOf } = components;
    const ordinals = assignOrdinals(componentOf, identifiers.first, earlier, today);
    step(3);
    lent.ranks = identifiers.ranks;
    await writeIdentifiers(bank, folder, lent, identifiers, ordinals);
    const proposals = await writeProposals(bank, folder);
    step(4);
    lent.columns = countingColumns(identifiers, ordinals, components.frozen);
    const persons = await writePersons(bank, folder);
    await writeRetired(bank, folder, lent, ordinals.retired);
    writeFileSync(join(folder, "audit.ndjson"), components.audit.lines());
    writeFacts(folder, {
      ...{ epoch, nextOrdinal: ordinals.next, persons },
      ...{ identifiers: identifiers.ranks.count, day: dayName(bank.asOfSec) },
    });
    publishPeople(bank.folders, folder, epoch);
    step(5);
    const { merged, refused } = components;
    const { count } = identifiers.ranks;
    return { persons, identifiers: count, merged, proposals, refused, ordinals: ordinals.counts };
  } catch (error) {
    throw readable(bank, error);
  } finally {
    takeBack(lent);
    rmSync(folder, { recursive: true, force: true });
    await dropTables(bank);
  }
}

async function findComponents(
  bank: Bank,
  identifiers: Identifiers,
  stopList: ReadonlySet<bigint>,
): Promise<Components> {
  let stopped = 0;
  const links = await loadLinks(bank, identifiers.ranks, (low, high) => {
    if (stopList.has((BigInt(high) << 32n) | BigInt(low))) stopped++;
  });
  const components = mergeLinks(identifiers.namespaces, links, bank.config.identity);
  const { audit, refused } = components;
  if (stopList.size === 0) return components;
  const found = await bank.duck.number(`
    SELECT count(DISTINCT key) FROM ${batchRows(bank.folders, "identifiers")}
    WHERE key IN (${[...stopList].join(", ")})`);
  for (let i = 0; i < found; i++) audit.found("stop_list", 1);
  return { ...components, refused: { ...refused, stop_list: stopped } };
}

const parquet = "FORMAT parquet, COMPRESSION zstd";

async function writeIdentifiers(
  { duck }: Bank,
  folder: string,
  lent: Lent,
  identifiers: Identifiers,
  ordinals: Ordinals,
): Promise<void> {
  lent.ordinals = ordinals.ofRank;
  lent.columns = [ordinals.ofRank, identifiers.first];
  await duck.run(`
    COPY (SELECT key, namespace, lent(0, rowid::UBIGINT) AS ordinal,
      lent(1, rowid::UBIGINT) AS first FROM known_identifiers)
    TO ${sqlText(join(folder, "identifiers.parquet"))} (${parquet});
    DROP TABLE known_identifiers`);
}

/**
 * Proposals are links of one step between persons: nothing follows two of them. Materialized, for a
 * filter on a function's result calls the function twice.
 */
async function writeProposals({ duck, folders }: Bank, folder: string): Promise<number> {
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE proposed_links AS
    WITH ends AS MATERIALIZED (
      SELECT a, b, mm, events, ordinal_of(a) AS ordinal_a, ordinal_of(b) AS ordinal_b FROM (
        SELECT a, b, mm, least(sum(events), 4294967295)::UINTEGER AS events
        FROM ${batchRows(folders, "edges")} WHERE mm <> ${authenticated} GROUP BY a, b, mm))
    FROM ends WHERE ordinal_a > 0 AND ordinal_b > 0 AND ordinal_a <> ordinal_b;
    COPY (SELECT a, b, mm, events FROM proposed_links ORDER BY a, b, mm)
    TO ${sqlText(join(folder, "proposals.parquet"))} (${parquet})`);
  return duck.number("SELECT count(*) FROM proposed_links");
}

/** What `personRows` asks of each person, by ordinal: first seen (Unix seconds), 1 = frozen. */
function countingColumns(
  { first }: Identifiers,
  { ofRank, next }: Ordinals,
  frozenRanks: Uint8Array,
): readonly Uint32Array[] {
  const since = new Uint32Array(next).fill(0xffff_ffff);
  const frozen = new Uint32Array(next);
  for (let rank = 0; rank < ofRank.length; rank++) {
    const ordinal = ofRank[rank]!;
    since[ordinal] = Math.min(since[ordinal]!, first[rank]!);
    if (frozenRanks[rank] === 1) frozen[ordinal] = 1;
  }
  return [since, frozen];
}

async function writePersons(bank: Bank, folder: string): Promise<number> {
  const file = sqlText(join(folder, "persons.parquet"));
  const rows = await personRows(bank, sqlParquet([join(folder, "identifiers.parquet")]));
  await bank.duck.run(`COPY (${rows}) TO ${file} (${parquet})`);
  return bank.duck.number(`SELECT count(*) FROM read_parquet(${file})`);
}

async function writeRetired(
  { duck }: Bank,
  folder: string,
  lent: Lent,
  retired: Retired,
): Promise<void> {
  lent.columns = [retired.ordinals, retired.days, retired.into];
  await duck.run(`
    COPY (SELECT lent(0, n) AS ordinal,
        (DATE '1970-01-01' + lent(1, n)::INTEGER)::VARCHAR AS day, lent(2, n) AS "into"
      FROM (SELECT range::UBIGINT AS n FROM range(${retired.ordinals.length})) ORDER BY ordinal)
    TO ${sqlText(join(folder, "retired.parquet"))} (${parquet})`);
}

const writeFacts = (folder: string, facts: PeopleFacts): void =>
  writeFileSync(join(folder, "people.json"), `${JSON.stringify(facts)}\n`);

async function dropTables({ duck }: Bank): Promise<void> {
  const tables = ["known_identifiers", "authenticated_links", "proposed_links", "places", "homes"];
  tables.push("consent_rows", "said", "near_by", "active");
  await duck.run(tables.map((table) => `DROP TABLE IF EXISTS ${table}`).join("; "));
}

/** DuckDB names the file that it cannot read; what to do about it depends on whose file it is. */
function readable(bank: Bank, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BankError) return error;
  const file = /['"]([^'"]*\.parquet)['"]/.exec(error.message)?.[1];
  if (file?.startsWith(bank.folders.batches)) {
    return new BankError(
      `${file} cannot be read (cut off, or no Parquet): delete its folder, ingest its source again`,
      { cause: error },
    );
  }
  if (!file?.startsWith(bank.folders.people)) return error;
  return new BankError(`${file} cannot be read: restore the folder of its epoch from a backup`, {
    cause: error,
  });
}
