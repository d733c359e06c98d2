import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Bank, secondsPerDay } from "../bank/bank.js";
import { reuseAfterDays } from "../bank/identity/ordinals.js";
import { readPeopleFacts } from "../bank/identity/people-folders.js";
import { listEpochs } from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** The newest one is served; the two before it are for a look back. */
const epochsKept = 3;

/**
 * Removes the snapshots that nobody serves any more: all but the newest three, and those whose
 * ordinals may have gone to other people since. What left the bank by retention or a withdrawal
 * leaves the disk with them. Gives the epochs removed.
 */
export function retireSnapshots(bank: Bank, snapshots: string): number[] {
  const retired = listEpochs(snapshots).filter(
    (epoch, place) => place > 0 && (place >= epochsKept || isOld(bank, epoch)),
  );
  for (const epoch of retired) {
    // Renamed away first: a kill leaves no half snapshot.
    const away = join(bank.folders.writing, "snapshot-leaving");
    mkdirSync(bank.folders.writing, { recursive: true, mode: 0o700 });
    rmSync(away, { recursive: true, force: true });
    renameSync(join(snapshots, epochFolderName(epoch)), away);
    rmSync(away, { recursive: true });
  }
  return retired;
}

function isOld({ folders, asOfSec }: Bank, epoch: number): boolean {
  if (!existsSync(join(folders.peopleOf(epoch), "people.json"))) return true;
  const daySec = Date.parse(readPeopleFacts(folders, epoch).day) / 1000;
  return asOfSec - daySec >= reuseAfterDays * secondsPerDay;
}
