import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UBIGINT, UTINYINT } from "@duckdb/node-api";
import type { Bank } from "../bank.js";
import { type Duck, numbersOf, sqlParquet, wordsOf } from "../duck.js";

/** Bits of a set, at most 128 MiB: 64 a row leave 1 of 1,000 rows and less to look at twice. */
const placesMax = 2 ** 30;
const placesPerRow = 64;

/** Functions have names of their own: DuckDB cannot replace one. */
let setsMade = 0;

/**
 * The event ids of a touch-point that a run has seen: bits that may say "seen" of a new one, never
 * "new" of a seen one. What they call seen is then compared with all ids. It is asked by an SQL
 * function while a file is read, 0.1 us a row; a GROUP BY over all ids takes 0.5 us of a core.
 */
export class SeenEvents {
  /** `<name>(event UBIGINT)` adds the event; 1 when it seemed to be there, else 0. */
  readonly sqlFunction: string;
  private bits: Uint32Array;

  /** The events of the given files, with room for so many more. */
  static async of(duck: Duck, files: readonly string[], rowsMore: number): Promise<SeenEvents> {
    if (files.length === 0) return new SeenEvents(duck, rowsMore);
    const earlier = sqlParquet(files);
    const rows = await duck.number(`SELECT count(*) FROM ${earlier}`);
    const seen = new SeenEvents(duck, rowsMore + rows);
    await duck.number(`SELECT sum(${seen.sqlFunction}(event)) FROM ${earlier}`);
    return seen;
  }

  private constructor(duck: Duck, rowsExpected: number) {
    let places = 2 ** 16;
    while (places < rowsExpected * placesPerRow && places < placesMax) places *= 2;
    this.bits = new Uint32Array(places / 32);
    this.sqlFunction = `seen_before_${setsMade++}`;
    // It remembers what it was asked: run over a dictionary in place of the rows, it called 77,120
    // of 200,000 rows with 50 ids new.
    duck.define(
      this.sqlFunction,
      [UBIGINT],
      UTINYINT,
      (input, rows, output) => {
        const out = numbersOf(output) as Uint8Array;
        addAll(this.bits, wordsOf(input.getColumnVector(0)), out, rows);
      },
      true,
    );
  }

  /** The function stays, the memory goes. */
  close(): void {
    this.bits = new Uint32Array(1);
  }
}

/** Each half of an id's hash has a bit. */
function addAll(bits: Uint32Array, halves: Uint32Array, out: Uint8Array, rows: number): void {
  const mask = bits.length * 32 - 1;
  for (let row = 0; row < rows; row++) {
    const one = halves[2 * row]! & mask;
    const other = halves[2 * row + 1]! & mask;
    const oneBit = 1 << (one & 31);
    const otherBit = 1 << (other & 31);
    const taken = (bits[one >>> 5]! & oneBit) !== 0 && (bits[other >>> 5]! & otherBit) !== 0;
    out[row] = taken ? 1 : 0;
    if (taken) continue;
    bits[one >>> 5] = bits[one >>> 5]! | oneBit;
    bits[other >>> 5] = bits[other >>> 5]! | otherBit;
  }
}

/** Files with the events of a touch-point's batches. */
export function eventFiles({ folders }: Bank, touchpoint: string): string[] {
  const folder = folders.batchesOf(touchpoint);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((batch) => join(folder, batch, "events.parquet"))
    .filter((file) => existsSync(file));
}

/**
 * Gives every accepted row of `ingest_staged` whose event id an earlier row or batch has the status
 * of a duplicate: the first row of a file stays. How many there are.
 */
export async function markDuplicates(
  { duck }: Bank,
  earlier: readonly string[],
  status: number,
): Promise<number> {
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_candidates AS
    SELECT DISTINCT event FROM ingest_staged WHERE status = 0 AND seen = 1`);
  if ((await duck.number("SELECT count(*) FROM ingest_candidates")) === 0) return 0;
  const known =
    earlier.length === 0
      ? "SELECT NULL::UBIGINT AS event WHERE false"
      : `SELECT DISTINCT event FROM ${sqlParquet(earlier)}
          WHERE event IN (SELECT event FROM ingest_candidates)`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE ingest_known AS ${known};
    CREATE OR REPLACE TEMP TABLE ingest_again AS
      SELECT line FROM (
        SELECT line, event, row_number() OVER (PARTITION BY event ORDER BY line) AS place
        FROM ingest_staged
        WHERE status = 0 AND event IN (SELECT event FROM ingest_candidates)
      ) WHERE place > 1 OR event IN (SELECT event FROM ingest_known)`);
  const duplicates = await duck.number("SELECT count(*) FROM ingest_again");
  if (duplicates > 0) {
    await duck.run(`UPDATE ingest_staged SET status = ${status}
      WHERE line IN (SELECT line FROM ingest_again)`);
  }
  await duck.run("DROP TABLE ingest_candidates; DROP TABLE ingest_known; DROP TABLE ingest_again");
  return duplicates;
}
