import { join } from "node:path";
import { crowdMinimumPeople } from "../base/limits.js";
import type { KeyFiles } from "./key-files.js";
import type { SnapshotTrust } from "./snapshot-read.js";

/** Places in a data folder that the bidder and the bank share. */
export const snapshotsFolderOf = (dataFolder: string): string => join(dataFolder, "snapshots");
export const forgetLogOf = (dataFolder: string): string => join(dataFolder, "forget.log");
export const exposuresFolderOf = (dataFolder: string): string => join(dataFolder, "exposures");
/** Held by the bidder that writes the log, or by who rewrites it while none runs. */
export const exposureLockOf = (exposuresFolder: string): string => join(exposuresFolder, "lock");

/** Touch-points of a generated world: a folder for each. */
export const touchpointsIn = (worldFolder: string): string => join(worldFolder, "touchpoints");

/**
 * What the bidder trusts of its own data folder: its one signing key, its identifier key, the real
 * minimum.
 */
export const trustOf = (keys: KeyFiles): SnapshotTrust => ({
  publicKeys: {
    [keys.signing.keyId]: keys.signing.publicKey.export({ type: "spki", format: "pem" }).toString(),
  },
  identifierKeyId: keys.identifierKeyId,
  crowdMinimum: crowdMinimumPeople,
});
