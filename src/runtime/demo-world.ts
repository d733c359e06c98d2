import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../bank/bank.js";
import { bankFolders } from "../bank/folders.js";
import { generateWorld } from "../bank/generate/generate-world.js";
import type { Epoch } from "../base/ids.js";
import { makeEpoch } from "./bank-make.js";
import { snapshotsFolderOf, touchpointsIn } from "./data-folder.js";
import { type DemoWorldOrder, demoSourceOf, isDemoWorldMade, newestEpochOf } from "./demo-epoch.js";
import { openKeyFiles } from "./key-files.js";
import { bankConfigOf } from "./read-config.js";

export type DemoWorldResult = {
  readonly epoch: Epoch;
  /** False when an epoch of the same generator and settings was there already. */
  readonly made: boolean;
  /** Segments that are not in the snapshot: too small. */
  readonly dropped: readonly string[];
};

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
    const source = demoSourceOf(order, config);
    const { epoch, leftOut } = await makeEpoch(bankOrder, touchpointsIn(folder), source);
    return { epoch, made: true, dropped: leftOut.map(({ name }) => name) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
