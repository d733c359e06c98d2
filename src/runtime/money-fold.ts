import type { Entry } from "../journal/entry.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

/**
 * A state beside the budgets on the money thread: it sees the journal's records in their order and
 * may add its own. Every method is optional and synchronous; none throws.
 */
export type MoneyFold = {
  /** A stored record of an earlier boot, at the start. */
  readonly replay?: (entry: Entry) => void;
  /** A World's budgets, before its GENERATION record. */
  readonly adopt?: (plan: BudgetPlan, boot: number) => void;
  /** Before a round's records are made durable: may add records to them. */
  readonly step?: (nowMs: number, out: Entry[]) => void;
  /**
   * A record of this boot that is about to be made durable; `ordinal` is the person of a bill that
   * found its slot, else 0: it may go to the exposure log, never into a record.
   */
  readonly take?: (entry: Entry, ordinal: number) => void;
  /** What was taken is durable. Not called after a commit that failed. */
  readonly durable?: () => void;
  /** The end of the process in order. */
  readonly close?: () => void;
};
