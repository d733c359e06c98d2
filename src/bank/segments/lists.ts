import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bitWords, setBit } from "../../base/bitset.js";
import { type Bank, BankError, secondsPerDay } from "../bank.js";
import { sqlParquet } from "../duck.js";
import type { People } from "./people.js";

/** A list that an agency brought and that has not expired. */
export type MatchedList = {
  readonly agency: number;
  readonly name: string;
  readonly lifetimeDays: number;
  /**
   * Of those of its keys that the bank knows itself: the same people brought again are the same
   * set, whatever the name and however many strangers are put in, so the crowd minimum's noise
   * cannot be drawn again.
   */
  readonly fingerprint: string;
  /** Bitset: people of the bank's own that hold one of its keys. */
  readonly bits: Uint32Array;
};

export const listKey = (agency: number, name: string): string => `${agency}/${name}`;

/**
 * Lists by `listKey`, matched with the identifiers that touch-points brought: a key that the bank
 * has never seen itself adds nobody. A list's keys link nobody either.
 */
export async function matchLists(bank: Bank, people: People): Promise<Map<string, MatchedList>> {
  const lists = new Map<string, MatchedList>();
  for (const agency of foldersIn(bank.folders.lists)) {
    for (const name of foldersIn(join(bank.folders.lists, agency))) {
      const list = await matchList(bank, people, Number(agency), name);
      if (list !== null) lists.set(listKey(list.agency, list.name), list);
    }
  }
  return lists;
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

async function matchList(
  { duck, folders, nowMs }: Bank,
  people: People,
  agency: number,
  name: string,
): Promise<MatchedList | null> {
  const folder = folders.listOf(agency, name);
  const { expiresSec, uploadedSec } = listFacts(join(folder, "list.json"));
  if (expiresSec * 1000 <= nowMs) return null;
  const keys = `(SELECT DISTINCT key FROM ${sqlParquet([join(folder, "keys.parquet")])})`;
  const bits = new Uint32Array(bitWords(people.rowCount));
  const identifiers = sqlParquet([people.identifiersFile]);
  const sql = `SELECT i.ordinal::UINTEGER
    FROM ${identifiers} i SEMI JOIN ${keys} k ON k.key = i.key`;
  await duck.stream(sql, ({ rowCount, numbers }) => {
    const ordinals = numbers(0);
    for (let i = 0; i < rowCount; i++) setBit(bits, ordinals[i]!);
  });
  const [row] = await duck.rows<{ count: string; keys: string }>(
    `SELECT count(*) AS count, coalesce(bit_xor(hash(i.key)), 0) AS keys
      FROM ${identifiers} i SEMI JOIN ${keys} k ON k.key = i.key`,
  );
  const lifetimeDays = Math.max(1, Math.ceil((expiresSec - uploadedSec) / secondsPerDay));
  return { agency, name, lifetimeDays, fingerprint: `${row!.count}:${row!.keys}`, bits };
}

function listFacts(file: string): { expiresSec: number; uploadedSec: number } {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { expiresSec: number; uploadedSec: number };
  } catch {
    throw new BankError(`${file} cannot be read: bring the list again or remove its folder`);
  }
}
