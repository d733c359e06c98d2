import { Hash64, mix32, type SipKey } from "../base/hash.js";
import { askedAudiencesMax, holdOutPermille, personAnswersMax } from "../base/limits.js";
import { type Asking, noteAnswered, noteAsked } from "./ask-counts.js";
import { dependsOnGroups, isTargeted } from "./audience-use.js";
import type { Decision } from "./decision.js";
import { keyedHashInto } from "./keyed.js";
import type { Offers } from "./offer.js";

const dayMs = 86_400_000;
const hash = new Hash64();

/**
 * Counts a request about the decision's person; 0: the person's groups are not asked, else 1. No
 * branch depends on who it is.
 */
export function mayAskGroups(decision: Decision, asking: Asking): number {
  const { person, exchange, request, now, asked } = decision;
  const isKnown = -person.ordinal >> 31;
  // 31 bits, as an ordinal: a larger number is an object of its own on the way, which takes time.
  const who = (person.ordinal & isKnown) | ((request.seed.lo >>> 1) & ~isKnown);
  const day = Math.floor(now / dayMs);
  noteAsked(asking.counts, asking.key, who, exchange.id, day, isKnown & 1, asked);
  return isKnown & ((asked.answered - personAnswersMax) >>> 31);
}

/** Counts an answer with an offer that the person's groups had a part in. */
export function tellAnswered({ asking, asked, known, now, table }: Decision, offers: Offers): void {
  if (asking === null || known === 0) return;
  for (let i = 0; i < offers.count; i++) {
    if (!dependsOnGroups(table, offers.items[i]!.lineItem)) continue;
    noteAnswered(asking.counts, asked, Math.floor(now / dayMs));
    return;
  }
}

/**
 * 1 when the audience is one of those that answer for the person on the roster's day: see
 * campaign/roster. Declared people (explain) are asked all.
 */
export function isAsked(decision: Decision, audience: number): number {
  const { table, declaredRow, asked, world } = decision;
  const agency = table.audienceAgency[audience]!;
  const places = table.agencyPlaces[agency]!;
  if (places <= askedAudiencesMax || declaredRow !== null) return 1;
  const from = windowFrom(asked.hash, table.agencyId[agency]!, world.rosterDay, places);
  const ahead = table.audiencePlace[audience]! - from;
  return (ahead < 0 ? ahead + places : ahead) < askedAudiencesMax ? 1 : 0;
}

/**
 * Where the person's window on the agency's circle begins that day. What the hash hides is the
 * person: a window may be known, it depends on nobody's groups.
 */
export function windowFrom(person: Hash64, agency: number, day: number, places: number): number {
  const drawn = mix32((person.lo ^ mix32(agency, day)) >>> 0, person.hi);
  return Math.floor((drawn / 2 ** 32) * places);
}

const heldOutBelow = Math.floor((2 ** 32 * holdOutPermille) / 1000);

/**
 * True for the part of an audience that a campaign never bids for, the control group of its lift:
 * chosen once for the campaign's whole life. Nobody is bid for because of it.
 */
export function isHeldOut(decision: Decision, lineItem: number): boolean {
  const { asking, known, declaredRow, person, table } = decision;
  if (asking === null || known === 0 || declaredRow !== null || !isTargeted(table, lineItem)) {
    return false;
  }
  return isControl(asking.holdOutKey, person.ordinal, table.lineItemCampaign[lineItem]!);
}

/** Whether a person (who stays, after a merge) is in a campaign's control group. */
export function isControl(holdOutKey: SipKey, ordinal: number, campaign: number): boolean {
  keyedHashInto(holdOutKey, ordinal, campaign, hash);
  return hash.lo < heldOutBelow;
}
