import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bank } from "./bank.js";
import { sqlParquet } from "./duck.js";
import type { BankFolders } from "./folders.js";
import { type ForgetIntent, hexesOf, keysOf, writeIntent } from "./forget-intent.js";
import type { ForgetParts } from "./forget-parts.js";

/** Appends to the forget log, synced: the bidder stops using these people. */
export type Suppress = (ordinals: readonly number[]) => Promise<void>;

/**
 * Finds who is behind an intent's keys and has them suppressed, the asked ones first: their
 * ordinals take one look into files that are sorted by key, the rest of the person takes a scan.
 * Reads files only, so that it needs no lock and a build that runs for hours does not delay it. The
 * intent on disk names whom it found, once they are suppressed.
 */
export async function findForgotten(
  bank: Bank,
  intent: ForgetIntent,
  parts: Pick<ForgetParts, "personOf">,
  suppress: Suppress,
): Promise<ForgetIntent> {
  const suppressed = new Set([...intent.gone, ...intent.touched]);
  const stop = async (ordinals: Iterable<number>): Promise<void> => {
    const fresh = [...new Set(ordinals)].filter((n) => !suppressed.has(n)).sort((a, b) => a - b);
    if (fresh.length > 0) await suppress(fresh);
    for (const ordinal of fresh) suppressed.add(ordinal);
  };
  const asked = keysOf(intent.asked);
  await stop(await ordinalsOf(bank, asked));
  const keys = new Set(keysOf(intent.keys));
  const gone = new Set(intent.gone);
  if (!intent.only) {
    for (const epoch of peopleEpochs(bank.folders)) {
      const person = await parts.personOf(bank, asked, epoch);
      for (const key of [...person.keys, ...person.neighbours]) keys.add(key);
      for (const ordinal of person.ordinals) gone.add(ordinal);
    }
    for (const ordinal of await earlierOrdinals(bank, gone)) gone.add(ordinal);
  }
  await stop([...gone, ...(await ordinalsOf(bank, [...keys]))]);
  const found: ForgetIntent = {
    ...intent,
    keys: hexesOf(keys),
    gone: [...gone].sort((a, b) => a - b),
    touched: [...suppressed].filter((n) => !gone.has(n)).sort((a, b) => a - b),
  };
  writeIntent(bank.folders, found);
  return found;
}

/** The epochs of people that are on disk, newest first. */
export function peopleEpochs(folders: BankFolders): number[] {
  if (!existsSync(folders.people)) return [];
  return readdirSync(folders.people)
    .map((name) => Number(/^epoch-([1-9]\d*)$/.exec(name)?.[1] ?? 0))
    .filter((epoch) => epoch > 0)
    .sort((a, b) => b - a);
}

/** Files of one name of every people epoch that has it. */
export const peopleFiles = (folders: BankFolders, name: string): string[] =>
  peopleEpochs(folders)
    .map((epoch) => join(folders.peopleOf(epoch), name))
    .filter((path) => existsSync(path));

export const sqlKeys = (keys: readonly bigint[]): string =>
  `unnest([${keys.join(", ")}]::UBIGINT[])`;
export const sqlOrdinals = (ordinals: readonly number[]): string =>
  `unnest([${ordinals.join(", ")}]::UINTEGER[])`;

/** The people of these keys, in one epoch or in every one. */
export async function ordinalsOf(
  bank: Bank,
  keys: readonly bigint[],
  epoch?: number,
): Promise<number[]> {
  const paths =
    epoch === undefined
      ? peopleFiles(bank.folders, "identifiers.parquet")
      : [join(bank.folders.peopleOf(epoch), "identifiers.parquet")].filter(existsSync);
  if (keys.length === 0 || paths.length === 0) return [];
  // One key: its row group alone is read. Many: a join, which still skips what lies outside.
  const wanted = keys.length === 1 ? `${keys[0]}::UBIGINT` : `SELECT ${sqlKeys(keys)}`;
  const rows = await bank.duck.rows<{ ordinal: number }>(
    `SELECT DISTINCT ordinal FROM ${sqlParquet(paths)} WHERE key IN (${wanted}) ORDER BY ordinal`,
  );
  return rows.map(({ ordinal }) => ordinal);
}

/** Ordinals that were merged into these, step by step: older days know the person by them. */
async function earlierOrdinals(bank: Bank, ordinals: ReadonlySet<number>): Promise<number[]> {
  const paths = peopleFiles(bank.folders, "retired.parquet");
  if (ordinals.size === 0 || paths.length === 0) return [];
  const retired = `SELECT ordinal, "into" FROM ${sqlParquet(paths)}`;
  const rows = await bank.duck.rows<{ ordinal: number }>(`
    WITH RECURSIVE retired AS (${retired}), earlier(ordinal) AS (
      SELECT ${sqlOrdinals([...ordinals])}
      UNION SELECT retired.ordinal FROM retired JOIN earlier ON retired."into" = earlier.ordinal)
    SELECT DISTINCT ordinal FROM earlier WHERE ordinal > 0`);
  return rows.map(({ ordinal }) => ordinal);
}
