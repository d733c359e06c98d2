import { join } from "node:path";
import type { Bank } from "./bank.js";
import { sqlParquet } from "./duck.js";
import { parquetFilesBelow, removeRows } from "./rewrite.js";

/** What forgetting asks of the stages that own the files. */
export type ForgetParts = {
  /** Removes every event, identifier and edge of these keys from every batch on disk. */
  readonly removeKeys: (bank: Bank, keys: readonly bigint[]) => Promise<{ rows: number }>;
  /** The people behind keys in one epoch; neighbours are other ends of inferred links. */
  readonly personOf: (bank: Bank, keys: readonly bigint[], epoch: number) => Promise<FoundPerson>;
};

export type FoundPerson = {
  readonly ordinals: readonly number[];
  readonly keys: readonly bigint[];
  readonly neighbours: readonly bigint[];
};

const list = (values: readonly (bigint | number)[], type: string): string =>
  `(SELECT unnest([${values.join(", ")}]::${type}[]))`;

/** The plainest form of both, straight over the files. */
export const plainForgetParts: ForgetParts = {
  removeKeys: async (bank, keys) => {
    const wanted = list(keys, "UBIGINT");
    let rows = 0;
    for (const path of parquetFilesBelow(bank.folders.batches)) {
      const columns = path.endsWith("events.parquet")
        ? ["who"]
        : path.endsWith("edges.parquet")
          ? ["a", "b"]
          : ["key"];
      const condition = columns.map((column) => `${column} IN ${wanted}`).join(" OR ");
      rows += await removeRows(bank, path, condition);
    }
    return { rows };
  },
  personOf: async (bank, keys, epoch) => {
    const folder = bank.folders.peopleOf(epoch);
    const identifiers = sqlParquet([join(folder, "identifiers.parquet")]);
    const proposals = sqlParquet([join(folder, "proposals.parquet")]);
    const own = await bank.duck.rows<{ key: string; ordinal: number }>(
      `SELECT key, ordinal FROM ${identifiers} WHERE ordinal IN
        (SELECT ordinal FROM ${identifiers} WHERE key IN ${list(keys, "UBIGINT")})`,
    );
    const ownKeys = own.map(({ key }) => BigInt(key));
    const linked = list([...keys, ...ownKeys], "UBIGINT");
    const near = await bank.duck.rows<{ key: string }>(
      `SELECT b AS key FROM ${proposals} WHERE a IN ${linked}
        UNION SELECT a FROM ${proposals} WHERE b IN ${linked}`,
    );
    return {
      ordinals: [...new Set(own.map(({ ordinal }) => ordinal))],
      keys: ownKeys,
      neighbours: near.map(({ key }) => BigInt(key)),
    };
  },
};
