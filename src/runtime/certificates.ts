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
 * Certificates of one epoch: an audience is certified when each term of its normal form is.
 * Verdicts are kept by digest for the epoch, so that an edit asks only for what is new.
 */
export class Certificates {
  private readonly judge: Judge;
  private readonly context: JudgeContext;
  private epoch = 0 as Epoch;
  private verdicts = new Map<string, TermVerdict>();

  constructor(judge: Judge, context: JudgeContext) {
    this.judge = judge;
    this.context = context;
  }

  /** Digests that are certified for this epoch so far; none for epoch 0. */
  certified(epoch: Epoch): ReadonlySet<string> {
    if (epoch !== this.epoch) return new Set();
    const good = [...this.verdicts].filter(([, verdict]) => verdict === "certified");
    return new Set(good.map(([digest]) => digest));
  }

  /** Those of the audiences that nobody has judged in this epoch. */
  unjudged(epoch: Epoch, needed: readonly AudienceNeeded[]): readonly AudienceNeeded[] {
    return needed.filter(({ digest }) => epoch !== this.epoch || !this.verdicts.has(digest));
  }

  verdictsOn(needed: readonly AudienceNeeded[]): readonly AudienceVerdict[] {
    return needed.flatMap((audience) => {
      const verdict = this.verdicts.get(audience.digest);
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
    if (epoch !== this.epoch) this.verdicts = new Map();
    this.epoch = epoch;
    let next = 0;
    for (const { digest, audience } of needed) {
      const own = answer.verdicts.slice(next, next + audience.terms.length);
      next += audience.terms.length;
      this.verdicts.set(digest, worstOf(own));
    }
    return "";
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
