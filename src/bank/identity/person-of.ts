import { join } from "node:path";
import type { Bank } from "../bank.js";
import { sqlParquet } from "../duck.js";

export type PersonKeys = {
  /** Persons that the keys asked for belong to. */
  readonly ordinals: readonly number[];
  /** All identifiers of these persons. */
  readonly keys: readonly bigint[];
  /** Identifiers of other persons that an inferred link joins to one of `keys`. */
  readonly neighbours: readonly bigint[];
};

/** What `people/epoch-<epoch>` knows of the persons behind some keys; each list sorted. */
export async function personOf(
  { duck, folders }: Bank,
  keys: readonly bigint[],
  epoch: number,
): Promise<PersonKeys> {
  if (keys.length === 0) return { ordinals: [], keys: [], neighbours: [] };
  const identifiers = sqlParquet([join(folders.peopleOf(epoch), "identifiers.parquet")]);
  const proposals = sqlParquet([join(folders.peopleOf(epoch), "proposals.parquet")]);
  const values = keys.map((key) => `(${key}::UBIGINT)`).join(", ");
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE asked_persons AS
      SELECT DISTINCT ordinal FROM ${identifiers} WHERE key IN (FROM (VALUES ${values}));
    CREATE OR REPLACE TEMP TABLE asked_keys AS
      SELECT key FROM ${identifiers} WHERE ordinal IN (FROM asked_persons)`);
  const ordinals = await duck.rows<{ ordinal: number }>("FROM asked_persons ORDER BY ordinal");
  const all = await duck.rows<{ key: string }>("FROM asked_keys ORDER BY key");
  const near = await duck.rows<{ key: string }>(`
    SELECT key FROM (
      SELECT b AS key FROM ${proposals} WHERE a IN (FROM asked_keys)
      UNION SELECT a FROM ${proposals} WHERE b IN (FROM asked_keys)
    ) WHERE key NOT IN (FROM asked_keys) ORDER BY key`);
  await duck.run("DROP TABLE asked_persons; DROP TABLE asked_keys");
  return {
    ordinals: ordinals.map(({ ordinal }) => ordinal),
    keys: all.map(({ key }) => BigInt(key)),
    neighbours: near.map(({ key }) => BigInt(key)),
  };
}
