import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/assert.js";
import { bitWords } from "../../base/bitset.js";
import type { Bank, BankStage } from "../bank.js";
import type { Behaviour } from "../config/model.js";
import { sqlParquet } from "../duck.js";
import { behaviourKey, type CountPlan, countPlanOf } from "./count-plan.js";
import { addRows, counterBytesEach, countersFor, decideInto } from "./counters.js";
import type { People } from "./people.js";
import { codesListedMax, SlotMaker, type SlotTable, type TouchpointCodes } from "./slots.js";

/** Bitsets over ordinals by `behaviourKey`: who shows each behaviour before `bank.asOfSec`. */
export type Holders = Map<string, Uint32Array>;

/**
 * Finds who shows each of many behaviours in one pass over the events of the touch-points that they
 * ask for. DuckDB finds the rows that count and their persons, JavaScript adds.
 *
 * The counters take half of `memoryMb` at most: people are taken in slices of ordinals, each with a
 * pass of its own. At 67 behaviours (16 B a person) 1 GB holds 30 M people in one slice and 630 M
 * people in 20; a slice's pass decodes all events again, but joins with its own persons alone. What
 * stays is a bit a person and behaviour: 67 behaviours of 630 M people are 5.3 GB.
 */
export async function countBehaviours(
  bank: Bank,
  people: People,
  behaviours: Iterable<Behaviour>,
  stage: BankStage,
): Promise<Holders> {
  const distinct = new Map<string, Behaviour>();
  for (const behaviour of behaviours) distinct.set(behaviourKey(behaviour), behaviour);
  const plan = countPlanOf([...distinct.values()], bank.config, bank.asOfSec);
  const out = [...distinct].map(() => new Uint32Array(bitWords(people.rowCount)));
  const scan = await prepareScan(bank, plan);
  if (scan !== null) {
    await countSlices(bank, people, plan, scan, out, stage);
    await bank.duck.run("DROP TABLE slots");
  }
  return new Map([...distinct.keys()].map((key, b) => [key, out[b]!]));
}

/** About 0.1 s of rows. */
const chunksPerReport = 256;

type Scan = {
  /** SQL of the rows in question: who, seconds, code, amount. */
  readonly rowsSql: string;
  readonly table: SlotTable;
  readonly needsAmount: boolean;
};

async function countSlices(
  bank: Bank,
  people: People,
  plan: CountPlan,
  scan: Scan,
  out: readonly Uint32Array[],
  stage: BankStage,
): Promise<void> {
  const { duck, limits } = bank;
  const { rowCount, purposes } = people;
  const fitting = (limits.memoryMb * 2 ** 20) / 2 / Math.max(1, counterBytesEach(plan));
  const sliceSize = Math.max(32, Math.floor(fitting / 32) * 32);
  // The order of rows changes no sum, and to keep it would make DuckDB's threads wait.
  await duck.run(`SET preserve_insertion_order = false;
    SET enable_progress_bar = true; SET enable_progress_bar_print = false`);
  try {
    for (let first = 0; first < rowCount; first += sliceSize) {
      const end = Math.min(rowCount, first + sliceSize);
      const counters = countersFor(plan, first, end - first);
      const sliced = first > 0 || end < rowCount;
      bank.report(stage, first, rowCount, "people");
      let chunks = 0;
      await duck.stream(sliceSql(scan, people, sliced ? { first, end } : null), (chunk) => {
        const { rowCount: rows, numbers } = chunk;
        if (chunks++ % chunksPerReport === 0) {
          const done = Math.max(0, duck.progress) * (end - first);
          bank.report(stage, Math.floor(first + done), rowCount, "people");
        }
        const amounts = scan.needsAmount ? numbers(3) : null;
        const columns = { ordinals: numbers(0), seconds: numbers(1), slots: numbers(2), amounts };
        addRows(counters, scan.table, { rowCount: rows, ...columns }, purposes);
      });
      decideInto(counters, plan, out);
    }
  } finally {
    await duck.run("RESET preserve_insertion_order");
  }
  bank.report(stage, rowCount, rowCount, "people");
}

const sliceSql = (
  { rowsSql, needsAmount }: Scan,
  { identifiersFile }: People,
  slice: { readonly first: number; readonly end: number } | null,
): string => `
  SELECT i.ordinal::UINTEGER, e.seconds::UINTEGER, s.slot${needsAmount ? ", e.amount" : ""}
  FROM (${rowsSql}) e
  JOIN slots s ON s.code = e.code
  JOIN ${sqlParquet([identifiersFile])} i ON i.key = e.who
  ${slice === null ? "" : `WHERE i.ordinal >= ${slice.first} AND i.ordinal < ${slice.end}`}`;

/** Makes the table of slots, here and in DuckDB; null when there is nothing to read. */
async function prepareScan(bank: Bank, plan: CountPlan): Promise<Scan | null> {
  const maker = new SlotMaker(plan.asks, bank.config);
  const selects: string[] = [];
  const pairs: [code: number, slot: number][] = [];
  const touchpoints = new Set(plan.asks.flatMap((ask) => ask.touchpoints));
  const needsAmount = plan.sumCount > 0;
  for (const touchpoint of touchpoints) {
    assert(bank.config.touchpoints.has(touchpoint), `no touch-point ${touchpoint}`);
    const codes = maker.codesOf(touchpoint);
    const files = eventFiles(bank.folders.batchesOf(touchpoint));
    if (codes === null || files.length === 0) continue;
    const amount = `${codes.needsAmount ? "coalesce(amount, 0)" : "0"}::DOUBLE AS amount`;
    const from = `FROM ${sqlParquet(files)}
      WHERE seconds >= ${codes.fromSec} AND seconds < ${bank.asOfSec}`;
    const columns = [
      "who",
      "seconds",
      `${codes.codeSql} AS code`,
      ...(needsAmount ? [amount] : []),
    ];
    selects.push(`SELECT ${columns.join(", ")} ${from}`);
    pairs.push(...maker.match(codes, await codesIn(bank, codes, from)));
  }
  if (pairs.length === 0) return null;
  await bank.duck.run(`
    CREATE OR REPLACE TEMP TABLE slots AS
    SELECT unnest([${pairs.map(([code]) => code).join()}])::BIGINT AS code,
      unnest([${pairs.map(([, slot]) => slot).join()}])::UINTEGER AS slot`);
  return { rowsSql: selects.join(" UNION ALL "), table: maker.table(), needsAmount };
}

/** All codes where they are few, else those that occur: a pass of its own over the words. */
async function codesIn(bank: Bank, codes: TouchpointCodes, from: string): Promise<number[]> {
  const { base, size, codeSql } = codes;
  if (size <= codesListedMax) return Array.from({ length: size }, (_, i) => base + i);
  const rows = await bank.duck.rows<{ code: string }>(`SELECT DISTINCT ${codeSql} AS code ${from}`);
  return rows.map(({ code }) => Number(code));
}

function eventFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((batch) => join(folder, batch, "events.parquet"))
    .filter((file) => existsSync(file));
}
