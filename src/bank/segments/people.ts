import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/assert.js";
import { bitWords, setBit } from "../../base/bitset.js";
import { type Bank, BankError } from "../bank.js";
import { purposes as allPurposes } from "../config/model.js";
import { sqlList, sqlParquet } from "../duck.js";

/**
 * The people of one epoch by ordinal, as columns: 4 bytes and 3 bits a person (2.8 GB for 630 M).
 * Bit o of a bitset is the person of ordinal o; bit 0 is nobody's.
 */
export type People = {
  readonly epoch: number;
  /** Ordinals are 1 .. rowCount - 1. */
  readonly rowCount: number;
  /** Bit p = counts for purposes[p]. */
  readonly purposes: Uint8Array;
  /** Home area's number, 0 = unknown or no area of the config. */
  readonly areas: Uint16Array;
  /** Place + 1 in `config.markets`, 0 = unknown. */
  readonly markets: Uint8Array;
  /** Bitset: who exists. */
  readonly existing: Uint32Array;
  /** Bitset: who may be advertised to. Nobody else is in a segment. */
  readonly eligible: Uint32Array;
  /** Bitset: who of these counts towards a crowd minimum (identity/person-facts.ts). */
  readonly counting: Uint32Array;
  readonly identifiersFile: string;
};

export const advertisingBit = 1 << allPurposes.indexOf("advertising");

export async function loadPeople(bank: Bank, epoch: number): Promise<People> {
  const folder = bank.folders.peopleOf(epoch);
  const rowCount = rowCountOf(folder, epoch);
  const { config, duck } = bank;
  assert(config.markets.size <= 0xff && config.areas.length <= 0xffff, "too many markets or areas");
  const people: People = {
    ...{ epoch, rowCount },
    purposes: new Uint8Array(rowCount),
    areas: new Uint16Array(rowCount),
    markets: new Uint8Array(rowCount),
    existing: new Uint32Array(bitWords(rowCount)),
    eligible: new Uint32Array(bitWords(rowCount)),
    counting: new Uint32Array(bitWords(rowCount)),
    identifiersFile: join(folder, "identifiers.parquet"),
  };
  const markets = `${sqlList([...config.markets.keys()])}::VARCHAR[]`;
  const sql = `
    SELECT ordinal::UINTEGER, purposes::UTINYINT, coalesce(area, 0)::UINTEGER,
      coalesce(list_position(${markets}, market), 0)::UTINYINT, counts::UTINYINT
    FROM ${sqlParquet([join(folder, "persons.parquet")])}`;
  await duck.stream(sql, ({ rowCount: rows, numbers }) => {
    const [ordinals, purposes, areas, markets] = [numbers(0), numbers(1), numbers(2), numbers(3)];
    const counts = numbers(4);
    for (let i = 0; i < rows; i++) {
      const ordinal = ordinals[i]!;
      assert(ordinal > 0 && ordinal < rowCount, "an ordinal beyond people.json's nextOrdinal");
      people.purposes[ordinal] = purposes[i]!;
      people.areas[ordinal] = areas[i]! <= config.areas.length ? areas[i]! : 0;
      people.markets[ordinal] = markets[i]!;
      setBit(people.existing, ordinal);
      if ((purposes[i]! & advertisingBit) === 0) continue;
      setBit(people.eligible, ordinal);
      if (counts[i] === 1) setBit(people.counting, ordinal);
    }
  });
  return people;
}

function rowCountOf(folder: string, epoch: number): number {
  const file = join(folder, "people.json");
  if (!existsSync(file)) {
    throw new BankError(`epoch ${epoch} has no people (${file} is missing): build its identities`);
  }
  const { nextOrdinal } = JSON.parse(readFileSync(file, "utf8")) as { nextOrdinal: number };
  return nextOrdinal;
}
