import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BankError } from "../bank/bank.js";
import type { BankConfig } from "../bank/config/model.js";
import { bankFolders } from "../bank/folders.js";
import { type ForgetResult, finishForgets, type SnapshotsScrubbed } from "../bank/forget.js";
import { findForgotten } from "../bank/forget-find.js";
import { pendingForgets } from "../bank/forget-intent.js";
import type { ForgetParts } from "../bank/forget-parts.js";
import { takeForget } from "../bank/forget-take.js";
import type { ForgetRequest } from "../bank/forget-words.js";
import { personOf } from "../bank/identity/person-of.js";
import { removeKeys } from "../bank/ingest/rewrite.js";
import { waitForLock } from "../bank/lock.js";
import type { Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { type BankOrder, withDuck } from "./bank-open.js";
import { exposuresFolderOf, forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { scrubExposures } from "./exposure-scrub.js";
import { appendForget } from "./forget-log.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { scrubSnapshots } from "./snapshot-scrub.js";
import { epochFolderName } from "./snapshot-write.js";

/** Where to forget; plain values, because they are sent to a process. */
export type ForgetPlace = {
  readonly dataFolder: string;
  readonly nowMs: UnixMs;
  /** How long to wait for a build that holds the bank. */
  readonly lockMsMax: number;
};

/** What forgetting asks of the stages that own the files. */
export const bankForgetParts: ForgetParts = { removeKeys, personOf };

const limits = { memoryMb: 1024, threads: 2 };
const logLockMsMax = 10_000;
const lookUps = 5;
const lookUpPauseMs = 200;

export type TakeAnswer =
  | { readonly kind: "suppressed" }
  | { readonly kind: "unusable"; readonly places: readonly number[] };

/**
 * Takes a wish and has the running bidder stop using the people it means, without the bank's lock.
 * `onTaken` is called once the wish is durable: from there on it is finished whatever happens here.
 */
export async function takeAndSuppress(
  place: ForgetPlace,
  request: ForgetRequest,
  id: string,
  onTaken: () => void,
  parts: ForgetParts = bankForgetParts,
): Promise<TakeAnswer> {
  const keys = openKeyFiles(place.dataFolder);
  const folders = bankFolders(place.dataFolder);
  const taken = takeForget(folders, keys.identifierKey, request, id);
  if (!taken.ok) return { kind: "unusable", places: taken.unusable };
  onTaken();
  // Not the folder that a build may spill to now: opening a DuckDB empties its own.
  const spill = join(folders.root, `spill-forget-${process.pid}`);
  await withDuck(orderOf(place), keys, spill, async (bank) => {
    for (let left = lookUps; ; left--) {
      try {
        await findForgotten(bank, taken.intent, parts, suppressIn(place.dataFolder));
        return;
      } catch (error) {
        // A stage may replace a file while it is read.
        if (left <= 1) throw error;
        await pause(lookUpPauseMs);
      }
    }
  });
  return { kind: "suppressed" };
}

/** Finishes every pending wish under the bank's lock; null where there is none. */
export async function finishPending(
  place: ForgetPlace,
  parts: ForgetParts = bankForgetParts,
): Promise<ForgetResult | null> {
  const folders = bankFolders(place.dataFolder);
  if (pendingForgets(folders).length === 0) return null;
  const lock = await waitForLock(folders.lock, place.lockMsMax, 250);
  try {
    const keys = openKeyFiles(place.dataFolder);
    return await withDuck(orderOf(place), keys, folders.spill, (bank) =>
      finishForgets(bank, parts, forgetShell(place.dataFolder, keys)),
    );
  } finally {
    lock.release();
  }
}

/** What the bank asks of the shell, for every command that finishes pending wishes. */
export const forgetShell = (dataFolder: string, keys: KeyFiles) => ({
  suppress: suppressIn(dataFolder),
  scrub: async (): Promise<SnapshotsScrubbed> => {
    const snapshotsFolder = snapshotsFolderOf(dataFolder);
    const { epochs, refused } = scrubSnapshots({
      ...{ snapshotsFolder, forgetLog: forgetLogOf(dataFolder) },
      ...{ trust: trustOf(keys), signing: keys.signing },
    });
    const words = refused.map(({ epoch, words: why }) => {
      const folder = join(snapshotsFolder, epochFolderName(epoch));
      return `epoch ${epoch} cannot be rewritten and is never served (${why}): remove ${folder}`;
    });
    return { epochs, refused: words };
  },
  scrubExposures: () => scrubExposures(exposuresFolderOf(dataFolder), forgetLogOf(dataFolder)),
});

/** The log has a lock of its own, held for milliseconds: a build may hold the bank's for hours. */
const suppressIn =
  (dataFolder: string) =>
  async (ordinals: readonly number[]): Promise<void> => {
    const path = forgetLogOf(dataFolder);
    const lock = await waitForLock(`${path}.lock`, logLockMsMax);
    try {
      appendForget(path, ordinals as readonly Ordinal[]);
    } finally {
      lock.release();
    }
  };

/** Forgetting follows the files, never the rules: it works on a broken config as well. */
const noConfig: BankConfig = {
  ...{ markets: new Map(), areas: [], touchpoints: new Map(), aipl: [], segments: [] },
  identity: {
    ...{ stopList: [], accountsPerEmailMax: 1, accountsPerDeviceMax: 1 },
    ...{ devicesPerAccountMax: 1, componentIdentifiersMax: 1 },
  },
};

const orderOf = ({ dataFolder, nowMs }: ForgetPlace): BankOrder => ({
  ...{ dataFolder, nowMs, limits, config: noConfig, report: () => undefined },
});

/** An error as words without anything that it may quote: keys stand in DuckDB's own. */
export function forgetFailure(error: unknown): string {
  if (error instanceof BankError) return error.message;
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return `the data folder cannot be used: ${code}`;
  const kind = /^([A-Z][A-Za-z ]{2,40} Error)\b/.exec(error.message)?.[1];
  return `${kind ?? error.name}: look whether the disk is full and the bank's files are whole`;
}
