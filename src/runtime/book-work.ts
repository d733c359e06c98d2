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
  /** A look that began at `atMs` is over. */
  readonly onLooked: (atMs: number) => void;
  /** Whether a slice that began then is over; absent = after `sliceMs`. */
  readonly isOver?: (begunMs: number) => boolean;
};

/** Of a round of the money thread: what 10,000 line items need is done over several. */
const sliceMs = 4;
export const planEveryMs = 50;
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
  /** Not told yet: each comes after the plan that it is served under. */
  private worlds: { readonly generation: number; readonly plan: BudgetPlan | null }[] = [];
  private lookFirst = false;
  private dueMs = 0;
  private lookedMs = 0;
  /** Of what was done since the last pause. */
  private tookMs = 0;

  constructor(parts: BookWorkParts) {
    this.parts = parts;
  }

  adopt(plan: BudgetPlan): void {
    this.waiting = plan;
    this.worlds.push({ generation: plan.generation, plan });
  }

  /** A World whose budgets are those of the one before. */
  noteGeneration(generation: number): void {
    this.worlds.push({ generation, plan: null });
    if (!this.worlds.some(({ plan }) => plan !== null)) this.tellWorlds(null);
  }

  /** Up to the last one under that plan. */
  private tellWorlds(adopted: BudgetPlan | null): void {
    const at = this.worlds.findIndex(({ plan }) => plan === adopted);
    const next = this.worlds.findIndex(({ plan }, i) => i > at && plan !== null);
    const told = this.worlds.splice(0, next < 0 ? this.worlds.length : next);
    for (const { generation } of told) this.parts.onWorld(generation);
  }

  /** Something is begun, or waits, and can go on at once. */
  get isBusy(): boolean {
    return this.running !== null || this.waiting !== null;
  }

  /** One slice, which begins at that moment by both clocks. */
  run(nowMs: number, begunMs: number): void {
    const { monotonicMs, isOver = (ms) => monotonicMs() - ms >= sliceMs } = this.parts;
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

  /** To the end of all that is begun or waits: the process stops. */
  finish(nowMs: number, begunMs: number): void {
    while (this.isBusy) this.run(nowMs, begunMs);
  }

  private next(atMs: number, monotonicMs: number): Running | null {
    const { book, put, onLooked } = this.parts;
    const plan = this.waiting;
    if (plan !== null && !this.lookFirst) {
      this.waiting = null;
      this.lookFirst = true;
      return { steps: book.adoptSteps(plan), end: () => this.tellWorlds(plan) };
    }
    if (!this.lookFirst && atMs < this.dueMs && this.dueMs - atMs <= 60_000) return null;
    this.lookFirst = false;
    this.lookedMs = atMs;
    this.dueMs = atMs + planEveryMs;
    return { steps: book.planSteps(atMs, put, monotonicMs), end: () => onLooked(atMs) };
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
