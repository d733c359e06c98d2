import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countSharedBits, hasBit } from "../../base/bitset.js";
import {
  admitsCrowd,
  crowdDrawDays,
  crowdNoise,
  crowdReturnDays,
} from "../../base/crowd-minimum.js";
import { bandOf } from "../../index/manifest.js";
import { type Bank, BankError, dayName, secondsPerDay } from "../bank.js";
import { areaDigest } from "./canonical.js";
import type { Membership, Memberships } from "./evaluate.js";
import type { People } from "./people.js";

export type Admission = {
  /** In the order of the memberships; the band is of the noisy size, at least the minimum. */
  readonly kept: readonly { readonly membership: Membership; readonly bandedPeople: number }[];
  /** `why` is "below the crowd minimum" or "withdrawn until 2026-12-26", never a number. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** By number of a home area: 1 = a crowd is at home there. */
  readonly areas: Uint8Array;
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
 * Decides which segments and home areas may be in a snapshot, by the noisy rule of
 * base/crowd-minimum.ts, and remembers it in `segments.json`. People count, not members: see
 * `People.counting`. The same build again decides the same.
 */
export function admitSegments(bank: Bank, { people, segments }: Memberships): Admission {
  const today = Math.floor(bank.asOfSec / secondsPerDay);
  const known = readState(bank.folders.segmentState).sets;
  const sets: Record<string, SetState> = {};
  for (const [digest, state] of Object.entries(known)) {
    // Longer unseen, nothing of it is in force any more: noise and withdrawal have lapsed.
    if (today - state.seenDay < Math.max(crowdDrawDays, crowdReturnDays)) sets[digest] = state;
  }
  const kept: { membership: Membership; bandedPeople: number }[] = [];
  const leftOut: { name: string; why: string }[] = [];
  const decided = (setDigest: Uint8Array, count: number): Decided => {
    const digest = Buffer.from(setDigest).toString("hex");
    sets[digest] ??= { drawnDay: today, seenDay: today, admitted: false, withdrawnDay: 0 };
    return decide(bank, setDigest, count, sets[digest], today);
  };
  for (const membership of segments) {
    const count = countSharedBits(membership.bits, people.counting);
    const { why, noisyPeople } = decided(membership.digest, count);
    if (why !== "") leftOut.push({ name: membership.segment.name, why });
    else kept.push({ membership, bandedPeople: bandOf(noisyPeople, bank.crowdMinimum) });
  }
  const areas = new Uint8Array(bank.config.areas.length + 1);
  const atHome = countByArea(people, areas.length);
  for (const [i, name] of bank.config.areas.entries()) {
    areas[i + 1] = decided(areaDigest(name), atHome[i + 1]!).why === "" ? 1 : 0;
  }
  writeState(bank, { schema: 1, sets });
  return { kept, leftOut, areas };
}

function countByArea({ rowCount, areas, counting }: People, areaCount: number): Uint32Array {
  const atHome = new Uint32Array(areaCount);
  for (let ordinal = 1; ordinal < rowCount; ordinal++) {
    if (hasBit(counting, ordinal)) atHome[areas[ordinal]!]!++;
  }
  return atHome;
}

type Decided = { readonly why: string; readonly noisyPeople: number };

function decide(
  bank: Bank,
  digest: Uint8Array,
  people: number,
  state: SetState,
  today: number,
): Decided {
  state.seenDay = today;
  if (today - state.drawnDay >= crowdDrawDays) state.drawnDay = today;
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
