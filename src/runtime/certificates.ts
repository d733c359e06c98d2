import type { Epoch } from "../base/ids.js";
import type { AudienceTerm } from "../campaign/audience.js";
import type { AudienceNeeded } from "../campaign/compile-audiences.js";
import type { CountAnswer, CountRequest, TermVerdict } from "./term-count.js";

export type Judge = (request: CountRequest) => Promise<CountAnswer>;
export type JudgeContext = Omit<CountRequest, "epoch" | "terms" | "nowMs"> & {
  readonly nowMs: () => CountRequest["nowMs"];
};

/**
 * A verdict on an audience, for operators: which ones bid and why the others do not. Never a count.
 */
export type AudienceVerdict = { readonly needed: AudienceNeeded; readonly verdict: TermVerdict };

/**
 * Certificates by epoch: an audience is certified when each term of its normal form is. Verdicts
 * are kept by digest, so that an edit asks only for what is new, and the served epoch's stay until
 * the next epoch is published.
 */
export class Certificates {
  private readonly judge: Judge;
  private readonly context: JudgeContext;
  private readonly byEpoch = new Map<Epoch, Map<string, TermVerdict>>();

  constructor(judge: Judge, context: JudgeContext) {
    this.judge = judge;
    this.context = context;
  }

  /** Digests that are certified for this epoch so far; none for epoch 0. */
  certified(epoch: Epoch): ReadonlySet<string> {
    const verdicts = [...(this.byEpoch.get(epoch) ?? [])];
    const good = verdicts.filter(([, verdict]) => verdict === "certified");
    return new Set(good.map(([digest]) => digest));
  }

  /** Those of the audiences that nobody has judged in this epoch. */
  unjudged(epoch: Epoch, needed: readonly AudienceNeeded[]): readonly AudienceNeeded[] {
    const verdicts = this.byEpoch.get(epoch);
    return needed.filter(({ digest }) => verdicts?.has(digest) !== true);
  }

  verdictsOn(epoch: Epoch, needed: readonly AudienceNeeded[]): readonly AudienceVerdict[] {
    return needed.flatMap((audience) => {
      const verdict = this.byEpoch.get(epoch)?.get(audience.digest);
      return verdict === undefined ? [] : [{ needed: audience, verdict }];
    });
  }

  /**
   * Has the audiences counted in a process of its own. Gives "" or why nothing could be certified.
   */
  async certify(epoch: Epoch, needed: readonly AudienceNeeded[]): Promise<string> {
    const terms: AudienceTerm[] = needed.flatMap(({ audience }) => audience.terms);
    const answer = await this.judge({ ...this.context, nowMs: this.context.nowMs(), epoch, terms });
    if (!answer.ok) return answer.words;
    const verdicts = this.byEpoch.get(epoch) ?? new Map<string, TermVerdict>();
    this.byEpoch.set(epoch, verdicts);
    let next = 0;
    for (const { digest, audience } of needed) {
      const own = answer.verdicts.slice(next, next + audience.terms.length);
      next += audience.terms.length;
      verdicts.set(digest, worstOf(own));
    }
    return "";
  }

  /** After the publication of this epoch. A later one may be on its way: its verdicts stay. */
  dropBefore(epoch: Epoch): void {
    for (const other of this.byEpoch.keys()) if (other < epoch) this.byEpoch.delete(other);
  }
}

/** An audience without terms holds for nobody and is not certified. */
function worstOf(verdicts: readonly TermVerdict[]): TermVerdict {
  if (verdicts.includes("unknown_segment")) return "unknown_segment";
  if (verdicts.length === 0 || verdicts.includes("below_crowd_minimum")) {
    return "below_crowd_minimum";
  }
  return "certified";
}
