import type { Bank } from "./bank.js";

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
