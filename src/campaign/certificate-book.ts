import { assert } from "../base/assert.js";
import { crowdChecksADay, crowdReturnDays } from "../base/crowd-minimum.js";
import type { AgencyId, Epoch } from "../base/ids.js";
import type { AudienceTerm } from "./audience.js";
import type { AudienceNeeded } from "./compile-audiences.js";
import { type AudienceJudged, crowdRuleVersion, type VerdictWord } from "./crowd-rule.js";

/** Whose people are meant: an epoch's number alone would not notice another in its place. */
export type BookSnapshot = { readonly epoch: Epoch; readonly manifestDigest: string };

/** What is certified of one agency; the digest names the agency and the canonical form. */
export type ListedAudience = {
  readonly agency: AgencyId;
  readonly digest: string;
  readonly terms: readonly AudienceTerm[];
};

/** What is certified over one snapshot, in the order of precedence. */
export type CertifiedList = BookSnapshot & {
  readonly ruleVersion: number;
  readonly published: boolean;
  readonly audiences: readonly ListedAudience[];
};

/** Days since 1970, UTC. `withdrawnDay` 0: it did not fall, or that is over. */
export type KnownAudience = { readonly seenDay: number; readonly withdrawnDay: number };

/** Plain values: what must outlive the process. No count of people is in it. */
export type BookState = {
  readonly schema: 1;
  /** Nothing is certified before this day: what was known before is lost. */
  readonly closedUntilDay: number;
  /** Audiences that have cost their agency a check, by digest. */
  readonly known: Readonly<Record<string, KnownAudience>>;
  readonly checks: { readonly day: number; readonly byAgency: Readonly<Record<string, number>> };
  readonly lists: readonly CertifiedList[];
};

export const emptyBook = (closedUntilDay = 0): BookState => ({
  ...{ schema: 1, closedUntilDay, known: {}, lists: [] },
  checks: { day: 0, byAgency: {} },
});

/** What a verdict speaks of and what it says; never a count. */
export type Certificate = BookSnapshot & {
  readonly agency: AgencyId;
  readonly digest: string;
  readonly ruleVersion: number;
  readonly verdict: VerdictWord;
};

export type BookNow = {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** The last sequence of the forget log. */
  readonly forgetSequence: number;
};

type Standing = ListedAudience & { readonly bears: number; readonly countedTo: number };
type Refused = { readonly verdict: VerdictWord; readonly retryDay: number };
type Judged = {
  readonly snapshot: BookSnapshot;
  /** In the order of precedence; both by digest. */
  readonly standing: Map<string, Standing>;
  readonly refused: Map<string, Refused>;
};

type Planned = ListedAudience & {
  /** False: it stands, and others are held against it. */
  readonly judged: boolean;
  /** It bids, or did in the epoch before: when it falls, it stays out for 30 days. */
  readonly live: boolean;
};

/** What to have counted, in the order of precedence, and what is refused without a count. */
export type BookPlan = {
  readonly snapshot: BookSnapshot;
  readonly audiences: readonly Planned[];
  readonly refused: readonly (ListedAudience & { readonly retryDay: number })[];
};

const never = Number.POSITIVE_INFINITY;

/**
 * Which audiences are certified over which snapshot, and what the rule remembers over epochs and
 * restarts:
 *
 *   - Who was certified first stays: in an epoch its whole life, even when its line items are gone,
 *     so that an agency cannot take one audience away and put a neighbour of it in its place; over
 *     epochs while it is certified in each. Newcomers come after, in the order of their digests.
 *   - What bid and falls is withdrawn at once and is not judged again for 30 days.
 *   - An audience that its agency never had judged costs one of 50 checks a day, once. Beyond them
 *     it is refused for the day.
 *   - An opt-out inside an epoch takes its person off the air at once. An audience bears as many as
 *     its noisy count is above the threshold: with half of them gone it is counted anew, with all
 *     of them gone it is off the air until it is.
 *
 * Without an entry for a snapshot nothing is certified over it.
 */
export class CertificateBook {
  private readonly closedUntilDay: number;
  private readonly known: Map<string, KnownAudience>;
  private checksDay: number;
  private checks: Map<AgencyId, number>;
  private lists: readonly CertifiedList[];
  private readonly bySnapshot = new Map<string, Judged>();

  constructor({ closedUntilDay, known, checks, lists }: BookState) {
    this.closedUntilDay = closedUntilDay;
    this.known = new Map(Object.entries(known));
    this.checksDay = checks.day;
    const byAgency = Object.entries(checks.byAgency);
    this.checks = new Map(byAgency.map(([agency, spent]) => [Number(agency) as AgencyId, spent]));
    this.lists = lists;
  }

  /** To be saved after each `note`, before its verdicts are used. */
  get state(): BookState {
    const { closedUntilDay, known, checks, checksDay, lists } = this;
    return {
      ...{ schema: 1, closedUntilDay, known: Object.fromEntries(known), lists },
      checks: { day: checksDay, byAgency: Object.fromEntries(checks) },
    };
  }

  /** Digests that are certified for this snapshot so far. */
  certified(snapshot: BookSnapshot, { forgetSequence }: BookNow): ReadonlySet<string> {
    const standing = [...(this.bySnapshot.get(keyOf(snapshot))?.standing.values() ?? [])];
    const good = standing.filter((one) => forgetSequence - one.countedTo <= one.bears);
    return new Set(good.map(digestOf));
  }

  verdictOf(snapshot: BookSnapshot, digest: string): VerdictWord | undefined {
    const judged = this.bySnapshot.get(keyOf(snapshot));
    if (judged?.standing.has(digest) === true) return "certified";
    return judged?.refused.get(digest)?.verdict;
  }

  /** Those of the audiences that are to be judged now. */
  unjudged(
    snapshot: BookSnapshot,
    needed: readonly AudienceNeeded[],
    now: BookNow,
  ): readonly AudienceNeeded[] {
    const judged = this.bySnapshot.get(keyOf(snapshot));
    if (judged === undefined) return needed;
    return needed.filter(({ digest }) => {
      const standing = judged.standing.get(digest);
      if (standing !== undefined) return isWorn(standing, now);
      const refused = judged.refused.get(digest);
      return refused === undefined || refused.retryDay <= now.day;
    });
  }

  /** It has cost its check. */
  isKnown(digest: string): boolean {
    return this.known.has(digest);
  }

  checksLeft(agency: AgencyId, day: number): number {
    if (day < this.closedUntilDay) return 0;
    // A clock that goes back gives no new ones.
    return crowdChecksADay - (day > this.checksDay ? 0 : (this.checks.get(agency) ?? 0));
  }

  plan(snapshot: BookSnapshot, needed: readonly AudienceNeeded[], now: BookNow): BookPlan {
    const missing = new Map(this.unjudged(snapshot, needed, now).map((one) => [one.digest, one]));
    const before = this.standingOn(snapshot, needed, missing);
    for (const { digest } of before) missing.delete(digest);
    const refused: (ListedAudience & { readonly retryDay: number })[] = [];
    const spent = new Map<AgencyId, number>();
    const isAsked = (one: Planned): boolean => {
      const retryDay = one.judged ? this.gatedUntil(one, now.day, spent) : 0;
      if (retryDay > now.day) refused.push({ ...listedOf(one), retryDay });
      return retryDay <= now.day;
    };
    const newcomers = [...missing.values()].map(
      ({ agency, digest, audience: { terms } }): Planned => ({
        ...{ agency, digest, terms, judged: true, live: false },
      }),
    );
    // Checks are spent in the order of the config, precedence goes by digest.
    const asked = [
      ...before.filter(isAsked),
      ...newcomers.filter(isAsked).sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    ];
    const agencies = new Set(asked.filter(({ judged }) => judged).map(({ agency }) => agency));
    const audiences = asked.filter(({ agency }) => agencies.has(agency));
    return { snapshot, audiences, refused };
  }

  /**
   * Takes the verdicts on those audiences of a plan that were to be judged, in their order. Nothing
   * may have been noted since the plan.
   */
  note(plan: BookPlan, verdicts: readonly AudienceJudged[], now: BookNow): readonly Certificate[] {
    const { snapshot } = plan;
    const asked = plan.audiences.filter(({ judged }) => judged);
    assert(asked.length === verdicts.length, "one verdict for each audience that was asked for");
    const key = keyOf(snapshot);
    const judged = this.bySnapshot.get(key) ?? {
      ...{ snapshot, standing: new Map(), refused: new Map() },
    };
    this.bySnapshot.set(key, judged);
    const fresh: Certificate[] = [];
    const settle = (one: ListedAudience, verdict: VerdictWord, retryDay: number): void => {
      judged.standing.delete(one.digest);
      judged.refused.set(one.digest, { verdict, retryDay });
      fresh.push(certificateOf(snapshot, one, verdict));
    };
    for (const [i, one] of asked.entries()) {
      const { verdict, bears } = verdicts[i]!;
      this.remember(one, verdict, now.day);
      if (verdict === "certified") {
        const counted = { bears, countedTo: now.forgetSequence };
        // In its place where it has one.
        judged.standing.set(one.digest, { ...listedOf(one), ...counted });
        judged.refused.delete(one.digest);
        fresh.push(certificateOf(snapshot, one, verdict));
      } else {
        const falls = one.live && verdict === "refused";
        settle(one, verdict, falls ? now.day + crowdReturnDays : never);
      }
    }
    for (const one of plan.refused) settle(one, "refused", one.retryDay);
    this.list(judged);
    this.lapse(now.day);
    return fresh;
  }

  /** Its verdicts could not be saved: none is in force, all are to be had again. */
  forget(snapshot: BookSnapshot): void {
    this.bySnapshot.delete(keyOf(snapshot));
  }

  /** After the publication of this snapshot. A later one may be on its way: its verdicts stay. */
  published(snapshot: BookSnapshot): void {
    const own = keyOf(snapshot);
    const isOver = (other: BookSnapshot): boolean =>
      other.epoch <= snapshot.epoch && keyOf(other) !== own;
    for (const [key, judged] of this.bySnapshot) {
      if (isOver(judged.snapshot)) this.bySnapshot.delete(key);
    }
    // Without a list of its own the one before still says who comes first.
    if (!this.lists.some((list) => keyOf(list) === own)) return;
    this.lists = this.lists
      .filter((list) => !isOver(list))
      .map((list) => (keyOf(list) === own ? { ...list, published: true } : list));
  }

  /**
   * What stands in a snapshot, and what one that nobody has judged yet begins with: after a restart
   * its own list again, all of it; else those of the epoch before that are still needed.
   */
  private standingOn(
    snapshot: BookSnapshot,
    needed: readonly AudienceNeeded[],
    missing: ReadonlyMap<string, AudienceNeeded>,
  ): readonly Planned[] {
    const judged = this.bySnapshot.get(keyOf(snapshot));
    if (judged !== undefined) {
      return [...judged.standing.values()].map((one) => ({
        ...{ ...listedOf(one), judged: missing.has(one.digest), live: true },
      }));
    }
    const newestFirst = [...this.lists].sort((a, b) => b.epoch - a.epoch);
    const own = this.lists.find((list) => keyOf(list) === keyOf(snapshot));
    const from = own ?? newestFirst.find(({ published }) => published) ?? newestFirst[0];
    const wanted = new Set(needed.map(({ digest }) => digest));
    return (from?.audiences ?? [])
      .filter(({ digest }) => from === own || wanted.has(digest))
      .map((one) => ({ ...one, judged: true, live: true }));
  }

  /** The day until which it is refused without a count; today or before: it is to be counted. */
  private gatedUntil(one: Planned, day: number, spent: Map<AgencyId, number>): number {
    if (day < this.closedUntilDay) return this.closedUntilDay;
    const known = this.known.get(one.digest);
    if (known !== undefined && known.withdrawnDay > 0) return known.withdrawnDay + crowdReturnDays;
    if (known !== undefined || one.live) return 0;
    const spentNow = spent.get(one.agency) ?? 0;
    if (spentNow >= this.checksLeft(one.agency, day)) return day + 1;
    spent.set(one.agency, spentNow + 1);
    return 0;
  }

  private remember(one: Planned, verdict: VerdictWord, day: number): void {
    // What names a segment that is not there was not counted, and costs nothing.
    if (verdict === "unknown_segment") return;
    if (!this.known.has(one.digest) && !one.live) {
      if (day > this.checksDay) {
        this.checksDay = day;
        this.checks = new Map();
      }
      this.checks.set(one.agency, (this.checks.get(one.agency) ?? 0) + 1);
    }
    const withdrawnDay = verdict === "refused" && one.live ? day : 0;
    this.known.set(one.digest, { seenDay: day, withdrawnDay });
  }

  private list({ snapshot, standing }: Judged): void {
    const own = keyOf(snapshot);
    const before = this.lists.find((list) => keyOf(list) === own);
    const { epoch, manifestDigest } = snapshot;
    const list: CertifiedList = {
      ...{ epoch, manifestDigest, ruleVersion: crowdRuleVersion },
      published: before?.published === true,
      audiences: [...standing.values()].map(listedOf),
    };
    this.lists = [...this.lists.filter((other) => other !== before), list];
  }

  /** Longer unseen, nothing of an audience is in force any more. */
  private lapse(day: number): void {
    for (const [digest, { seenDay }] of this.known) {
      if (day - seenDay >= crowdReturnDays) this.known.delete(digest);
    }
  }
}

const keyOf = ({ epoch, manifestDigest }: BookSnapshot): string => `${epoch} ${manifestDigest}`;

const digestOf = ({ digest }: ListedAudience): string => digest;

const listedOf = ({ agency, digest, terms }: ListedAudience): ListedAudience => ({
  ...{ agency, digest, terms },
});

/** So many have been forgotten that it is time for another count. */
const isWorn = ({ bears, countedTo }: Standing, { forgetSequence }: BookNow): boolean =>
  forgetSequence - countedTo > bears / 2;

const certificateOf = (
  { epoch, manifestDigest }: BookSnapshot,
  { agency, digest }: ListedAudience,
  verdict: VerdictWord,
): Certificate => ({
  ...{ epoch, manifestDigest, agency, digest, ruleVersion: crowdRuleVersion, verdict },
});
