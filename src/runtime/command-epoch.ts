import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SipKey } from "../base/hash.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import type { Manifest } from "../index/manifest.js";
import { forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { openKeyFiles } from "./key-files.js";
import { readServedEpoch } from "./served-epoch.js";
import { admitSnapshot, listEpochs, type SnapshotTrust } from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** The newest epoch of a data folder that may be served now. */
export type CommandEpoch = {
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  readonly snapshotsFolder: string;
  readonly forgetLog: string;
  readonly trust: SnapshotTrust;
  readonly crowdKey: SipKey;
};

/**
 * null: there is none, and `warnings` say why where one was expected. Makes no key and writes
 * nothing.
 */
export function newestEpoch(
  dataFolder: string | null,
  nowMs: UnixMs,
  warnings: string[],
): CommandEpoch | null {
  if (dataFolder === null) return null;
  const snapshotsFolder = snapshotsFolderOf(dataFolder);
  const epochs = listEpochs(snapshotsFolder);
  if (epochs.length === 0) return null;
  const hashing = ["identifier.key", "suppression.key", "crowd.key"];
  const keys = [...hashing, "snapshot.ed25519", "snapshot.ed25519.pub", "token.key"];
  if (!keys.every((name) => existsSync(join(dataFolder, "keys", name)))) {
    warnings.push(`${dataFolder} has snapshots but not the keys to verify them: epoch 0 is used`);
    return null;
  }
  const opened = openKeyFiles(dataFolder);
  const trust = trustOf(opened);
  const { crowdKey } = opened;
  const highest = readServedEpoch(dataFolder);
  if (!highest.ok) {
    warnings.push(highest.words);
    return null;
  }
  for (const epoch of epochs) {
    const folder = join(snapshotsFolder, epochFolderName(epoch));
    const admitted = admitSnapshot(folder, epoch, 0 as Epoch, nowMs, trust, highest.epoch);
    if (admitted.ok) {
      const { manifest, digest: manifestDigest } = admitted;
      const forgetLog = forgetLogOf(dataFolder);
      return { manifest, manifestDigest, snapshotsFolder, forgetLog, trust, crowdKey };
    }
    warnings.push(`epoch ${epoch} is refused: ${admitted.words}`);
  }
  return null;
}
