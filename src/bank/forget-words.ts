import { type IdentifierKind, identifierKinds } from "./config/model.js";

/** How a wish to be forgotten is said and answered: what needs no bank and no DuckDB. */

/** Whom to forget, by what the person or the exchange knows of them. */
export type ForgetRequest = {
  readonly identifiers: readonly ForgetIdentifier[];
  /** true: these identifiers alone; false: the whole person behind each. */
  readonly only: boolean;
};

export type ForgetIdentifier = {
  /** Every kind but `person`: ordinals are the bank's own and nobody can bring one. */
  readonly kind: IdentifierKind;
  /** buyerUid: the exchange's id; eid: the source's number; 0 elsewhere. */
  readonly scope: number;
  readonly value: string;
};

/** All but ordinals, which are the bank's own. */
export const forgettableKinds: readonly IdentifierKind[] = identifierKinds.filter(
  (kind) => kind !== "person",
);

/** Said of known and unknown identifiers alike: the answer must not tell who is in the bank. */
export const forgetWords =
  "Whoever is behind these identifiers is used for no bid within 5 seconds, and their rows " +
  "leave the bank. Rows that bring them again are refused.";

/** What forgetting cannot reach, for the operator. */
export const notOurs =
  "Not ours to change: the source files that were ingested, copies and backups of the data " +
  "folder, and what exchanges and advertisers keep themselves.";
