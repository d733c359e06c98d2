import type { Learnt } from "../bid/learnt.js";
import type { SlotPerson } from "../bid/reserve.js";
import type { Entry } from "../journal/entry.js";
import type { GhostBid } from "../journal/ring-entry.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";

/** Whose bid a bill or click is of: for caps and the exposure log, never for a record. */
export type Whose = SlotPerson & {
  /** The bid held no slot: nobody's identifier was known, or its line item had no cap. */
  readonly slotless: boolean;
};

/** What a fold may reach of the money thread. */
export type MoneyStart = {
  readonly boot: number;
  readonly nowMs: number;
  readonly learnt: Learnt;
  /** Keeps so much of a campaign's budgets ungranted, and of those above it. */
  readonly holdBack: (campaign: number, nanos: bigint, impressions: bigint) => void;
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
  /** A record of this boot that is about to be made durable; `whose` comes with new notices. */
  readonly take?: (entry: Entry, whose: Whose | null) => void;
  /** A bid that a control group was left out of; comes through the ring alone, never stored. */
  readonly ghost?: (ghost: GhostBid) => void;
  /** What was taken is durable. Not called after a commit that failed. */
  readonly durable?: () => void;
  /** The end of the process in order. */
  readonly close?: () => void;
};
