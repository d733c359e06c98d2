import {
  type BookNow,
  type BookSnapshot,
  type BookState,
  type Certificate,
  CertificateBook,
  emptyBook,
} from "../campaign/certificate-book.js";
import type { AudienceNeeded } from "../campaign/compile-audiences.js";
import type { VerdictWord } from "../campaign/crowd-rule.js";
import { type Refusal, refuse } from "../index/verify.js";
import type { CountAnswer, CountRequest } from "./term-count.js";

export type Judge = (request: CountRequest) => Promise<CountAnswer>;
export type JudgeContext = Omit<
  CountRequest,
  "epoch" | "manifestDigest" | "audiences" | "nowMs"
> & { readonly nowMs: () => CountRequest["nowMs"] };

/** Where the book is kept (certificate-file.ts). */
export type CertificateStore =
  | {
      readonly ok: true;
      readonly state: BookState;
      /** Throws where the disk fails. */
      readonly save: (state: BookState) => void;
    }
  /** Nothing is certified, and the words say why. */
  | { readonly ok: false; readonly words: string };

/**
 * A verdict on an audience, for operators: which ones bid and which do not. Never a count.
 */
export type AudienceVerdict = { readonly needed: AudienceNeeded; readonly verdict: VerdictWord };

export type Certified =
  /** Every verdict that is new. */
  { readonly ok: true; readonly certificates: readonly Certificate[] } | Refusal;

const msPerDay = 86_400_000;

/**
 * Certificates by snapshot: has audiences counted in a process of their own and keeps the verdicts
 * in the book (campaign/certificate-book.ts), so that an edit asks only for what is new, and the
 * served epoch's stay until the next epoch is published.
 */
export class Certificates {
  private readonly judge: Judge;
  private readonly context: JudgeContext;
  private readonly store: CertificateStore;
  private readonly book: CertificateBook;
  private forgetSequence = 0;

  constructor(judge: Judge, context: JudgeContext, store: CertificateStore) {
    this.judge = judge;
    this.context = context;
    this.store = store;
    this.book = new CertificateBook(store.ok ? store.state : emptyBook());
  }

  /** Somebody was forgotten: the audiences that people are in may have become too small. */
  noteForgotten(sequence: number): void {
    this.forgetSequence = Math.max(this.forgetSequence, sequence);
  }

  /** Digests that are certified for this snapshot so far; none for epoch 0. */
  certified(snapshot: BookSnapshot): ReadonlySet<string> {
    return this.book.certified(snapshot, this.now());
  }

  /** Those of the audiences that are to be judged in this snapshot now. */
  unjudged(snapshot: BookSnapshot, needed: readonly AudienceNeeded[]): readonly AudienceNeeded[] {
    return this.book.unjudged(snapshot, needed, this.now());
  }

  verdictsOn(
    snapshot: BookSnapshot,
    needed: readonly AudienceNeeded[],
  ): readonly AudienceVerdict[] {
    return needed.flatMap((audience) => {
      const verdict = this.book.verdictOf(snapshot, audience.digest);
      return verdict === undefined ? [] : [{ needed: audience, verdict }];
    });
  }

  /** False: it would be refused for the day, because its agency has no check left. */
  mayJudge({ agency, digest }: Pick<AudienceNeeded, "agency" | "digest">): boolean {
    return this.book.isKnown(digest) || this.checksLeft(agency) > 0;
  }

  /** How many audiences an agency may still have judged for the first time today (UTC). */
  checksLeft(agency: AudienceNeeded["agency"]): number {
    return this.store.ok ? this.book.checksLeft(agency, this.now().day) : 0;
  }

  /**
   * Has the audiences counted over the files of one snapshot. What the rule must remember is on
   * disk before a verdict is used. A refusal: nothing could be certified, and why.
   */
  async certify(snapshot: BookSnapshot, needed: readonly AudienceNeeded[]): Promise<Certified> {
    if (!this.store.ok) return refuse("unreadable", this.store.words);
    const nowMs = this.context.nowMs();
    const now = { day: utcDayOf(nowMs), forgetSequence: this.forgetSequence };
    const plan = this.book.plan(snapshot, needed, now);
    const { epoch, manifestDigest } = snapshot;
    const { audiences } = plan;
    const answer: CountAnswer = audiences.some(({ judged }) => judged)
      ? await this.judge({ ...this.context, epoch, manifestDigest, nowMs, audiences })
      : { ok: true, epoch, judged: [], forgetSequence: now.forgetSequence };
    if (!answer.ok) return answer;
    const { judged, forgetSequence } = answer;
    const certificates = this.book.note(plan, judged, { day: now.day, forgetSequence });
    try {
      this.store.save(this.book.state);
    } catch (error) {
      this.book.forget(snapshot);
      throw error;
    }
    return { ok: true, certificates };
  }

  /** After the publication of this snapshot. */
  published(snapshot: BookSnapshot): void {
    this.book.published(snapshot);
  }

  private now(): BookNow {
    return { day: utcDayOf(this.context.nowMs()), forgetSequence: this.forgetSequence };
  }
}

/** Days since 1970. */
export const utcDayOf = (ms: number): number => Math.floor(ms / msPerDay);
