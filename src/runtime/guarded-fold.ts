import type { MoneyFold } from "./money-fold.js";

/** The folds beside the money that may stop while billing goes on: a label of a metric. */
export const foldNames = ["learning", "wins", "ledger", "exposures", "sums"] as const;
export type FoldName = (typeof foldNames)[number];

export type FoldGuard = {
  readonly name: FoldName;
  /** Called once, with the words of what was thrown. */
  readonly onFailure?: (name: FoldName, failure: string) => void;
  /**
   * What the fold vouched for must not be relied on any more: called once, before `onFailure`.
   * Absent: nothing but what it taught is missing.
   */
  readonly failClosed?: () => void;
};

type Whole = Required<MoneyFold>;

/**
 * A fold that cannot stop the money: what it throws stops it alone, until a restart reads the
 * journal again. Of a round in which it throws, the records that it had added whole stay.
 */
export class GuardedFold implements Whole {
  /** Why it stopped, "" while it goes on. */
  failure = "";
  readonly name: FoldName;
  private readonly fold: MoneyFold;
  private readonly guard: FoldGuard;

  constructor(fold: MoneyFold, guard: FoldGuard) {
    this.name = guard.name;
    this.fold = fold;
    this.guard = guard;
  }

  readonly begin: Whole["begin"] = (start) => this.run(() => this.fold.begin?.(start));

  readonly replay: Whole["replay"] = (entry) => {
    if (this.failure !== "") return;
    try {
      this.fold.replay?.(entry);
    } catch (error) {
      this.fail(error);
    }
  };

  readonly adopt: Whole["adopt"] = (plan, boot) => this.run(() => this.fold.adopt?.(plan, boot));

  readonly step: Whole["step"] = (nowMs, out) => this.run(() => this.fold.step?.(nowMs, out));

  readonly take: Whole["take"] = (entry, ordinal) => {
    if (this.failure !== "") return;
    try {
      this.fold.take?.(entry, ordinal);
    } catch (error) {
      this.fail(error);
    }
  };

  readonly ghost: Whole["ghost"] = (ghost) => this.run(() => this.fold.ghost?.(ghost));

  readonly durable: Whole["durable"] = () => this.run(() => this.fold.durable?.());

  /** A fold that has stopped still gives back what it holds open. */
  readonly close: Whole["close"] = () => {
    try {
      this.fold.close?.();
    } catch (error) {
      this.fail(error);
    }
  };

  private run(work: () => void): void {
    if (this.failure !== "") return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.failure !== "") return;
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.failure = words || "unknown";
    this.guard.failClosed?.();
    this.guard.onFailure?.(this.name, this.failure);
  }
}
