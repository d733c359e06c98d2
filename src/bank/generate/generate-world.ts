import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { UnixMs } from "../../base/units.js";
import { BankError, dayStartSec, type Report } from "../bank.js";
import { Duck, type DuckLimits, sqlText } from "../duck.js";
import { neighbours } from "./facts.js";
import { personTable, preparePersonFunctions } from "./person-table.js";
import type { TouchpointKind } from "./row-words.js";
import { truthNames, truthRows } from "./truth-files.js";
import { touchpointKinds, touchpointRows, type WorldTimes } from "./world-sql.js";

export type WorldFormat = "parquet" | "csv" | "ndjson";

export type WorldOrder = {
  /** Gets `touchpoints/<kind>/part-<k>.<format>` and `truth/*.parquet`. */
  readonly folder: string;
  readonly people: number;
  readonly seed: number;
  /** Rows lie before 00:00 UTC of its day. */
  readonly nowMs: UnixMs;
  readonly format: WorldFormat;
  /** false: no truth is written beside, which saves a fifth of the time. */
  readonly truth: boolean;
  readonly limits: DuckLimits;
  readonly report: Report;
};

export type Generated = {
  readonly rows: Readonly<Record<TouchpointKind, number>>;
  readonly bytes: number;
};

/** A person's ordinal has 30 bits in an event id. */
const peopleMax = 1_000_000_000;
/**
 * People at a time: their table takes about 60 MB, and no touch-point has more than about 4 M rows
 * of them, one file.
 */
const peopleAtOnce = 1_000_000;

/**
 * Writes a synthetic world: touch-points from which the bank's stages find the people, stages and
 * segments that `demoPerson` tells, and the truth beside. The same order gives the same rows. The
 * folders appear whole, at the end.
 */
export async function generateWorld(order: WorldOrder): Promise<Generated> {
  checkOrder(order);
  const writing = join(order.folder, "writing");
  rmSync(writing, { recursive: true, force: true });
  for (const kind of touchpointKinds) mkdirSync(join(writing, "touchpoints", kind), deep);
  mkdirSync(join(writing, "truth"), deep);
  const duck = await Duck.open(order.limits, join(order.folder, "spill"));
  try {
    // Rows have no order to keep: 4.2 s instead of 5.8 for 500,000 people (2 cores).
    await duck.run("SET preserve_insertion_order = false");
    await preparePersonFunctions(duck, order.seed);
    const generated = await writeBlocks(duck, order, writing);
    for (const name of ["touchpoints", "truth"]) {
      renameSync(join(writing, name), join(order.folder, name));
    }
    return generated;
  } finally {
    duck.close();
    rmSync(writing, { recursive: true, force: true });
  }
}

const deep = { recursive: true, mode: 0o700 } as const;

function checkOrder({ folder, people }: WorldOrder): void {
  if (!Number.isInteger(people) || people < 1 || people > peopleMax) {
    throw new BankError(`people: give a whole number from 1 to ${peopleMax}`);
  }
  for (const name of ["touchpoints", "truth"]) {
    const path = join(folder, name);
    if (existsSync(path)) {
      throw new BankError(`${path} exists: remove it or give another folder, worlds do not mix`);
    }
  }
}

async function writeBlocks(duck: Duck, order: WorldOrder, writing: string): Promise<Generated> {
  const { people, seed, nowMs, format, report } = order;
  const truths = order.truth ? truthNames : [];
  const times: WorldTimes = { seed, people, todaySec: dayStartSec(nowMs) };
  const rows = Object.fromEntries(touchpointKinds.map((kind) => [kind, 0])) as Record<
    TouchpointKind,
    number
  >;
  let bytes = 0;
  for (let first = 1, part = 0; first <= people; first += peopleAtOnce, part++) {
    const last = Math.min(first + peopleAtOnce - 1, people);
    await duck.run(personTable(first, last));
    const steps = touchpointKinds.length + truths.length;
    let done = 0;
    const tell = (): void => {
      done += 1;
      report(
        "generate",
        first - 1 + Math.floor(((last - first + 1) * done) / steps),
        people,
        "people",
      );
    };
    for (const kind of touchpointKinds) {
      const file = join(writing, "touchpoints", kind, `part-${part}.${format}`);
      rows[kind] += await copy(duck, touchpointRows(kind, times), file, format);
      bytes += statSync(file).size;
      tell();
    }
    for (const name of truths) {
      const file = join(writing, "truth", `${name}-${part}.parquet`);
      await copy(duck, truthRows(name, first, last), file, "parquet");
      tell();
    }
  }
  await duck.run("DROP TABLE person");
  if (order.truth) await joinTruth(duck, writing);
  return { rows, bytes };
}

const copyOptions: Readonly<Record<WorldFormat, string>> = {
  parquet: "FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1000",
  csv: "FORMAT csv, HEADER true",
  ndjson: "FORMAT json",
};

function copy(duck: Duck, sql: string, file: string, format: WorldFormat): Promise<number> {
  return duck.number(`COPY (${sql}) TO ${sqlText(file)} (${copyOptions[format]})`);
}

/** One file of each kind of truth. */
async function joinTruth(duck: Duck, writing: string): Promise<void> {
  for (const name of truthNames) {
    const parts = join(writing, "truth", `${name}-*.parquet`);
    const file = join(writing, "truth", `${name}.parquet`);
    await copy(duck, `SELECT * FROM read_parquet(${sqlText(parts)})`, file, "parquet");
  }
  for (const name of truthNames) {
    for (let part = 0; ; part++) {
      const file = join(writing, "truth", `${name}-${part}.parquet`);
      if (!existsSync(file)) break;
      rmSync(file);
    }
  }
}

if (peopleAtOnce % neighbours !== 0) throw new Error("blocks of people never cut neighbours apart");
