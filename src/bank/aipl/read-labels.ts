import { existsSync } from "node:fs";
import { join } from "node:path";
import { andNotInto, bitWords, hasBit, setBit } from "../../base/bitset.js";
import { type Bank, BankError } from "../bank.js";
import { stages } from "../config/model.js";
import { sqlParquet, sqlText } from "../duck.js";
import type { People } from "../segments/people.js";

/** By advertiser the bitset of each stage, awareness first; nobody is in two. */
export type StagesOfDay = ReadonlyMap<number, readonly Uint32Array[]>;

/**
 * The labels of a day as they concern the people of an epoch. Who merged since takes the label
 * along, the higher one where both had one; who no longer exists has none. Labels of an advertiser
 * that is not asked for are skipped.
 */
export async function readLabels(
  bank: Bank,
  people: People,
  day: string,
  advertisers: readonly number[],
): Promise<StagesOfDay> {
  const file = bank.folders.aiplOf(day);
  if (!existsSync(file)) {
    throw new BankError(`no stages of ${day} (${file} is missing): a build makes those of its day`);
  }
  const heirs = await heirsSince(bank, people.epoch, day);
  const words = bitWords(people.rowCount);
  const byAdvertiser = new Map(
    advertisers.map((id) => [id, stages.map(() => new Uint32Array(words))]),
  );
  const sql = `SELECT ordinal::UINTEGER, advertiser::UINTEGER, stage::UTINYINT
    FROM ${sqlParquet([file])}`;
  await bank.duck.stream(sql, ({ rowCount, numbers }) => {
    const [ordinals, advertiserIds, labels] = [numbers(0), numbers(1), numbers(2)];
    for (let i = 0; i < rowCount; i++) {
      const byStage = byAdvertiser.get(advertiserIds[i]!);
      if (byStage === undefined) continue;
      const ordinal = heirOf(heirs, ordinals[i]!);
      if (ordinal >= people.rowCount || !hasBit(people.existing, ordinal)) continue;
      setBit(byStage[labels[i]! - 1]!, ordinal);
    }
  });
  for (const byStage of byAdvertiser.values()) keepHighest(byStage);
  return byAdvertiser;
}

function keepHighest(byStage: readonly Uint32Array[]): void {
  for (const [s, lower] of byStage.entries()) {
    for (const higher of byStage.slice(s + 1)) andNotInto(lower, higher);
  }
}

/**
 * Ordinals that retired on the label's day or later, with the one that took their place. An earlier
 * retirement says nothing of the label: by then the ordinal may be another person's.
 */
async function heirsSince(bank: Bank, epoch: number, day: string): Promise<Map<number, number>> {
  const heirs = new Map<number, number>();
  const file = join(bank.folders.peopleOf(epoch), "retired.parquet");
  if (!existsSync(file)) return heirs;
  const sql = `SELECT ordinal::UINTEGER, coalesce("into", 0)::UINTEGER
    FROM ${sqlParquet([file])} WHERE day >= ${sqlText(day)} ORDER BY day`;
  await bank.duck.stream(sql, ({ rowCount, numbers }) => {
    const [ordinals, into] = [numbers(0), numbers(1)];
    for (let i = 0; i < rowCount; i++) heirs.set(ordinals[i]!, into[i]!);
  });
  return heirs;
}

/** Follows merges of merges; 0 = gone. A circle of a damaged file ends as gone as well. */
function heirOf(heirs: ReadonlyMap<number, number>, ordinal: number): number {
  let at = ordinal;
  for (let steps = 0; steps < 64; steps++) {
    const next = heirs.get(at);
    if (next === undefined) return at;
    at = next;
  }
  return 0;
}
