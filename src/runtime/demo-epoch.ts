import { createHash } from "node:crypto";
import { join } from "node:path";
import type { BankConfig } from "../bank/config/model.js";
import { demoPeopleVersion } from "../bank/generate/demo-person.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { snapshotsFolderOf, trustOf } from "./data-folder.js";
import type { KeyFiles } from "./key-files.js";
import { bankConfigOf } from "./read-config.js";
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

const dayMs = 24 * 3600 * 1000;
/** A start in a snapshot's last week makes a new one. */
const freshMs = 7 * dayMs;

/** Other rules make another world. */
export function demoSourceOf({ seed, people }: DemoWorldOrder, config: BankConfig): string {
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

export const newestEpochOf = (snapshots: string): Epoch => (listEpochs(snapshots)[0] ?? 0) as Epoch;

/** True when the newest epoch is the ordered one and fresh, so that it is loaded, not built. */
export function isDemoWorldMade(order: DemoWorldOrder, keys: KeyFiles): boolean {
  const snapshots = snapshotsFolderOf(order.dataFolder);
  const epoch = newestEpochOf(snapshots);
  if (epoch === 0) return false;
  const folder = join(snapshots, epochFolderName(epoch));
  const read = admitSnapshot(folder, epoch, 0 as Epoch, order.nowMs, trustOf(keys));
  return (
    read.ok &&
    read.manifest.source === demoSourceOf(order, bankConfigOf(order.configFolder)) &&
    read.manifest.notAfterMs - order.nowMs > freshMs
  );
}
