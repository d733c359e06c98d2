import type { Steps } from "../base/steps.js";
import type { AllowanceEntry } from "../journal/entry.js";
import type { BudgetBook } from "../ledger/budget.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

export type BookWorkParts = {
  readonly book: BudgetBook;
  readonly monotonicMs: () => number;
  readonly put: (entry: AllowanceEntry) => void;
  /** The World of that number is served, after its plan is in force or was skipped. */
  readonly onWorld: (generation: number) => void;
  /** A look is over that tells of now. */
  readonly onLooked: () => void;
  /** Whether a slice that began then is over; absent = by its length. */
  readonly isOver?: (begunMs: number) => boolean;
};

/**
 * Of a round of the money thread: what 10,000 line items need is done over several. Where the disk
 * is slow a slice takes as long as the round's commit, so that commits double the time at most.
 */
const sliceMsMin = 4;
const sliceMsMax = 100;
export const planEveryMs = 50;
/** Rounds come at least every 50 ms and what one takes. */
const gapMsMax = 2000;
/** From one look at the allowances to the next, beside what it takes itself. */
const planPauseMsMax = 1000;

type Running = { readonly steps: Steps<void>; readonly end: () => void };

/**
 * The long work on budgets, in slices: plans are adopted, allowances looked at. One is done to its
 * end before the next, so what runs out while a plan is adopted waits for that, and the plan that
 * was in force before is what bidders live on. Of plans that come meanwhile the newest is adopted,
 * after a look: plans that keep coming do not let allowances run dry.
 */
export class BookWork {
  private readonly parts: BookWorkParts;
  private running: Running | null = null;
  private waiting: BudgetPlan | null = null;
  /** Plans that came, and which of them is in force; 0 = none. */
  private came = 0;
  private adopted = 0;
  /** Not told yet, in their order: `under` is the plan that each is served under. */
  private readonly worlds: { readonly generation: number; readonly under: number }[] = [];
  private lookFirst = false;
  /** The look that runs tells of now. */
  private counts = false;
  private ranMs = Number.NaN;
  private sliceMs = sliceMsMin;
  private dueMs = 0;
  private lookedMs = 0;
  /** Of what was done since the last pause. */
  private tookMs = 0;

  constructor(parts: BookWorkParts) {
    this.parts = parts;
  }

  adopt(plan: BudgetPlan): void {
    this.waiting = plan;
    this.came++;
    this.worlds.push({ generation: plan.generation, under: this.came });
  }

  /** A World whose budgets are those of the one before. */
  noteGeneration(generation: number): void {
    this.worlds.push({ generation, under: this.came });
    this.tellWorlds();
  }

  private tellWorlds(): void {
    const waits = this.worlds.findIndex(({ under }) => under > this.adopted);
    const told = this.worlds.splice(0, waits < 0 ? this.worlds.length : waits);
    for (const { generation } of told) this.parts.onWorld(generation);
  }

  /** Something is begun, or waits, and can go on at once. */
  get isBusy(): boolean {
    return this.running !== null || this.waiting !== null;
  }

  /** What the commit of a round took. */
  noteCommit(tookMs: number): void {
    this.sliceMs = Math.min(Math.max(tookMs, sliceMsMin), sliceMsMax);
  }

  /** One slice. */
  run(nowMs: number): void {
    const { monotonicMs, isOver = (ms) => monotonicMs() - ms >= this.sliceMs } = this.parts;
    // Not from the round's beginning: many notices would leave a step a round.
    const begunMs = monotonicMs();
    if (Math.abs(nowMs - this.ranMs) > gapMsMax) this.distrust();
    this.ranMs = nowMs;
    this.running ??= this.next(nowMs, begunMs);
    while (this.running !== null) {
      if (this.running.steps.next().done === true) {
        this.running.end();
        this.running = this.next(nowMs, begunMs);
      }
      if (isOver(begunMs)) break;
    }
    this.tookMs += Math.max(0, monotonicMs() - begunMs);
    if (this.running === null) this.pause();
  }

  /** The process was stopped, or its clock set: nothing is bid on what was seen before that. */
  private distrust(): void {
    this.counts = false;
    this.dueMs = Number.NEGATIVE_INFINITY;
  }

  /** To the end of all that is begun or waits: the process stops. */
  finish(nowMs: number): void {
    while (this.isBusy) this.run(nowMs);
  }

  private next(atMs: number, monotonicMs: number): Running | null {
    const { book, put, onLooked } = this.parts;
    const plan = this.waiting;
    if (plan !== null && !this.lookFirst) {
      this.waiting = null;
      this.lookFirst = true;
      const number = this.came;
      const end = (): void => {
        this.adopted = number;
        this.tellWorlds();
      };
      return { steps: book.adoptSteps(plan), end };
    }
    // No pause is longer: the clock was set back.
    const waits = atMs < this.dueMs && this.dueMs - atMs <= planPauseMsMax;
    if (!this.lookFirst && waits) return null;
    this.lookFirst = false;
    this.lookedMs = atMs;
    this.dueMs = atMs + planEveryMs;
    this.counts = true;
    const end = (): void => {
      if (this.counts) onLooked();
    };
    return { steps: book.planSteps(atMs, put, monotonicMs), end };
  }

  /**
   * Many line items take long to look at: a tenth of the time goes there, or more where they would
   * run dry: allowances are for 2 s, and the first look after a start may take 0.8 s.
   */
  private pause(): void {
    const pauseMs = Math.max(planEveryMs, Math.min(10 * this.tookMs, planPauseMsMax));
    if (this.tookMs > 0) this.dueMs = Math.max(this.dueMs, this.lookedMs + pauseMs);
    this.tookMs = 0;
  }
}
