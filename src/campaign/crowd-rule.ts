import { createHash } from "node:crypto";
import { assert } from "../base/assert.js";
import {
  admitsCrowd,
  crowdDrawDays,
  crowdMarginPeople,
  crowdNoise,
} from "../base/crowd-minimum.js";
import type { SipKey } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import { type AudienceTerm, atHomeIn, canonicalText, termText } from "./audience.js";

/**
 * Of the rule below; a verdict by another one is none. 1 was the exact count of each term alone, 2
 * compared audiences at home alone.
 */
export const crowdRuleVersion = 3;

/** An audience among those that are judged together over one epoch. */
export type CrowdAudience = {
  readonly agency: AgencyId;
  readonly terms: readonly AudienceTerm[];
  /** False: it is certified for this epoch already, and others are held against it. */
  readonly judged: boolean;
  /** Place of the audience that this is a cut of: counted beside it, and no audience of its own. */
  readonly cutOf?: number;
};

/** Exact people, by the places of sets (audiences and their cuts), of their terms and of pairs. */
export type CrowdCounts = {
  readonly termPeople: readonly (readonly number[])[];
  readonly audiencePeople: ArrayLike<number>;
  /** Those of them whose home is known; read only where an audience asks for homes. */
  readonly homedPeople: ArrayLike<number>;
  readonly pairPeople: ArrayLike<number>;
};

export type CrowdRule = {
  readonly minimum: number;
  /** The noise of a set by the digest of its canonical form. */
  readonly noiseOf: (digest: Uint8Array) => number;
  /** Another one is for proofs, which must notice it. */
  readonly admits?: typeof admitsCrowd;
};

/** The rule in force: its noise depends on the key, the set and the day of its draw alone. */
export const crowdRuleOf = (key: SipKey, day: number, minimum = crowdMinimumPeople): CrowdRule => ({
  minimum,
  noiseOf: (digest) => crowdNoise(key, digest, drawDayOf(digest, day)),
});

/**
 * The day of the draw that is in force for a set, in days since 1970. Each set has its own day in
 * 30 to be drawn anew, which follows from its digest: so nothing has to be remembered, and nobody
 * gets another draw by making the program forget.
 */
export function drawDayOf(digest: Uint8Array, day: number): number {
  const phase = (digest[0]! + 256 * digest[1]!) % crowdDrawDays;
  return day - ((day + phase) % crowdDrawDays);
}

/**
 * A verdict and never a count: what is below the crowd minimum by one is as refused as what is
 * empty, or as what differs too little from another audience.
 */
export type VerdictWord = "certified" | "refused" | "unknown_segment";

export type AudienceJudged = {
  readonly verdict: VerdictWord;
  /**
   * How many people may be forgotten until one of its sets might be no crowd any more, by the noisy
   * counts and if all of them were in that set; at most a tenth of the minimum. Of a refused one 0.
   */
  readonly bears: number;
};

export type AudiencePair = readonly [earlier: number, later: number];

export type CrowdSets = {
  /** The audiences themselves, and behind them their cuts. */
  readonly sets: readonly CrowdAudience[];
  /** Places of sets whose common people the rule needs, in the order of the later audience. */
  readonly pairs: readonly AudiencePair[];
};

/**
 * What the rule needs counted. Pairs are of one agency, the later one judged; those that exclude
 * each other by their terms have none.
 *
 * An audience is counted at home and asked about wherever a request comes from. So two of them that
 * are aimed at different places are compared where both are asked about too, by the people of the
 * areas that they share: else the rest of the wider one would hide a difference of one person. Two
 * that share no area are compared as if they were aimed at none: who asks may name any place.
 */
export function setsToCount(audiences: readonly CrowdAudience[]): CrowdSets {
  const byAgency = new Map<AgencyId, number[]>();
  const pairs: AudiencePair[] = [];
  const cuts = new Cuts(audiences);
  for (const [later, audience] of audiences.entries()) {
    const others = byAgency.get(audience.agency) ?? [];
    byAgency.set(audience.agency, others);
    for (const earlier of audience.judged ? others : []) {
      const other = audiences[earlier]!;
      if (!excludeEachOther(audience.terms, other.terms)) pairs.push([earlier, later]);
      const where = sharedPlaces(audience.terms, other.terms);
      if (where !== "same") pairs.push([cuts.of(earlier, where), cuts.of(later, where)]);
    }
    others.push(later);
  }
  return { sets: cuts.sets, pairs };
}

/** Audiences as they are in other places than their own, each once. */
class Cuts {
  readonly sets: CrowdAudience[];
  private readonly known = new Map<string, number>();

  constructor(audiences: readonly CrowdAudience[]) {
    this.sets = [...audiences];
  }

  of(cutOf: number, areas: AreaNames): number {
    const audience = this.sets[cutOf]!;
    const own = areasOf(audience.terms);
    if (own?.join() === areas?.join()) return cutOf;
    const key = `${cutOf} ${areas?.join() ?? ""}`;
    const place = this.known.get(key) ?? this.sets.length;
    if (place === this.sets.length) {
      const { terms } = atHomeIn({ terms: audience.terms.map(anywhere) }, areas);
      this.sets.push({ agency: audience.agency, terms, judged: false, cutOf });
    }
    this.known.set(key, place);
    return place;
  }
}

type AreaNames = readonly string[] | null;

/** An audience has the areas of its targeting in every term. */
const areasOf = (terms: readonly AudienceTerm[]): AreaNames => terms[0]?.areas ?? null;

const anywhere = ({ all, none }: AudienceTerm): AudienceTerm => ({ all, none });

/**
 * Where two audiences are compared beside their own places, null = anywhere; "same" where that
 * tells nothing new: one place, one wish, or wishes that exclude each other.
 */
function sharedPlaces(
  terms: readonly AudienceTerm[],
  others: readonly AudienceTerm[],
): AreaNames | "same" {
  const [own, other] = [areasOf(terms), areasOf(others)];
  if (own?.join() === other?.join()) return "same";
  const [wish, otherWish] = [terms.map(anywhere), others.map(anywhere)];
  if (excludeEachOther(wish, otherWish)) return "same";
  if (isWithin(wish, otherWish) && isWithin(otherWish, wish)) return "same";
  if (own === null || other === null) return own ?? other;
  const shared = own.filter((area) => other.includes(area));
  return shared.length === 0 ? null : shared;
}

/**
 * Judges audiences in the order of their precedence. One is certified iff each of its terms is a
 * crowd, and so are both one-way differences between it and every audience of its agency that is
 * certified before it; the noisy threshold of base/crowd-minimum.ts says what is a crowd.
 *
 * A difference counts as empty only where that follows from the terms, whoever the people are. One
 * that merely happens to be empty is refused like one of a single person: else the verdict would
 * tell whether that one person is there.
 *
 * Sets and pairs are those of `setsToCount`. Gives one verdict for each audience; those that are
 * not judged are certified.
 */
export function judgeCrowds(
  { sets, pairs }: CrowdSets,
  counts: CrowdCounts,
  rule: CrowdRule,
): readonly AudienceJudged[] {
  const bearsMax = Math.max(0, Math.floor(rule.minimum / 10));
  const digests = sets.map(({ terms }) => audienceSetDigest(terms));
  const ownerOf = (set: number): number => sets[set]!.cutOf ?? set;
  const verdicts: AudienceJudged[] = [];
  let p = 0;
  for (const [later, { terms, judged, cutOf }] of sets.entries()) {
    if (cutOf !== undefined) break;
    let bears = judged && terms.length === 0 ? -1 : bearsMax;
    const demand = (people: number, digest: () => Uint8Array): void => {
      bears = Math.min(bears, bearsOf(people, digest, rule, bearsMax));
    };
    if (judged) {
      for (const [t, term] of terms.entries()) {
        demand(counts.termPeople[later]![t]!, () => termDigest(term));
      }
    }
    for (; p < pairs.length && ownerOf(pairs[p]![1]) === later; p++) {
      const [earlier, its] = pairs[p]!;
      if (verdicts[ownerOf(earlier)]!.verdict !== "certified") continue;
      const shared = counts.pairPeople[p]!;
      for (const [one, other] of [
        [its, earlier],
        [earlier, its],
      ] as const) {
        if (isWithin(sets[one]!.terms, sets[other]!.terms)) continue;
        // Who is at home nowhere is in no audience that asks for homes, and no difference from it:
        // such people would hide how few live in the area that it leaves out.
        const homed = asksForHomes(sets[other]!.terms);
        const people = (homed ? counts.homedPeople : counts.audiencePeople)[one]! - shared;
        assert(people >= 0, "a difference has no fewer than 0 people");
        demand(people, () => differenceDigest(digests[one]!, digests[other]!));
      }
    }
    verdicts.push({ verdict: bears < 0 ? "refused" : "certified", bears: Math.max(0, bears) });
  }
  assert(p === pairs.length, "pairs stand in the order of their later audience");
  return verdicts;
}

/** -1 = no crowd. Far above the threshold the noise decides nothing and is not drawn. */
function bearsOf(
  people: number,
  digest: () => Uint8Array,
  { minimum, noiseOf, admits = admitsCrowd }: CrowdRule,
  bearsMax: number,
): number {
  const surely = people - minimum - 2 * crowdMarginPeople;
  if (surely >= bearsMax) return bearsMax;
  const noise = noiseOf(digest());
  if (!admits(people, noise, minimum)) return -1;
  return Math.max(0, Math.min(bearsMax, people + noise - minimum - crowdMarginPeople));
}

/** What names the set of a term's people, whichever agency asks. */
export const termDigest = (term: AudienceTerm): Uint8Array => digestOf(`term\n${termText(term)}`);

/** What names the people of an audience, and two of them those of one who are not in the other. */
export const audienceSetDigest = (terms: readonly AudienceTerm[]): Uint8Array =>
  digestOf(canonicalText({ terms }));

export const differenceDigest = (one: Uint8Array, other: Uint8Array): Uint8Array =>
  Buffer.concat([one, other]);

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** True where the terms alone say that whoever is in one audience is in the other. */
export const isWithin = (
  terms: readonly AudienceTerm[],
  others: readonly AudienceTerm[],
): boolean => terms.every((term) => others.some((other) => impliesTerm(term, other)));

const excludeEachOther = (
  terms: readonly AudienceTerm[],
  others: readonly AudienceTerm[],
): boolean => terms.every((term) => others.every((other) => areOpposed(term, other)));

const asksForHomes = (terms: readonly AudienceTerm[]): boolean =>
  terms.some(({ areas }) => areas !== undefined);

/** Whoever meets `term` meets `other`: it asks for nothing more. */
function impliesTerm(term: AudienceTerm, other: AudienceTerm): boolean {
  return (
    (other.areas === undefined ||
      term.areas?.every((area) => other.areas?.includes(area)) === true) &&
    other.all.every((name) => term.all.includes(name)) &&
    other.none.every((name) => term.none.includes(name))
  );
}

/** Nobody meets both: one wants what the other excludes, or they ask for other homes. */
function areOpposed(term: AudienceTerm, other: AudienceTerm): boolean {
  return (
    (other.areas !== undefined &&
      term.areas?.every((area) => other.areas?.includes(area) === false) === true) ||
    term.all.some((name) => other.none.includes(name)) ||
    term.none.some((name) => other.all.includes(name))
  );
}
