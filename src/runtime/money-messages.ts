import type { MessagePort } from "node:worker_threads";
import type { SharedBuffers } from "../bid/shared-state.js";
import type { CampaignSpend } from "../ledger/budget.js";
import type { Held } from "../ledger/win-rates.js";
import type { ExposureTotals } from "./exposure-fold.js";
import type { FoldName } from "./guarded-fold.js";
import type { ClockDoubt, MoneyCounts } from "./money-loop.js";
import type { PlanMessage } from "./plan-message.js";

/** What main and the money thread say to each other. */
export type MoneyThreadData = {
  readonly buffers: SharedBuffers;
  readonly journalPath: string;
  /** The file of the boot number; not in the journal's folder, so that the two are lost apart. */
  readonly bootFile: string;
  readonly segmentBytesMax: number;
  /** Where exposures go; absent = no log, and caps begin at nothing. */
  readonly exposures?: ExposureSettings;
  readonly port: MessagePort;
};

export type ExposureSettings = {
  readonly folder: string;
  readonly retentionDays: number;
  readonly forgetLog: string;
};

export type ToMoney =
  /** Parts of a plan come right before it. */
  | PlanMessage
  /** A World under the last plan. */
  | { readonly type: "generation"; readonly generation: number }
  /** The port on which the worker hears that notices became durable. */
  | { readonly type: "worker"; readonly worker: number; readonly port: MessagePort }
  /** A person lets a held campaign go. */
  | { readonly type: "release"; readonly campaign: number; readonly exchange: number }
  | { readonly type: "close" };

export type MoneyTotals = {
  readonly spend: readonly CampaignSpend[];
  readonly counts: MoneyCounts;
  readonly clock: ClockDoubt;
  /** Memory of the set of notices seen. */
  readonly seenBytes: number;
  readonly exposures?: ExposureTotals;
  /** Why the running ledger stopped, "" while its accounts balance. */
  readonly ledgerFailure: string;
  /** Campaigns that are held at an exchange. */
  readonly held: readonly Held[];
  /** Ids of exchanges that are held for every campaign: a hold found no room. */
  readonly exchangesHeld: readonly number[];
  /** Bids that no table had room to count: campaigns that lack some are not judged there. */
  readonly bidsUncounted: number;
  /** Folds that have stopped. */
  readonly foldsFailed: readonly FoldName[];
};

/** What operators must hear of at once. */
export type MoneyAlarm =
  /** The wins of a campaign at an exchange are not credible: it was held there. */
  | ({ readonly alarm: "held" } & Held)
  | { readonly alarm: "exchange_held"; readonly exchange: number }
  | { readonly alarm: "bids_uncounted" }
  | { readonly alarm: "fold_failed"; readonly fold: FoldName; readonly failure: string };

export type FromMoney =
  | { readonly type: "ready"; readonly boot: number }
  /** The plan was read: what the rings bring from now on is taken as under it. */
  | { readonly type: "planHeard" }
  /** Before "ready": the thread could not start. After it: billing stopped. */
  | { readonly type: "failed"; readonly failure: string }
  | { readonly type: "totals"; readonly totals: MoneyTotals }
  /** What line items got since the last one (ledger/line-sums), once a second. */
  | { readonly type: "sums"; readonly rows: Float64Array }
  /** How line items with a budget of their own are paced (ledger/pacing-desk `lineItemPaces`). */
  | { readonly type: "paces"; readonly rows: Float64Array }
  | { readonly type: "alarm"; readonly alarm: MoneyAlarm }
  | { readonly type: "closed" };

/** What the log says of an alarm. */
export const alarmWords: Readonly<Record<MoneyAlarm["alarm"], string>> = {
  held: "wins outside the band: the campaign is held at the exchange until it is let go",
  exchange_held: "no room for another hold: the exchange is held for every campaign",
  bids_uncounted: "no room to count more pairs of campaign and exchange: some are not judged",
  fold_failed: "a fold of the journal stopped; billing goes on, a restart reads the journal again",
};
