import { join } from "node:path";
import type { Epoch } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import { buildDemoImage, type DemoStage, demoPeopleVersion } from "./demo-people.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { readServedEpoch } from "./served-epoch.js";
import { admitSnapshot, listEpochs } from "./snapshot-read.js";
import { epochFolderName, writeSnapshot } from "./snapshot-write.js";

/** What the demo's building process is told; plain values. */
export type DemoWorldOrder = {
  readonly dataFolder: string;
  readonly seed: number;
  readonly people: number;
  readonly nowMs: UnixMs;
};

export type DemoWorldStage = DemoStage | "write";
export type DemoWorldResult = {
  readonly epoch: Epoch;
  /** False when an epoch of the same generator and settings was there already. */
  readonly made: boolean;
  readonly dropped: readonly string[];
};

const dayMs = 24 * 3600 * 1000;
const lifeMs = 30 * dayMs;
/** A start in a snapshot's last week makes a new one. */
const freshMs = 7 * dayMs;

export const snapshotsFolderOf = (dataFolder: string): string => join(dataFolder, "snapshots");
export const forgetLogOf = (dataFolder: string): string => join(dataFolder, "forget.log");

/**
 * Makes the demo's snapshot at the real crowd minimum, unless the newest epoch is the same and
 * fresh.
 */
export function makeDemoWorld(
  order: DemoWorldOrder,
  onProgress: (stage: DemoWorldStage, done: number, total: number) => void = () => {},
): DemoWorldResult {
  const keys = openKeyFiles(order.dataFolder);
  const { seed, people, nowMs } = order;
  const source = sourceOf(order);
  const snapshots = snapshotsFolderOf(order.dataFolder);
  const newest = newestEpochOf(snapshots);
  if (isDemoWorldMade(order, keys)) return { epoch: newest, made: false, dropped: [] };
  const served = readServedEpoch(order.dataFolder);
  if (!served.ok) throw new Error(served.words);
  // Epochs rise even where the folder of the last ones was deleted.
  const epoch = (Math.max(newest, served.epoch) + 1) as Epoch;
  const { identifierKey, identifierKeyId } = keys;
  const built = buildDemoImage({ seed, people, epoch, identifierKey }, onProgress);
  const { segments, areas, dropped } = built;
  const facts = {
    ...{ createdMs: nowMs, notAfterMs: (nowMs + lifeMs) as UnixMs, identifierKeyId, source },
    ...{ forgetSequence: 0, segments, areas },
  };
  writeSnapshot(snapshots, built.image, facts, keys.signing, (done, total) =>
    onProgress("write", done, total),
  );
  return { epoch, made: true, dropped };
}

const sourceOf = ({ seed, people }: DemoWorldOrder): string =>
  `demo-people ${demoPeopleVersion} seed ${seed} people ${people}`;

const newestEpochOf = (snapshots: string): Epoch => (listEpochs(snapshots)[0] ?? 0) as Epoch;

/** True when the newest epoch is the ordered one and fresh, so that it is loaded, not built. */
export function isDemoWorldMade(order: DemoWorldOrder, keys: KeyFiles): boolean {
  const snapshots = snapshotsFolderOf(order.dataFolder);
  const newest = newestEpochOf(snapshots);
  const served = readServedEpoch(order.dataFolder);
  if (!served.ok || newest < served.epoch) return false;
  return newest > 0 && isSame(snapshots, newest, keys, sourceOf(order), order.nowMs);
}

function isSame(
  snapshots: string,
  epoch: number,
  keys: KeyFiles,
  source: string,
  nowMs: UnixMs,
): boolean {
  const folder = join(snapshots, epochFolderName(epoch));
  const read = admitSnapshot(folder, epoch, 0 as Epoch, nowMs, trustOf(keys));
  return read.ok && read.manifest.source === source && read.manifest.notAfterMs - nowMs > freshMs;
}

/**
 * What the bidder trusts of its own data folder: its one signing key, its identifier key, the real
 * minimum.
 */
export const trustOf = (keys: KeyFiles): Parameters<typeof admitSnapshot>[4] => ({
  publicKeys: {
    [keys.signing.keyId]: keys.signing.publicKey.export({ type: "spki", format: "pem" }).toString(),
  },
  identifierKeyId: keys.identifierKeyId,
  crowdMinimum: crowdMinimumPeople,
});
