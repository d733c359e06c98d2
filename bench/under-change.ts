import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { UnixMs } from "../src/base/units.js";
import { snapshotsFolderOf } from "../src/runtime/data-folder.js";
import { type CutFigures, LoadClient } from "./load-client.js";
import { quietMachine, quietSecMax } from "./machine.js";
import { bandOf, medianOf } from "./noise-band.js";
import { record } from "./record.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import { Stand } from "./stand.js";
import { writeSyntheticEpoch } from "./synthetic-epoch.js";

type Say = (line: string) => void;

export type ChangeSize = {
  readonly world: ScenarioWorld;
  /** Each of a window without a change and one with, for each kind of change. */
  readonly rounds: number;
  /** Of each window. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  readonly bodies: number;
  readonly keeps: boolean;
};

type Change = "reload" | "certify" | "report" | "swap";
const changes: readonly Change[] = ["reload", "certify", "report", "swap"];
/** A window without a change, and the one after it. */
type Pair = { readonly calm: CutFigures; readonly during: CutFigures };
type Run = { readonly size: ChangeSize; readonly stand: Stand; readonly client: LoadClient };

const ratioMax = 1.5;
/** Windows at a multiple of the rate before the first that counts: until the code is compiled. */
const warmSec = 8;
const warmFactor = 3;
/** A report reads the journal: it is asked for about as often as people at a desk do. */
const pauseMs = { reload: 250, certify: 500, report: 500 } as const;
/** What a change leaves behind (code to compile, a World to forget) is not the next window's. */
const settleMs = 300;

/**
 * Latency while the World, its prices, its audiences and reports are made anew, against that of
 * windows in turn with them: a host that takes the core for 0.1 s spoils a pair, not the median.
 * True: nothing failed and no p99 rose above its limit.
 */
export async function printUnderChange(
  scenario: Scenario,
  size: ChangeSize,
  say: Say,
): Promise<boolean> {
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-change-"));
  try {
    const nowMs = Date.now() as UnixMs;
    const { people } = size.world;
    writeSyntheticEpoch(dataFolder, people, nowMs);
    for (let epoch = 2; epoch <= size.rounds + 1; epoch++) {
      writeSyntheticEpoch(dataFolder, people, nowMs, { epoch, into: "next" });
    }
    // The client looks at its clock all the time. Where the worker might come to its core, the two
    // took turns of 4 ms: of 1.5 s that bids waited in 4.6 s the client had run for 1.2.
    const options = { world: size.world, references: [], pinned: true, dataFolder };
    return await Stand.with(options, (stand) =>
      underChange(scenario, size, stand, dataFolder, say),
    );
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function underChange(
  scenario: Scenario,
  size: ChangeSize,
  stand: Stand,
  dataFolder: string,
  say: Say,
): Promise<boolean> {
  const { rate, bodies } = size;
  const { people } = size.world;
  const { workload, connections } = scenario;
  const { port } = stand.ours;
  await quietMachine(size.keeps ? quietSecMax : 0);
  const client = await LoadClient.start({ port, workload, connections, people, bodies, rate });
  try {
    const run: Run = { size, stand, client };
    await client.setRate(warmFactor * rate);
    await delay(1000 * (size.keeps ? warmSec : size.seconds));
    await client.setRate(rate);
    if (size.keeps) {
      for (const change of changes) if (change !== "swap") await stand.task({ task: change });
      await delay(settleMs);
    }
    const pairs = await pairsOf(run, dataFolder);
    say(`\n${scenario.name} at ${rate}/s, ${people} people, all of the server on one core`);
    say(`${size.rounds} windows of each, in turn with as many without a change; medians of them`);
    const names = "during     answered  errors  200       p50 us   p99 us  p99.9 us  late p99 us";
    say(`${names}  stolen  p99/without`);
    return changes.map((change) => tell(change, pairs[change], scenario, size, say)).every(Boolean);
  } finally {
    await client.end();
  }
}

async function pairsOf(run: Run, dataFolder: string): Promise<Record<Change, Pair[]>> {
  const pairs: Record<Change, Pair[]> = { reload: [], certify: [], report: [], swap: [] };
  for (let round = 0; round < run.size.rounds; round++) {
    for (const change of changes) {
      const calm = await run.client.during(delay(1000 * run.size.seconds));
      const over = change === "swap" ? swap(run, dataFolder, round + 2) : repeat(run, change);
      const during = await run.client.during(over);
      pairs[change].push({ calm: calm.figures, during: during.figures });
      await delay(settleMs);
    }
  }
  return pairs;
}

/** As long as a window at least, so that both have as many requests. */
async function swap({ stand, size }: Run, dataFolder: string, epoch: number): Promise<void> {
  const least = delay(1000 * size.seconds);
  const served = stand.serves(epoch);
  const name = `epoch-${epoch}`;
  renameSync(join(dataFolder, "next", name), join(snapshotsFolderOf(dataFolder), name));
  await served;
  await least;
}

async function repeat({ stand, size }: Run, task: keyof typeof pauseMs): Promise<void> {
  const untilMs = performance.now() + 1000 * size.seconds;
  do {
    await stand.task({ task });
    await delay(pauseMs[task]);
  } while (performance.now() < untilMs);
}

function tell(
  change: Change,
  pairs: readonly Pair[],
  scenario: Scenario,
  { rate, world, keeps }: ChangeSize,
  say: Say,
): boolean {
  const windows = pairs.map(({ during }) => during);
  const middle = (of: (figures: CutFigures) => number): number => medianOf(windows.map(of));
  const ratio = bandOf(pairs.map((pair) => pair.during.sinceDue.p99Us / pair.calm.sinceDue.p99Us));
  const answered = windows.reduce((sum, one) => sum + one.answered, 0);
  const errors = pairs.reduce((sum, { calm, during }) => sum + calm.errors + during.errors, 0);
  const share200 = middle((figures) => figures.share200);
  const us = {
    p50Us: middle((figures) => figures.sinceDue.p50Us),
    p99Us: middle((figures) => figures.sinceDue.p99Us),
    p999Us: middle((figures) => figures.sinceDue.p999Us),
    lateP99Us: middle((figures) => figures.late.p99Us),
    stolen: middle((figures) => figures.stolen),
    calmP99Us: medianOf(pairs.map(({ calm }) => calm.sinceDue.p99Us)),
  };
  const cells = [
    ...[change.padEnd(8), String(answered).padStart(10), String(errors).padStart(7)],
    `${(100 * share200).toFixed(1)} %`.padStart(8),
    ...[us.p50Us, us.p99Us, us.p999Us].map((value) => value.toFixed(0).padStart(9)),
    us.lateP99Us.toFixed(0).padStart(12),
    `${(100 * us.stolen).toFixed(0)} %`.padStart(7),
    `  ${ratio.middle.toFixed(2)} (<= ${ratioMax}; 95 of 100: ${ratio.low.toFixed(2)} to`,
    `${ratio.high.toFixed(2)}; ${us.calmP99Us.toFixed(0)} us without)`,
  ];
  say(cells.join(" "));
  const row = { scenario: scenario.name, during: change, rate, world, ratio, ...us };
  record("under-change", { ...row, answered, errors, share200, pairs }, keeps ? undefined : null);
  return errors === 0 && ratio.middle <= ratioMax;
}
