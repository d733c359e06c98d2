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
  let oneRanks = new Int32Array(0);
  let otherRanks = new Int32Array(0);
  await duck.stream("SELECT a, b FROM authenticated_links", (chunk) => {
    const ones = chunk.pairs(0);
    const others = chunk.pairs(1);
    if (oneRanks.length < chunk.rowCount) {
      oneRanks = new Int32Array(chunk.rowCount);
      otherRanks = new Int32Array(chunk.rowCount);
    }
    ranks.ranksInto(ones, chunk.rowCount, oneRanks);
    ranks.ranksInto(others, chunk.rowCount, otherRanks);
    for (let i = 0; i < chunk.rowCount; i++) {
      if (oneRanks[i]! >= 0 && otherRanks[i]! >= 0) {
        a[count] = oneRanks[i]!;
        b[count++] = otherRanks[i]!;
      } else if (oneRanks[i]! < 0) skipped(ones[2 * i]!, ones[2 * i + 1]!);
      else skipped(others[2 * i]!, others[2 * i + 1]!);
    }
  });
  await duck.run("DROP TABLE authenticated_links");
  return { a: a.subarray(0, count), b: b.subarray(0, count) };
}
