import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countBits } from "../../base/bitset.js";
import {
  admitsCrowd,
  crowdDrawDays,
  crowdNoise,
  crowdReturnDays,
} from "../../base/crowd-minimum.js";
import { bandOf } from "../../index/manifest.js";
import { type Bank, BankError, dayName, secondsPerDay } from "../bank.js";
import type { Membership, Memberships } from "./evaluate.js";

export type Admission = {
  /** In the order of the memberships; the band is of the noisy size, at least the minimum. */
  readonly kept: readonly { readonly membership: Membership; readonly bandedPeople: number }[];
  /** `why` is "below the crowd minimum" or "withdrawn until 2026-12-26", never a number. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
};

/**
 * What the rule remembers of one set, by its digest: a set keeps its draw under whatever name, and
 * a new rule under an old name is a new set.
 */
type SetState = {
  /** Days since 1970: of the noise in force, and of the last build that had the set. */
  drawnDay: number;
  seenDay: number;
  /** It was in the last snapshot. */
  admitted: boolean;
  /** The day it fell below; 0 = it did not, or that is over. */
  withdrawnDay: number;
};

type State = { readonly schema: 1; readonly sets: Record<string, SetState> };

/**
 * Decides which segments may be in a snapshot, by the noisy rule of base/crowd-minimum.ts, and
 * remembers it in `segments.json`. The same build again decides the same.
 */
export function admitSegments(bank: Bank, { segments }: Memberships): Admission {
  const today = Math.floor(bank.asOfSec / secondsPerDay);
  const known = readState(bank.folders.segmentState).sets;
  const sets: Record<string, SetState> = {};
  for (const [digest, state] of Object.entries(known)) {
    // Longer unseen, nothing of it is in force any more: noise and withdrawal have lapsed.
    if (today - state.seenDay < Math.max(crowdDrawDays, crowdReturnDays)) sets[digest] = state;
  }
  const kept: { membership: Membership; bandedPeople: number }[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const membership of segments) {
    const digest = Buffer.from(membership.digest).toString("hex");
    sets[digest] ??= { drawnDay: today, seenDay: today, admitted: false, withdrawnDay: 0 };
    const { why, noisyPeople } = decide(bank, membership, sets[digest], today);
    if (why !== "") leftOut.push({ name: membership.segment.name, why });
    else kept.push({ membership, bandedPeople: bandOf(noisyPeople, bank.crowdMinimum) });
  }
  writeState(bank, { schema: 1, sets });
  return { kept, leftOut };
}

function decide(
  bank: Bank,
  { digest, bits }: Membership,
  state: SetState,
  today: number,
): { readonly why: string; readonly noisyPeople: number } {
  state.seenDay = today;
  if (today - state.drawnDay >= crowdDrawDays) state.drawnDay = today;
  const people = countBits(bits);
  const noise = crowdNoise(bank.keys.crowd, digest, state.drawnDay);
  const enough = admitsCrowd(people, noise, bank.crowdMinimum);
  if (state.admitted && !enough) state.withdrawnDay = today;
  const returnDay = state.withdrawnDay + crowdReturnDays;
  const withdrawn = state.withdrawnDay > 0 && today < returnDay;
  if (!withdrawn) state.withdrawnDay = 0;
  state.admitted = enough && !withdrawn;
  const noisyPeople = people + noise;
  if (withdrawn) {
    return { why: `withdrawn until ${dayName(returnDay * secondsPerDay)}`, noisyPeople };
  }
  return { why: enough ? "" : "below the crowd minimum", noisyPeople };
}

function readState(file: string): State {
  if (!existsSync(file)) return { schema: 1, sets: {} };
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as State;
    if (state.schema === 1 && typeof state.sets === "object") return state;
  } catch {
    // Told below, with what to do.
  }
  throw new BankError(
    `${file} is damaged: restore it from a backup, or remove it when there is none (segments ` +
      "that were withdrawn may then return early, and every segment draws its noise anew)",
  );
}

/** On disk before the snapshot that it speaks of. */
function writeState({ folders }: Bank, state: State): void {
  mkdirSync(folders.writing, { recursive: true, mode: 0o700 });
  const writing = join(folders.writing, "segments.json");
  writeFileSync(writing, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
  renameSync(writing, folders.segmentState);
}
