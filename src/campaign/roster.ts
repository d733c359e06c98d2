import { assert } from "../base/assert.js";
import { Hash64, type SipKey } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import { askedAudiencesMax } from "../base/limits.js";
import { sipHash24Into } from "../base/siphash.js";

/**
 * WHO MAY ASK. Whoever may send requests can try every audience of an agency on one person. So on
 * one UTC day at most five of them answer for a person at all, by yes or by no: a "no" of the
 * others is the same for everybody and tells nothing.
 *
 * The audiences of an agency that were live at any time of the day stand on a circle of places; a
 * person is asked those in a window of five places, which begins where a keyed hash of person,
 * agency and day says (bid/asking). So nothing has to be remembered of a person: no restart, no
 * worker and no second bidder on the same files opens a second window.
 *
 *     place     0   1   2   3   4   5   6   7          8 places: 6 audiences and room for 2
 *     audience  c   .   a   f   b   .   e   d          where which stands is keyed by the day
 *                       [---- window ----]             asked today: a f b e
 *
 * The number of places is fixed with the day's first audience; one that comes when all are taken
 * opens with the next day. One that goes keeps its place. A window, not any five of N: people with
 * equal groups fall into N classes of answers instead of N choose 5 (bench/prove/asking).
 */
export type AgencyRoster = {
  readonly places: number;
  /** Digests in the order in which they came. */
  readonly digests: readonly string[];
};
export type RosterBook = {
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly agencies: ReadonlyMap<AgencyId, AgencyRoster>;
};

/** As a table is compiled with it. */
export type Roster = {
  readonly day: number;
  readonly placesOf: ReadonlyMap<AgencyId, number>;
  /** By digest. */
  readonly placeOf: ReadonlyMap<string, number>;
};

const roomMin = 2;
const roomShare = 4;

/** What is left of the day beside its first audiences. */
export const placesFor = (audiences: number): number =>
  Math.max(askedAudiencesMax, audiences + Math.max(roomMin, Math.ceil(audiences / roomShare)));

/**
 * The roster with the audiences that are certified now. A new day begins anew; a clock that went
 * back stays in the newer day, so that no day has two rosters.
 */
export function withCertified(
  before: RosterBook | null,
  certified: readonly { readonly agency: AgencyId; readonly digest: string }[],
  today: number,
): RosterBook {
  const goesOn = before !== null && before.day >= today;
  const agencies = new Map(goesOn ? before.agencies : []);
  const byAgency = new Map<AgencyId, string[]>();
  for (const { agency, digest } of certified) {
    byAgency.set(agency, [...(byAgency.get(agency) ?? []), digest]);
  }
  for (const [agency, digests] of byAgency) {
    const known = agencies.get(agency) ?? { places: placesFor(digests.length), digests: [] };
    const fresh = digests.filter((digest) => !known.digests.includes(digest)).sort();
    const room = known.places - known.digests.length;
    assert(room >= 0, "an agency has no more audiences than places");
    agencies.set(agency, { ...known, digests: [...known.digests, ...fresh.slice(0, room)] });
  }
  return { day: goesOn ? before.day : today, agencies };
}

/** Spreads each agency's audiences over its circle, anew each day, so that room is everywhere. */
export function rosterOf({ day, agencies }: RosterBook, key: SipKey): Roster {
  const placesOf = new Map<AgencyId, number>();
  const placeOf = new Map<string, number>();
  for (const [agency, { places, digests }] of agencies) {
    const order = shuffled(places, agency, day, key);
    placesOf.set(agency, places);
    for (const [i, digest] of digests.entries()) placeOf.set(digest, order[i]!);
  }
  return { day, placesOf, placeOf };
}

function shuffled(places: number, agency: number, day: number, key: SipKey): readonly number[] {
  const hash = new Hash64();
  const words = new Uint32Array([0, agency, day]);
  const bytes = new Uint8Array(words.buffer);
  const drawn = Array.from({ length: places }, (_, place) => {
    words[0] = place;
    sipHash24Into(key, bytes, 0, bytes.length, hash);
    return { place, lo: hash.lo, hi: hash.hi };
  });
  drawn.sort((a, b) => a.hi - b.hi || a.lo - b.lo || a.place - b.place);
  return drawn.map(({ place }) => place);
}

/** Without a roster everybody is asked all; an agency without one has nothing to be asked. */
export const placesOf = (roster: Roster | undefined, agency: AgencyId): number =>
  roster === undefined ? askedAudiencesMax : (roster.placesOf.get(agency) ?? askedAudiencesMax);

/** -1 = no place today. */
export const placeOfDay = (roster: Roster | undefined, digest: string): number =>
  roster === undefined ? 0 : (roster.placeOf.get(digest) ?? -1);
