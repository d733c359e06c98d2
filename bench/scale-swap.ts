import type { ChildProcess } from "node:child_process";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { snapshotsFolderOf } from "../src/runtime/data-folder.js";
import { ask, message, start, stop } from "./child.js";
import { machineOf, residentPeakBytes } from "./machine.js";
import { LoadWindow, OpenLoop, type WindowFigures } from "./open-loop.js";
import { coldBytesNeeded, makeCold } from "./page-cache.js";
import { progressLines } from "./scale.js";
import type { ScaleBuilt, ScaleOrder } from "./scale-build.js";
import { type ScaleOptions, snapshotBytesOf, withFolder } from "./scale-options.js";
import { requestsOf } from "./scenarios/workloads.js";
import type { PublishedMessage, ServerMessage, ServerOrder } from "./server-process.js";

/** People whom bids of the workload are about, spread over all. */
const reachableMax = 100_000;
const lineItems = 1000;
const warmSec = 10;
const windowSec = 20;

type SwapReport = {
  readonly people: number;
  readonly segments: number;
  readonly rate: number;
  readonly cold: string;
  /** From the epoch's folder being there to every worker bidding with it. */
  readonly adoptionSec: number;
  readonly lineItemsLive: readonly [before: number, after: number];
  readonly serverPeakBytes: number;
  readonly before: WindowFigures;
  readonly during: WindowFigures;
  readonly after: WindowFigures;
};

/**
 * The real server, which bids at a steady rate while it finds, loads, counts and swaps in a second
 * epoch of the same size. Prints latencies before, during and after; true = no request failed and
 * the epoch came.
 */
export async function printSwap(
  options: ScaleOptions,
  write: (line: string) => void,
): Promise<boolean> {
  const bytesNeeded = 2.1 * snapshotBytesOf(options) + coldBytesNeeded();
  const report = await withFolder(options, bytesNeeded, (folder) => runSwap(options, folder));
  const machine = machineOf();
  write(
    `\n${titleOf(report)}, Node ${machine.node}, ${machine.machine}, commit ${machine.commit}\n`,
  );
  write("window   answered  errors  200      since due p50 / p99 / p99.9   since sent p99    max");
  for (const name of ["before", "during", "after"] as const) write(lineOf(name, report[name]));
  const ratio = report.during.sinceDue.p99Us / report.before.sinceDue.p99Us;
  write(`\nswapped in ${report.adoptionSec.toFixed(1)} s after it was there (${report.cold})`);
  write(`p99 during the swap: ${ratio.toFixed(2)} of before (figure: <= 1.5 at 1 M people)`);
  write(`resident peak of the server: ${(report.serverPeakBytes / 1e9).toFixed(2)} GB`);
  write(`\n${JSON.stringify({ name: "swap", ...report, ...machine })}`);
  return [report.before, report.during, report.after].every(({ errors }) => errors === 0);
}

async function runSwap(options: ScaleOptions, dataFolder: string): Promise<SwapReport> {
  const { people, segments, rate } = options;
  await build(options, dataFolder, 1, "snapshots");
  await build(options, dataFolder, 2, "next");
  const probe = join(snapshotsFolderOf(dataFolder), "epoch-1", "table-0");
  const { cold } = makeCold(dataFolder, probe);
  const server = start("server-process");
  const end = (): boolean => server.kill("SIGKILL");
  process.once("exit", end);
  try {
    const book = "synthetic";
    server.send({ dataFolder, people: 0, lineItems, book } satisfies ServerOrder);
    const first = await message<ServerMessage>(server);
    const requests = requestsOf("bid", 2000, reachableOf(people), Date.now());
    const load = new OpenLoop({ port: first.port, requests, rate });
    await delay(1000 * warmSec);
    const before = await windowOf(load, delay(1000 * windowSec));
    const swapped = adopted(server, 2);
    const startedMs = performance.now();
    renameSync(join(dataFolder, "next", "epoch-2"), join(snapshotsFolderOf(dataFolder), "epoch-2"));
    const during = await windowOf(load, swapped);
    const adoptionSec = (performance.now() - startedMs) / 1000;
    const after = await windowOf(load, delay((1000 * windowSec) / 2));
    await load.end();
    const { lineItemsLive } = await swapped;
    return {
      ...{ people, segments, rate, cold, adoptionSec, before, during, after },
      lineItemsLive: [first.lineItemsLive, lineItemsLive],
      serverPeakBytes: residentPeakBytes(server.pid ?? 0),
    };
  } finally {
    process.off("exit", end);
    await stop(server);
  }
}

const reachableOf = (people: number): number => Math.min(reachableMax, people);

async function build(
  { people, identifiersEach, segments }: ScaleOptions,
  dataFolder: string,
  epoch: number,
  into: string,
): Promise<void> {
  const order: ScaleOrder = {
    ...{ dataFolder, into, epoch, nowMs: Date.now(), shifts: null },
    stream: { seed: epoch, people, identifiersEach, segments },
    reachable: reachableOf(people),
  };
  await ask<ScaleBuilt>("scale-build-process", order, progressLines());
}

/** What is answered until `over`. */
async function windowOf(load: OpenLoop, over: Promise<unknown>): Promise<WindowFigures> {
  load.window = new LoadWindow();
  const { window } = load;
  await over;
  return window.figures();
}

function adopted(server: ChildProcess, epoch: number): Promise<PublishedMessage> {
  return new Promise((resolve, reject) => {
    server.on("message", (published: PublishedMessage) => {
      if (published.epoch === epoch) resolve(published);
    });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

const titleOf = ({ people, segments, rate, lineItemsLive: [first, then] }: SwapReport): string =>
  `a second epoch of ${people} people, ${segments} segments, swapped in at ${rate} bids/s; ` +
  `line items live ${first}, then ${then} of ${lineItems}`;

function lineOf(name: string, window: WindowFigures): string {
  const { answered, errors, share200, sinceDue, sinceSent, maxUs } = window;
  const ms = (us: number): string => `${(us / 1000).toFixed(2)} ms`;
  const due = [sinceDue.p50Us, sinceDue.p99Us, sinceDue.p999Us].map(ms).join(" / ");
  return [
    ...[name.padEnd(8), String(answered).padStart(8), String(errors).padStart(7)],
    ...[`${(100 * share200).toFixed(1)} %`.padStart(7), due.padStart(32)],
    ...[ms(sinceSent.p99Us).padStart(13), ms(maxUs).padStart(13)],
  ].join(" ");
}
