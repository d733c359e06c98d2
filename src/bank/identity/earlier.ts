import { join } from "node:path";
import { type Bank, BankError } from "../bank.js";
import { sqlParquet } from "../duck.js";
import type { Identifiers } from "./identifiers.js";
import type { EarlierOrdinals, Retired } from "./ordinals.js";
import { newestPeopleEpoch, readPeopleFacts } from "./people-folders.js";

/**
 * Who had which ordinal in the newest epoch before `epoch`; lowers `identifiers.first` to what that
 * epoch knew, for rows that showed it may have left the bank since.
 */
export async function loadEarlier(
  bank: Bank,
  epoch: number,
  identifiers: Identifiers,
): Promise<EarlierOrdinals> {
  const { ranks, first } = identifiers;
  const ofRank = new Uint32Array(ranks.count);
  const before = newestPeopleEpoch(bank.folders, epoch);
  if (before === 0) return { ofRank, living: new Uint8Array(1), next: 1, retired: nobody };
  const next = readPeopleFacts(bank.folders, before).nextOrdinal;
  const living = new Uint8Array(next);
  const folder = bank.folders.peopleOf(before);
  const file = sqlParquet([join(folder, "identifiers.parquet")]);
  await bank.duck.stream(`SELECT key, ordinal, first FROM ${file}`, (chunk) => {
    const keys = chunk.pairs(0);
    const ordinals = chunk.numbers(1);
    const firsts = chunk.numbers(2);
    for (let i = 0; i < chunk.rowCount; i++) {
      if (ordinals[i]! >= next) {
        throw new BankError(`${folder} holds an ordinal that its people.json does not: restore it`);
      }
      living[ordinals[i]!] = 1;
      const rank = ranks.rankOf(keys[2 * i]!, keys[2 * i + 1]!);
      if (rank < 0) continue;
      ofRank[rank] = ordinals[i]!;
      first[rank] = Math.min(first[rank]!, firsts[i]!);
    }
  });
  return { ofRank, living, next, retired: await readRetired(bank, folder) };
}

const none = new Uint32Array(0);
const nobody: Retired = { ordinals: none, days: none, into: none };

async function readRetired(bank: Bank, folder: string): Promise<Retired> {
  const file = sqlParquet([join(folder, "retired.parquet")]);
  const ordinals: number[] = [];
  const days: number[] = [];
  const into: number[] = [];
  const sql = `SELECT ordinal, (day::DATE - DATE '1970-01-01')::UINTEGER, "into" FROM ${file}`;
  await bank.duck.stream(sql, (chunk) => {
    for (let i = 0; i < chunk.rowCount; i++) {
      ordinals.push(chunk.numbers(0)[i]!);
      days.push(chunk.numbers(1)[i]!);
      into.push(chunk.numbers(2)[i]!);
    }
  });
  return {
    ordinals: Uint32Array.from(ordinals),
    days: Uint32Array.from(days),
    into: Uint32Array.from(into),
  };
}
