import { join } from "node:path";
import { snapshotsFolderOf } from "../src/runtime/data-folder.js";
import { ask, type Progress } from "./child.js";
import { machineOf } from "./machine.js";
import { type Cold, coldBytesNeeded, makeCold } from "./page-cache.js";
import type { ScaleBuilt, ScaleOrder } from "./scale-build.js";
import type { LoadOrder, ScaleLoaded } from "./scale-load.js";
import { type ScaleOptions, snapshotBytesOf, withFolder } from "./scale-options.js";
import type { ScaleStream } from "./scale-stream.js";

const seed = 7;
const lookupRounds = 2_000_000;

/** All figures of one run: the table's rows and the JSON line. */
export type ScaleReport = {
  readonly options: Pick<ScaleOptions, "people" | "identifiersEach" | "segments">;
  readonly built: ScaleBuilt;
  readonly cold: Cold;
  /** One file read alone from beginning to end, cold: what the disk gives. */
  readonly diskBytesPerSec: number;
  readonly loaded: ScaleLoaded;
};

/**
 * The index alone at the size of a country: built from a stream in one process, written, then
 * loaded by a fresh one with nothing in the page cache. Prints a table and a JSON line; true = no
 * insert failed and no look-up was wrong.
 */
export async function printScale(
  options: ScaleOptions,
  write: (line: string) => void,
): Promise<boolean> {
  const bytesNeeded = snapshotBytesOf(options) * 1.05 + coldBytesNeeded();
  const report = await withFolder(options, bytesNeeded, (folder) => runScale(options, folder));
  const machine = machineOf();
  write(
    `\n${titleOf(report)}, Node ${machine.node}, ${machine.machine}, commit ${machine.commit}\n`,
  );
  for (const [what, measured, figure] of rowsOf(report)) {
    write(`${what.padEnd(44)} ${measured.padEnd(40)} ${figure}`);
  }
  write(`\n${JSON.stringify({ name: "scale", ...report, ...machine })}`);
  return report.loaded.wrong === 0 && report.built.failedInserts === 0;
}

async function runScale(options: ScaleOptions, dataFolder: string): Promise<ScaleReport> {
  const { people, identifiersEach, segments } = options;
  const stream: ScaleStream = { seed, people, identifiersEach, segments, reachable: null };
  const nowMs = Date.now();
  const order: ScaleOrder = {
    ...{ dataFolder, into: "snapshots", epoch: 1, stream, reachable: 0, nowMs, shifts: null },
  };
  const built = await ask<ScaleBuilt>("scale-build-process", order, progressLines());
  const probe = join(snapshotsFolderOf(dataFolder), "epoch-1", "table-0");
  const { cold, diskBytesPerSec } = makeCold(dataFolder, probe);
  const loading: LoadOrder = { dataFolder, stream, nowMs, rounds: lookupRounds };
  const loaded = await ask<ScaleLoaded>("scale-load-process", loading, progressLines());
  return { options: { people, identifiersEach, segments }, built, cold, diskBytesPerSec, loaded };
}

const everyMs = 10_000;

/** A line on standard error every ten seconds, with rate and time left. */
export function progressLines(): Progress {
  let stageNow = "";
  let startedMs = 0;
  let dueMs = 0;
  return (stage, done, total) => {
    const nowMs = performance.now();
    if (stage !== stageNow) {
      stageNow = stage;
      startedMs = nowMs;
      dueMs = nowMs + everyMs;
    }
    if (nowMs < dueMs) return;
    dueMs = nowMs + everyMs;
    const perSec = done / ((nowMs - startedMs) / 1000);
    const share = ((100 * done) / total).toFixed(0);
    const left = ((total - done) / perSec).toFixed(0);
    const rate = (perSec / 1e6).toFixed(2);
    process.stderr.write(`${stage}: ${share} %, ${rate} M/s, ${left} s left\n`);
  };
}

const titleOf = ({ options, built }: ScaleReport): string =>
  `${options.people} people, ${built.identifiers} identifiers, ${options.segments} segments`;

type Row = readonly [what: string, measured: string, figure: string];
const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
const mbPerSec = (perSec: number): string => `${(perSec / 1e6).toFixed(0)} MB/s`;
const sec = (seconds: number): string => `${seconds.toFixed(1)} s`;
const ns = (value: number): string => `${value.toFixed(0)} ns`;

function rowsOf(report: ScaleReport): Row[] {
  return [...buildRows(report), ...coldRows(report), ...lookupRows(report)];
}

function buildRows({ built }: ScaleReport): Row[] {
  const { identifiers, buildSec, writeSec, writtenBytes, insertNs } = built;
  const perSec = `${(identifiers / buildSec / 1e6).toFixed(2)} M identifiers/s`;
  const [early, middle, late] = insertNs.map(ns);
  const moved = `${built.displacedMean.toFixed(2)} in all, ${built.displacedLast.toFixed(2)}`;
  return [
    ["built, two threads (rows meanwhile)", `${sec(buildSec)}, ${perSec}`, "<= 1200 s"],
    ["an insert at load 0.05 / 0.5 / 0.95", `${early} / ${middle} / ${late}`, ""],
    ["entries moved an insert", `${moved} at the end, at most ${built.displacedMax}`, ""],
    ["inserts failed / met another's key", `${built.failedInserts} / ${built.collisions}`, "0 / "],
    ["resident peak of the build", gb(built.residentPeakBytes), "<= 18 GB"],
    ["table, bytes an identifier", (built.tableBytes / identifiers).toFixed(3), "<= 8.6"],
    ["table + planes + home areas", sizesOf(built), ""],
    ["written", `${sec(writeSec)}, ${mbPerSec(writtenBytes / writeSec)}`, ""],
  ];
}

const sizesOf = ({ tableBytes, planeBytes, homeBytes }: ScaleBuilt): string =>
  `${gb(tableBytes)} + ${gb(planeBytes)} + ${gb(homeBytes)}`;

function coldRows({ loaded, cold, diskBytesPerSec }: ScaleReport): Row[] {
  const { loadSec, loadedBytes } = loaded;
  const rate = mbPerSec(loadedBytes / loadSec);
  return [
    [`cold start, ${cold}`, `${sec(loadSec)}, ${gb(loadedBytes)} at ${rate}`, "<= 90 s"],
    ["the disk, one file alone", mbPerSec(diskBytesPerSec), ""],
    ["resident peak of the loaded process", gb(loaded.residentPeakBytes), ""],
    ["people and strangers checked / wrong", `${loaded.checked} / ${loaded.wrong}`, "0 wrong"],
  ];
}

function lookupRows({ loaded: { lookups } }: ScaleReport): Row[] {
  const { chainedNs, chainedReadsNs, independentNs, independentReadsNs } = lookups;
  const pair = (own: number, reads: number): string =>
    `${ns(own)} / ${ns(reads)} = ${(own / reads).toFixed(2)}`;
  return [
    ["look-up / two line reads, chained", pair(chainedNs, chainedReadsNs), "<= 2.0 (the figure)"],
    ["look-up / two line reads, independent", pair(independentNs, independentReadsNs), ""],
    ["SipHash of a UUID", ns(lookups.sipHashNs), ""],
    [
      "row read, chained / independent",
      `${ns(lookups.rowChainedNs)} / ${ns(lookups.rowIndependentNs)}`,
      "",
    ],
  ];
}
