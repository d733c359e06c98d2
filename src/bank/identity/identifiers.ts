import { type Bank, BankError } from "../bank.js";
import { identifierKeyOf, kindNumbers } from "../identifier-functions.js";
import { batchRows } from "./batch-rows.js";
import { IdentifierRanks } from "./ranks.js";

export type Identifiers = {
  readonly ranks: IdentifierRanks;
  /** By rank. */
  readonly namespaces: Uint8Array;
  /** By rank: when it was first seen, in Unix seconds. */
  readonly first: Uint32Array;
};

/** Keys of `identity.stopList`. */
export function stopListKeys(bank: Bank): readonly bigint[] {
  return bank.config.identity.stopList.map(({ kind, value }, i) => {
    const key = identifierKeyOf(kindNumbers[kind], 0, value, bank.keys.identifier);
    if (key === null) {
      throw new BankError(
        `bank.yaml: identity.stopList[${i}] is no usable identifier of kind ${kind}: correct it`,
      );
    }
    return key;
  });
}

/**
 * The identifiers of all batches but for those of the stop list, which are nobody's. Leaves the
 * table `known_identifiers (key, namespace, first)` in DuckDB, its rowid the rank.
 */
export async function loadIdentifiers(
  bank: Bank,
  stopList: readonly bigint[],
): Promise<Identifiers> {
  const { duck } = bank;
  const stopped = stopList.length === 0 ? "" : `WHERE key NOT IN (${stopList.join(", ")})`;
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE known_identifiers AS
    SELECT key, min(namespace) AS namespace, min(first) AS first
    FROM ${batchRows(bank.folders, "identifiers")} ${stopped}
    GROUP BY key ORDER BY key`);
  const count = await duck.number("SELECT count(*) FROM known_identifiers");
  const words = new Uint32Array(2 * count);
  const namespaces = new Uint8Array(count);
  const first = new Uint32Array(count);
  let at = 0;
  await duck.stream(
    "SELECT key, namespace, first FROM known_identifiers ORDER BY rowid",
    (chunk) => {
      words.set(chunk.pairs(0).subarray(0, 2 * chunk.rowCount), 2 * at);
      namespaces.set(chunk.numbers(1).subarray(0, chunk.rowCount), at);
      first.set(chunk.numbers(2).subarray(0, chunk.rowCount), at);
      at += chunk.rowCount;
    },
  );
  return { ranks: new IdentifierRanks(words), namespaces, first };
}
