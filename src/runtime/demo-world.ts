import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../bank/bank.js";
import type { BankConfig } from "../bank/config/model.js";
import { bankFolders } from "../bank/folders.js";
import { demoPeopleVersion } from "../bank/generate/demo-person.js";
import { generateWorld } from "../bank/generate/generate-world.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { makeEpoch } from "./bank-make.js";
import { bankConfigOf } from "./bank-open.js";
import { snapshotsFolderOf, touchpointsIn, trustOf } from "./data-folder.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { admitSnapshot, listEpochs } from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** What the demo's building process is told; plain values. */
export type DemoWorldOrder = {
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly seed: number;
  readonly people: number;
  readonly nowMs: UnixMs;
};

export type DemoWorldResult = {
  readonly epoch: Epoch;
  /** False when an epoch of the same generator and settings was there already. */
  readonly made: boolean;
  /** Segments that are not in the snapshot: too small. */
  readonly dropped: readonly string[];
};

const dayMs = 24 * 3600 * 1000;
/** A start in a snapshot's last week makes a new one. */
const freshMs = 7 * dayMs;
/** Bids go on beside, and a newcomer's machine has other work as well. */
const limits = { memoryMb: 1500, threads: 2 };

/**
 * The demo's people: generated touch-points through the real stages, at the real crowd minimum,
 * unless the newest epoch is the same and fresh. The touch-points are removed at the end, as they
 * can be made again from the seed; the bank stays.
 */
export async function makeDemoWorld(
  order: DemoWorldOrder,
  report: Report = () => undefined,
): Promise<DemoWorldResult> {
  const { dataFolder, seed, people, nowMs } = order;
  const keys = openKeyFiles(dataFolder);
  const snapshots = snapshotsFolderOf(dataFolder);
  if (isDemoWorldMade(order, keys)) {
    return { epoch: newestEpochOf(snapshots), made: false, dropped: [] };
  }
  const config = bankConfigOf(order.configFolder);
  const folder = join(dataFolder, "generated");
  // What another world left, or a start that was ended; who was forgotten and ordinals stay.
  const { batches, aipl } = bankFolders(dataFolder);
  for (const old of [folder, batches, aipl]) rmSync(old, { recursive: true, force: true });
  try {
    await generateWorld({
      folder,
      people,
      seed,
      nowMs,
      format: "parquet",
      truth: false,
      limits,
      report,
    });
    const bankOrder = { dataFolder, config, limits, nowMs, report };
    const source = sourceOf(order, config);
    const { epoch, leftOut } = await makeEpoch(bankOrder, touchpointsIn(folder), source);
    return { epoch, made: true, dropped: leftOut.map(({ name }) => name) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Other rules make another world. */
function sourceOf({ seed, people }: DemoWorldOrder, config: BankConfig): string {
  const rules = JSON.stringify(
    [
      ...[[...config.touchpoints], [...config.markets], config.identity],
      ...[config.aipl, config.segments],
    ],
    (_, value) => (value instanceof Map ? [...value] : (value as unknown)),
  );
  const digest = createHash("sha256").update(rules).digest("hex").slice(0, 8);
  return `demo ${demoPeopleVersion} seed ${seed} people ${people} rules ${digest}`;
}

const newestEpochOf = (snapshots: string): Epoch => (listEpochs(snapshots)[0] ?? 0) as Epoch;

/** True when the newest epoch is the ordered one and fresh, so that it is loaded, not built. */
export function isDemoWorldMade(order: DemoWorldOrder, keys: KeyFiles): boolean {
  const snapshots = snapshotsFolderOf(order.dataFolder);
  const epoch = newestEpochOf(snapshots);
  if (epoch === 0) return false;
  const folder = join(snapshots, epochFolderName(epoch));
  const read = admitSnapshot(folder, epoch, 0 as Epoch, order.nowMs, trustOf(keys));
  return (
    read.ok &&
    read.manifest.source === sourceOf(order, bankConfigOf(order.configFolder)) &&
    read.manifest.notAfterMs - order.nowMs > freshMs
  );
}
