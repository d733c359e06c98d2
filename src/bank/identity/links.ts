import type { Bank } from "../bank.js";
import { batchRows } from "./batch-rows.js";
import type { IdentifierRanks } from "./ranks.js";

/** Links that may merge, between ranks, each pair once. */
export type Links = { readonly a: Uint32Array; readonly b: Uint32Array };

/** OpenRTB eids.mm: the two were seen together by one who knew them both. */
export const authenticated = 3;

/**
 * The authenticated links of all batches. Those of an identifier that is on the stop list or has no
 * row of its own lead nowhere: `skipped` is told the key of such an end, once a link.
 */
export async function loadLinks(
  bank: Bank,
  ranks: IdentifierRanks,
  skipped: (low: number, high: number) => void,
): Promise<Links> {
  const { duck } = bank;
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE authenticated_links AS
    SELECT DISTINCT a, b FROM ${batchRows(bank.folders, "edges")}
    WHERE mm = ${authenticated} AND a <> b`);
  const rows = await duck.number("SELECT count(*) FROM authenticated_links");
  const a = new Uint32Array(rows);
  const b = new Uint32Array(rows);
  let count = 0;
  await duck.stream("SELECT a, b FROM authenticated_links", (chunk) => {
    const ones = chunk.pairs(0);
    const others = chunk.pairs(1);
    for (let i = 0; i < 2 * chunk.rowCount; i += 2) {
      const one = ranks.rankOf(ones[i]!, ones[i + 1]!);
      const other = ranks.rankOf(others[i]!, others[i + 1]!);
      if (one >= 0 && other >= 0) {
        a[count] = one;
        b[count++] = other;
      } else if (one < 0) skipped(ones[i]!, ones[i + 1]!);
      else skipped(others[i]!, others[i + 1]!);
    }
  });
  await duck.run("DROP TABLE authenticated_links");
  return { a: a.subarray(0, count), b: b.subarray(0, count) };
}
