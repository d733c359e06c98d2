import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { bankFolders } from "../src/bank/folders.js";
import { generateWorld } from "../src/bank/generate/generate-world.js";
import { kindNumbers } from "../src/bank/identifier-functions.js";
import { type Evaluation, evaluatePeople } from "../src/bank/identity/evaluate.js";
import type { UnixMs } from "../src/base/units.js";
import { makeEpoch } from "../src/runtime/bank-make.js";
import { withDuck } from "../src/runtime/bank-open.js";
import { touchpointsIn } from "../src/runtime/data-folder.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { bankConfigOf } from "../src/runtime/read-config.js";
import type { Progress } from "./child.js";
import { residentPeakBytes } from "./machine.js";

export type BankBenchOrder = {
  readonly dataFolder: string;
  readonly people: number;
  readonly memoryMb: number;
  readonly nowMs: number;
};

export type BankMeasured = {
  readonly people: number;
  readonly rows: number;
  readonly identifiers: number;
  readonly segments: number;
  /** Seconds of each stage, in order. */
  readonly stages: readonly { readonly stage: string; readonly sec: number }[];
  readonly sec: number;
  readonly residentPeakBytes: number;
  readonly sourceBytes: number;
  readonly bankBytes: number;
  readonly snapshotBytes: number;
  readonly identity: Evaluation;
};

/** A world of that size, generated and built by the real stages, then compared with its truth. */
export async function measureBank(
  order: BankBenchOrder,
  onProgress: Progress,
): Promise<BankMeasured> {
  const { dataFolder, people, memoryMb } = order;
  const nowMs = order.nowMs as UnixMs;
  const limits = { memoryMb, threads: 2 };
  const starts: { stage: string; ms: number }[] = [];
  const report = (stage: string, done: number, total: number): void => {
    if (starts.at(-1)?.stage !== stage) starts.push({ stage, ms: performance.now() });
    onProgress(stage, done, total);
  };
  const folder = join(dataFolder, "generated");
  const form = { format: "parquet" as const, truth: true };
  const world = { folder, people, seed: 7, nowMs, ...form, limits, report };
  const generated = await generateWorld(world);
  const config = bankConfigOf("config/demo");
  const bankOrder = { dataFolder, config, limits, nowMs, report };
  const made = await makeEpoch(bankOrder, touchpointsIn(folder), "bench");
  const endMs = performance.now();
  const peak = residentPeakBytes();
  return {
    people,
    rows: Object.values(generated.rows).reduce((a, b) => a + b, 0),
    identifiers: made.people?.identifiers ?? 0,
    segments: made.kept,
    stages: starts.map(({ stage, ms }, i) => ({
      stage,
      sec: ((starts[i + 1]?.ms ?? endMs) - ms) / 1000,
    })),
    sec: (endMs - (starts[0]?.ms ?? endMs)) / 1000,
    residentPeakBytes: peak,
    sourceBytes: generated.bytes,
    bankBytes: bytesBelow(bankFolders(dataFolder).root),
    snapshotBytes: bytesBelow(made.folder),
    identity: await compare(bankOrder, folder, made.epoch),
  };
}

/**
 * Against the truth: an identifier that several people share is nobody's, so each is a person of
 * its own there, and whoever it is merged with is a mistake.
 */
function compare(
  order: Parameters<typeof withDuck>[0],
  world: string,
  epoch: number,
): Promise<Evaluation> {
  const folders = bankFolders(order.dataFolder);
  const keys = openKeyFiles(order.dataFolder);
  return withDuck(order, keys, folders.spill, async ({ duck }) => {
    const kinds = Object.entries(kindNumbers)
      .map(([kind, number]) => `WHEN '${kind}' THEN ${number}`)
      .join(" ");
    const truth = join(world, "truth", "keys.parquet");
    const key = `identifier_key((CASE kind ${kinds} END)::UTINYINT, scope::UINTEGER, value)`;
    await duck.run(`
      CREATE TEMP TABLE known AS SELECT kind, scope, value,
        CASE WHEN person > 0 THEN person ELSE 3000000000 + row_number() OVER () END AS person
      FROM read_parquet('${join(world, "truth", "identifiers.parquet")}');
      COPY (SELECT ${key} AS key, person::UINTEGER AS person FROM known) TO '${truth}'
        (FORMAT parquet)`);
    return evaluatePeople(duck, folders.peopleOf(epoch), truth);
  });
}

function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, facts) => sum + (facts.isFile() ? facts.size : 0), 0);
}
