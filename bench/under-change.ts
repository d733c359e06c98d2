import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { UnixMs } from "../src/base/units.js";
import { snapshotsFolderOf } from "../src/runtime/data-folder.js";
import { type CutFigures, LoadClient } from "./load-client.js";
import { quietMachine, quietSecMax } from "./machine.js";
import { record } from "./record.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import type { ServerTask } from "./server-tasks.js";
import { Stand } from "./stand.js";
import { writeSyntheticEpoch } from "./synthetic-epoch.js";

type Say = (line: string) => void;

export type ChangeSize = {
  readonly world: ScenarioWorld;
  /** Of each window. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  readonly bodies: number;
  readonly keeps: boolean;
};

const ratioMax = 1.5;
/** Windows at a multiple of the rate before the first that counts: until the code is compiled. */
const warmWindows = 2;
const warmFactor = 3;
/** A report reads the journal: it is asked for about as often as people at a desk do. */
const pauseMs = { reload: 250, certify: 500, report: 500 } as const;

/**
 * Latency while the World, its prices, its audiences and reports are made anew, against the window
 * before. True: nothing failed and no p99 rose above its limit.
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
    writeSyntheticEpoch(dataFolder, people, nowMs, { epoch: 2, into: "next" });
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
  const { rate, seconds, bodies } = size;
  const { people } = size.world;
  const { workload, connections } = scenario;
  const { port } = stand.ours;
  await quietMachine(size.keeps ? quietSecMax : 0);
  const client = await LoadClient.start({ port, workload, connections, people, bodies, rate });
  try {
    const window = () => client.during(delay(1000 * seconds));
    await client.setRate(warmFactor * rate);
    for (let i = 0; i < warmWindows; i++) await window();
    await client.setRate(rate);
    await window();
    const before = (await window()).figures;
    say(`\n${scenario.name} at ${rate}/s, ${people} people, all of the server on one core`);
    say(
      "during     answered  errors  200       p50 us   p99 us  p99.9 us    max us  late p99 us  " +
        "p99/before",
    );
    let good = tell("nothing", before, before, scenario, size, say);
    const repeated = ["reload", "certify", "report"] as const;
    for (const task of repeated) {
      const cut = await client.during(repeat(stand, { task }, pauseMs[task], seconds));
      good = tell(task, cut.figures, before, scenario, size, say) && good;
    }
    const served = stand.serves(2);
    renameSync(join(dataFolder, "next/epoch-2"), join(snapshotsFolderOf(dataFolder), "epoch-2"));
    const swapped = await client.during(served);
    return tell("swap", swapped.figures, before, scenario, size, say) && good;
  } finally {
    await client.end();
  }
}

async function repeat(
  stand: Stand,
  task: ServerTask,
  everyMs: number,
  seconds: number,
): Promise<void> {
  const untilMs = performance.now() + 1000 * seconds;
  do {
    await stand.task(task);
    await delay(everyMs);
  } while (performance.now() < untilMs);
}

function tell(
  during: string,
  figures: CutFigures,
  before: CutFigures,
  scenario: Scenario,
  { rate, world, keeps }: ChangeSize,
  say: Say,
): boolean {
  const { answered, errors, share200, sinceDue, maxUs, late } = figures;
  const ratio = sinceDue.p99Us / before.sinceDue.p99Us;
  const us = [sinceDue.p50Us, sinceDue.p99Us, sinceDue.p999Us, maxUs];
  const cells = [
    ...[during.padEnd(8), String(answered).padStart(10), String(errors).padStart(7)],
    `${(100 * share200).toFixed(1)} %`.padStart(8),
    ...us.map((value) => value.toFixed(0).padStart(9)),
    late.p99Us.toFixed(0).padStart(12),
    `${ratio.toFixed(2)} (<= ${ratioMax})`.padStart(15),
  ];
  say(cells.join(" "));
  const row = { scenario: scenario.name, during, rate, world, ratio, ...figures };
  record("under-change", row, keeps ? undefined : null);
  return errors === 0 && ratio <= ratioMax;
}
