import {
  type DuckDBDataChunk,
  DuckDBScalarFunction,
  type DuckDBType,
  UBIGINT,
  UINTEGER,
  UTINYINT,
} from "@duckdb/node-api";
import { assert } from "../../base/assert.js";
import { type Column, type Duck, wordsOf } from "../duck.js";
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
  define(duck, "lent", [UTINYINT, UBIGINT], (input, rows, out) => {
    const columns = numbersOf(input, 0);
    const places = wordsOf(input.getColumnVector(1));
    for (let i = 0; i < rows; i++) out[i] = lent.columns[columns[i]!]![places[2 * i]!]!;
  });
  let found = new Int32Array(0);
  define(duck, "ordinal_of", [UBIGINT], (input, rows, out) => {
    const { ranks, ordinals } = lent;
    assert(ranks !== null, "identifiers are lent");
    if (found.length < rows) found = new Int32Array(rows);
    ranks.ranksInto(wordsOf(input.getColumnVector(0)), rows, found);
    for (let i = 0; i < rows; i++) out[i] = found[i]! < 0 ? 0 : ordinals[found[i]!]!;
  });
  const moments = [UINTEGER, UINTEGER, UINTEGER, UINTEGER];
  define(duck, "may_use", [UTINYINT, ...moments], (input, rows, out) => {
    const optOut = numbersOf(input, 0);
    const granted = numbersOf(input, 1);
    const accountGranted = numbersOf(input, 2);
    const withdrawn = numbersOf(input, 3);
    const accountWithdrawn = numbersOf(input, 4);
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

const numbersOf = (input: DuckDBDataChunk, column: number): Column =>
  (input.getColumnVector(column) as unknown as { items: Column }).items;

function define(
  duck: Duck,
  name: string,
  parameterTypes: readonly DuckDBType[],
  body: (input: DuckDBDataChunk, rows: number, out: Uint32Array) => void,
): void {
  duck.register(
    DuckDBScalarFunction.create({
      ...{ name, parameterTypes, returnType: UINTEGER },
      mainFunction: (_, input, output) => {
        // Each read of rowCount is a native call: 0.3 us.
        body(input, input.rowCount, wordsOf(output));
        output.flush();
      },
    }),
  );
}
