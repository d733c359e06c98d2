import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * `exposures/<day>/<boot>-<mark>-<part>-<forgets>.csv`: who saw or clicked what, one line each, as
 * the bank takes it in (bank/ingest/exposures). Days are UTC; hours, not seconds, and no token: a
 * line cannot be joined with the journal's notices.
 *
 *   event_id,time,person,epoch,behaviour,line_item,campaign,advertiser,country
 *   9-3f0c52a1b7d4-17,1795600800,42,3,exposure,101,7,2,USA
 *
 * `time` is the start of the hour in Unix seconds, `person` an ordinal of that epoch, `behaviour`
 * exposure, click or ghost (a bid that was not made because the person is in the campaign's control
 * group). Readers pass over a behaviour that they do not know. `mark` is random by boot, so
 * that lines of two bidders differ. Nobody is in a file whom the forget log names up to sequence
 * `forgets`. A file that a bidder still writes, an hour at most, ends in `.live` instead of `.csv`
 * and stands in the order of the bills; closing sorts it (exposure-close.ts), after a crash the
 * next start does.
 */
export const exposureHead =
  "event_id,time,person,epoch,behaviour,line_item,campaign,advertiser,country\n";
export const exposureColumns = 9;
export const csvEnding = ".csv";
export const liveEnding = ".live";

export type ExposureFile = {
  readonly day: string;
  readonly name: string;
  readonly path: string;
  readonly live: boolean;
  /** The name without `forgets` and ending. */
  readonly stem: string;
  readonly forgets: number;
};

export const exposureFileName = (stem: string, forgets: number, ending: string): string =>
  `${stem}-${forgets}${ending}`;

const namePattern = /^(\d+-[0-9a-f]+-\d+)-(\d+)(\.csv|\.live)$/;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** The days that are there, ascending; a missing folder has none. */
export const exposureDays = (folder: string): string[] =>
  namesIn(folder).filter((name) => dayPattern.test(name));

/** The files of a day in order of name; what is no exposure file is left out. */
export function exposureFilesOf(folder: string, day: string): ExposureFile[] {
  return namesIn(join(folder, day)).flatMap((name) => {
    const match = namePattern.exec(name);
    if (match === null) return [];
    const [, stem = "", forgets = "", ending = ""] = match;
    const path = join(folder, day, name);
    return [{ day, name, path, live: ending === liveEnding, stem, forgets: Number(forgets) }];
  });
}

export const exposureFiles = (folder: string): ExposureFile[] =>
  exposureDays(folder).flatMap((day) => exposureFilesOf(folder, day));

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Files of the log that a crash has left half written. */
export function removeUnfinished(folder: string, ending: string): void {
  for (const day of exposureDays(folder)) {
    for (const name of namesIn(join(folder, day))) {
      if (name.endsWith(ending)) rmSync(join(folder, day, name), { force: true });
    }
  }
}

/** Behaviours as the bank's touch-point `ad` names them. */
export const Behaviour = { EXPOSURE: "exposure", CLICK: "click", GHOST: "ghost" } as const;
export type Behaviour = (typeof Behaviour)[keyof typeof Behaviour];
