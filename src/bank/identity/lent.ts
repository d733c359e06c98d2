import {
  type DuckDBDataChunk,
  DuckDBScalarFunction,
  type DuckDBType,
  UBIGINT,
  UINTEGER,
  UTINYINT,
} from "@duckdb/node-api";
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
 * Functions see NULL as any value: coalesce before. About 0.1 us a row in order, 0.3 us a key.
 */
export type Lent = {
  columns: readonly Uint32Array[];
  ranks: IdentifierRanks | null;
  ordinals: Uint32Array;
};

/** Registers the functions, anew over those of an earlier run, and gives what they read. */
export function lendTo(duck: Duck): Lent {
  const lent: Lent = { columns: [], ranks: null, ordinals: new Uint32Array(0) };
  define(duck, "lent", [UTINYINT, UBIGINT], (input, out) => {
    const columns = numbersOf(input, 0);
    const rows = wordsOf(input.getColumnVector(1));
    for (let i = 0; i < input.rowCount; i++) out[i] = lent.columns[columns[i]!]![rows[2 * i]!]!;
  });
  define(duck, "ordinal_of", [UBIGINT], (input, out) => {
    const keys = wordsOf(input.getColumnVector(0));
    const { ranks, ordinals } = lent;
    for (let i = 0; i < input.rowCount; i++) {
      const rank = ranks === null ? -1 : ranks.rankOf(keys[2 * i]!, keys[2 * i + 1]!);
      out[i] = rank < 0 ? 0 : ordinals[rank]!;
    }
  });
  const moments = [UINTEGER, UINTEGER, UINTEGER, UINTEGER];
  define(duck, "may_use", [UTINYINT, ...moments], (input, out) => {
    const [optOut, granted, accountGranted, withdrawn, accountWithdrawn] = [
      ...[numbersOf(input, 0), numbersOf(input, 1), numbersOf(input, 2)],
      ...[numbersOf(input, 3), numbersOf(input, 4)],
    ] as [Column, Column, Column, Column, Column];
    for (let i = 0; i < input.rowCount; i++) {
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
  body: (input: DuckDBDataChunk, out: Uint32Array) => void,
): void {
  duck.register(
    DuckDBScalarFunction.create({
      ...{ name, parameterTypes, returnType: UINTEGER },
      mainFunction: (_, input, output) => {
        body(input, wordsOf(output));
        output.flush();
      },
    }),
  );
}
