import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BankError } from "../bank.js";
import type { BankFolders } from "../folders.js";

/** `people.json`. Ordinals are below `nextOrdinal`; `day` is the day that the build looked from. */
export type PeopleFacts = {
  readonly epoch: number;
  readonly nextOrdinal: number;
  readonly persons: number;
  readonly identifiers: number;
  readonly day: string;
};

function epochsIn(folders: BankFolders): number[] {
  if (!existsSync(folders.people)) return [];
  return readdirSync(folders.people)
    .map((name) => Number(/^epoch-([1-9]\d*)$/.exec(name)?.[1] ?? 0))
    .filter((epoch) => epoch > 0)
    .sort((a, b) => a - b);
}

/** The newest epoch whose people are there, 0 = none is; `before` = only of epochs below it. */
export const newestPeopleEpoch = (folders: BankFolders, before = Number.MAX_SAFE_INTEGER): number =>
  epochsIn(folders)
    .filter((epoch) => epoch < before)
    .at(-1) ?? 0;

/**
 * Deletes the people of epochs that are none of `epochs` (those that still have a snapshot), but
 * never the newest: ordinals go on from there. Gives the epochs deleted.
 */
export function dropPeopleBefore(folders: BankFolders, epochs: readonly number[]): number[] {
  const newest = newestPeopleEpoch(folders);
  const dropped = epochsIn(folders).filter((epoch) => epoch !== newest && !epochs.includes(epoch));
  for (const epoch of dropped) removeWhole(folders, folders.peopleOf(epoch));
  return dropped;
}

/** Puts a finished folder in its place, over that of an earlier build of the same epoch. */
export function publishPeople(folders: BankFolders, written: string, epoch: number): void {
  const folder = folders.peopleOf(epoch);
  mkdirSync(folders.people, { recursive: true });
  if (existsSync(folder)) removeWhole(folders, folder);
  renameSync(written, folder);
}

/** Renamed away first: a kill leaves no half folder. */
function removeWhole(folders: BankFolders, folder: string): void {
  const away = join(folders.writing, "people-leaving");
  mkdirSync(folders.writing, { recursive: true });
  rmSync(away, { recursive: true, force: true });
  renameSync(folder, away);
  rmSync(away, { recursive: true });
}

export function readPeopleFacts(folders: BankFolders, epoch: number): PeopleFacts {
  const file = join(folders.peopleOf(epoch), "people.json");
  try {
    const facts = JSON.parse(readFileSync(file, "utf8")) as PeopleFacts;
    if (Number.isInteger(facts.nextOrdinal) && facts.nextOrdinal >= 1) return facts;
  } catch {
    // Said below.
  }
  throw new BankError(
    `${file} cannot be read, so ordinals cannot go on from epoch ${epoch}: restore the folder`,
  );
}
