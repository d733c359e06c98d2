import { UBIGINT, UINTEGER, UTINYINT } from "@duckdb/node-api";
import { assert } from "../../base/assert.js";
import { type Duck, numbersOf, wordsOf } from "../duck.js";
import { mayUse } from "./consent.js";
import type { IdentifierRanks } from "./ranks.js";

/**
 * Memory of JavaScript that SQL reads while this stage runs:
 *
 *   lent(column UTINYINT, row UBIGINT) -> UINTEGER       value `row` of `columns[column]`
 *   ordinal_of(key UBIGINT) -> UINTEGER                  whose identifier it is, 0 = nobody's
 *   may_use(opt_out UTINYINT, granted, account_granted, withdrawn, account_withdrawn UINTEGER)
 *     -> UINTEGER                                        1 or 0, consent.ts
 *
 * Functions see NULL as any value: coalesce before. About 0.05 us a row, 0.2 us a key.
 */
export type Lent = {
  columns: readonly Uint32Array[];
  ranks: IdentifierRanks | null;
  ordinals: Uint32Array;
};

/** Registers the functions, anew over those of an earlier run, and gives what they read. */
export function lendTo(duck: Duck): Lent {
  const lent: Lent = { columns: [], ranks: null, ordinals: new Uint32Array(0) };
  duck.define("lent", [UTINYINT, UBIGINT], UINTEGER, (input, rows, output) => {
    const out = wordsOf(output);
    const columns = numbersOf(input.getColumnVector(0));
    const places = wordsOf(input.getColumnVector(1));
    for (let i = 0; i < rows; i++) out[i] = lent.columns[columns[i]!]![places[2 * i]!]!;
  });
  let found = new Int32Array(0);
  duck.define("ordinal_of", [UBIGINT], UINTEGER, (input, rows, output) => {
    const out = wordsOf(output);
    const { ranks, ordinals } = lent;
    assert(ranks !== null, "identifiers are lent");
    if (found.length < rows) found = new Int32Array(rows);
    ranks.ranksInto(wordsOf(input.getColumnVector(0)), rows, found);
    for (let i = 0; i < rows; i++) out[i] = found[i]! < 0 ? 0 : ordinals[found[i]!]!;
  });
  const moments = [UINTEGER, UINTEGER, UINTEGER, UINTEGER];
  duck.define("may_use", [UTINYINT, ...moments], UINTEGER, (input, rows, output) => {
    const out = wordsOf(output);
    const optOut = numbersOf(input.getColumnVector(0));
    const granted = numbersOf(input.getColumnVector(1));
    const accountGranted = numbersOf(input.getColumnVector(2));
    const withdrawn = numbersOf(input.getColumnVector(3));
    const accountWithdrawn = numbersOf(input.getColumnVector(4));
    for (let i = 0; i < rows; i++) {
      const may = mayUse(optOut[i] === 1 ? "optOut" : "optIn", {
        granted: granted[i]!,
        accountGranted: accountGranted[i]!,
        withdrawn: withdrawn[i]!,
        accountWithdrawn: accountWithdrawn[i]!,
      });
      out[i] = may ? 1 : 0;
    }
  });
  return lent;
}

/** The functions stay registered; what they read can be freed. */
export function takeBack(lent: Lent): void {
  lent.columns = [];
  lent.ranks = null;
  lent.ordinals = new Uint32Array(0);
}
