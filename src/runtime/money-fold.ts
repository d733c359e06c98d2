import type { Learnt } from "../bid/learnt.js";
import type { Entry } from "../journal/entry.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

/** What a fold may reach of the money thread. */
export type MoneyStart = {
  readonly boot: number;
  readonly nowMs: number;
  readonly learnt: Learnt;
  /** Keeps so much of a campaign's budget ungranted. */
  readonly holdBack: (campaign: number, nanos: bigint) => void;
};

/**
 * A state beside the budgets on the money thread: it sees the journal's records in their order and
 * may add its own. Every method is optional and synchronous. What throws ends billing and the
 * process, so all but what the money itself needs are guarded (guarded-fold.ts).
 */
export type MoneyFold = {
  /** After the replay, before the first record of this boot. */
  readonly begin?: (start: MoneyStart) => void;
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
