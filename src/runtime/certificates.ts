import type { Epoch } from "../base/ids.js";
import type { AudienceNeeded } from "../campaign/compile-audiences.js";
import type { Refusal } from "../index/verify.js";
import type { AgencyTerm, CountAnswer, CountRequest, TermVerdict } from "./term-count.js";

export type Judge = (request: CountRequest) => Promise<CountAnswer>;
export type JudgeContext = Omit<CountRequest, "epoch" | "manifestDigest" | "terms" | "nowMs"> & {
  readonly nowMs: () => CountRequest["nowMs"];
};

/** Whose files are counted: an epoch's number alone would not notice another in its place. */
export type CountedSnapshot = Pick<CountRequest, "epoch" | "manifestDigest">;

type Judged = { readonly epoch: Epoch; readonly verdicts: Map<string, TermVerdict> };

/**
 * A verdict on an audience, for operators: which ones bid and why the others do not. Never a count.
 */
export type AudienceVerdict = { readonly needed: AudienceNeeded; readonly verdict: TermVerdict };

/**
 * Certificates by snapshot: an audience is certified when each term of its normal form is. Verdicts
 * are kept by digest, so that an edit asks only for what is new, and the served epoch's stay until
 * the next epoch is published.
 */
export class Certificates {
  private readonly judge: Judge;
  private readonly context: JudgeContext;
  private readonly bySnapshot = new Map<string, Judged>();

  constructor(judge: Judge, context: JudgeContext) {
    this.judge = judge;
    this.context = context;
  }

  /** Digests that are certified for this snapshot so far; none for epoch 0. */
  certified(snapshot: CountedSnapshot): ReadonlySet<string> {
    const verdicts = [...(this.verdictsOf(snapshot) ?? [])];
    const good = verdicts.filter(([, verdict]) => verdict === "certified");
    return new Set(good.map(([digest]) => digest));
  }

  private verdictsOf(snapshot: CountedSnapshot): ReadonlyMap<string, TermVerdict> | undefined {
    return this.bySnapshot.get(keyOf(snapshot))?.verdicts;
  }

  /** Those of the audiences that nobody has judged in this snapshot. */
  unjudged(
    snapshot: CountedSnapshot,
    needed: readonly AudienceNeeded[],
  ): readonly AudienceNeeded[] {
    const verdicts = this.verdictsOf(snapshot);
    return needed.filter(({ digest }) => verdicts?.has(digest) !== true);
  }

  verdictsOn(
    snapshot: CountedSnapshot,
    needed: readonly AudienceNeeded[],
  ): readonly AudienceVerdict[] {
    const verdicts = this.verdictsOf(snapshot);
    return needed.flatMap((audience) => {
      const verdict = verdicts?.get(audience.digest);
      return verdict === undefined ? [] : [{ needed: audience, verdict }];
    });
  }

  /**
   * Has the audiences counted in a process of its own, over the files of one snapshot. Gives null,
   * or why nothing could be certified.
   */
  async certify(
    snapshot: CountedSnapshot,
    needed: readonly AudienceNeeded[],
  ): Promise<Refusal | null> {
    const terms = needed.flatMap(({ audience, agency }): AgencyTerm[] =>
      audience.terms.map((term) => ({ ...term, agency })),
    );
    const nowMs = this.context.nowMs();
    const answer = await this.judge({ ...this.context, ...snapshot, nowMs, terms });
    if (!answer.ok) return answer;
    const { epoch } = snapshot;
    const verdicts =
      this.bySnapshot.get(keyOf(snapshot))?.verdicts ?? new Map<string, TermVerdict>();
    this.bySnapshot.set(keyOf(snapshot), { epoch, verdicts });
    let next = 0;
    for (const { digest, audience } of needed) {
      const own = answer.verdicts.slice(next, next + audience.terms.length);
      next += audience.terms.length;
      verdicts.set(digest, worstOf(own));
    }
    return null;
  }

  /** After the publication of this snapshot. A later one may be on its way: its verdicts stay. */
  dropBefore(snapshot: CountedSnapshot): void {
    const own = keyOf(snapshot);
    for (const [key, { epoch }] of this.bySnapshot) {
      if (epoch <= snapshot.epoch && key !== own) this.bySnapshot.delete(key);
    }
  }
}

const keyOf = ({ epoch, manifestDigest }: CountedSnapshot): string => `${epoch} ${manifestDigest}`;

/** An audience without terms holds for nobody and is not certified. */
function worstOf(verdicts: readonly TermVerdict[]): TermVerdict {
  if (verdicts.includes("unknown_segment")) return "unknown_segment";
  if (verdicts.length === 0 || verdicts.includes("below_crowd_minimum")) {
    return "below_crowd_minimum";
  }
  return "certified";
}
