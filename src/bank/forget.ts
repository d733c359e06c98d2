import type { Bank } from "./bank.js";
import { findForgotten, ordinalsOf, type Suppress } from "./forget-find.js";
import {
  type ForgetIntent,
  keysOf,
  pendingForgets,
  readIntent,
  removeIntent,
} from "./forget-intent.js";
import type { ForgetParts } from "./forget-parts.js";
import { dropUnfinishedBuild, removeFromPeople, suppressKeys } from "./forget-rows.js";
import { parquetFilesBelow } from "./rewrite.js";

/**
 * Forgetting a person, so that a kill at any point loses nothing:
 *
 *   takeForget      the intent is on disk                                          no lock
 *   findForgotten   the forget log names the people: the bidder stops within 5 s   no lock
 *   finishForgets   under the bank's lock, for all intents on disk together:
 *                   whom to forget is looked up again, as a build may have ended meanwhile;
 *                   suppression hashes; rows of batches, people, stages and lists; snapshots;
 *                   the exposure log; last the intents
 *
 * Every step can be done twice. Each bank command finishes what is pending before its own work. A
 * build reads the forget log's last sequence BEFORE that, and writes it into its manifest: whoever
 * is named up to it has an intent on disk by then, and everybody named later is replayed by the
 * loader. Before it publishes epoch n it suppresses `forgottenIn(bank, n)`: a merge in that build
 * may have given a person another ordinal than the log names.
 */
export type ForgetShell = {
  readonly suppress: Suppress;
  /** Takes whomever the forget log names out of every snapshot on disk. */
  readonly scrub: () => Promise<SnapshotsScrubbed>;
  /** The same for the exposure log; absent = there is none. */
  readonly scrubExposures?: () => Promise<{
    readonly files: number;
    readonly refused: readonly string[];
  }>;
};

export type SnapshotsScrubbed = {
  /** Epochs looked at. */
  readonly epochs: number;
  /** Words on epochs that could not be rewritten: damaged ones, which are never served. */
  readonly refused: readonly string[];
};

/** Counts of files looked through, whether they held anything or not; never of people or rows. */
export type ForgetResult = {
  /** Requests that are done, by id. */
  readonly done: readonly string[];
  readonly files: number;
  readonly snapshots: number;
  /** Not empty: the requests stay pending until these are dealt with. */
  readonly refused: readonly string[];
};

/** Finishes every wish on disk; null where there is none. For the holder of the lock. */
export async function finishForgets(
  bank: Bank,
  parts: ForgetParts,
  shell: ForgetShell,
): Promise<ForgetResult | null> {
  const intents: ForgetIntent[] = [];
  for (const id of pendingForgets(bank.folders)) {
    const intent = readIntent(bank.folders, id);
    if (intent === null) continue;
    intents.push(await findForgotten(bank, intent, parts, shell.suppress));
  }
  if (intents.length === 0) return null;
  const union = <T>(of: (intent: ForgetIntent) => readonly T[]): T[] => [
    ...new Set(intents.flatMap(of)),
  ];
  const keys = keysOf(union(({ keys: hexes }) => hexes));
  const gone = union((intent) => intent.gone);
  const touched = union((intent) => intent.touched).filter((ordinal) => !gone.includes(ordinal));
  await suppressKeys(bank, keys);
  await parts.removeKeys(bank, keys);
  const files = await removeFromPeople(bank, { keys, gone, touched });
  dropUnfinishedBuild(bank);
  const snapshots = await shell.scrub();
  const exposures = await shell.scrubExposures?.();
  const { epochs } = snapshots;
  const refused = [...snapshots.refused, ...(exposures?.refused ?? [])];
  const done = refused.length > 0 ? [] : intents.map(({ id }) => id);
  for (const id of done) removeIntent(bank.folders, id);
  const batches = parquetFilesBelow(bank.folders.batches).length;
  return { done, files: batches + files + (exposures?.files ?? 0), snapshots: epochs, refused };
}

/** Whom pending wishes name in the people of an epoch: a build suppresses them, then publishes. */
export async function forgottenIn(bank: Bank, epoch: number): Promise<number[]> {
  const keys = pendingForgets(bank.folders).flatMap(
    (id) => readIntent(bank.folders, id)?.keys ?? [],
  );
  return ordinalsOf(bank, keysOf(new Set(keys)), epoch);
}
