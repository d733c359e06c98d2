import type { Issue } from "../../campaign/issue.js";
import type { LoadedConfig } from "../../campaign/load.js";
import type {
  ChangeSet,
  Committed,
  DeskKind,
  EntityChange,
  EntityRecord,
  JsonObject,
} from "../store/desk-store.js";

/** A finding about a form, by field: `price.maxCpm`, `creatives[0].id`, "" = the whole. */
export type FieldIssue = {
  readonly severity: "error" | "warning";
  readonly kind: DeskKind;
  readonly key: string;
  readonly field: string;
  readonly message: string;
};

/**
 * What is bought, as it stands, in main's memory: reads never wait for the store, and go on while
 * it is locked or gone. One writer: `commit` checks against what it holds, stores, then holds the
 * new state.
 */
export type DeskBook = {
  readonly get: (kind: DeskKind, key: string) => EntityRecord | null;
  /** All of a kind in order of their ids, archived ones and drafts too. */
  readonly all: (kind: DeskKind) => readonly EntityRecord[];
  /** Rises with every change that it holds. */
  readonly change: () => number;
  /**
   * What would be wrong after these changes: forms, references (also those of other things to what
   * is changed), lint. A draft's findings are all warnings.
   */
  readonly check: (
    changes: readonly Pick<EntityChange, "kind" | "key" | "form" | "draft" | "archived">[],
  ) => Promise<readonly FieldIssue[]>;
  /** Refuses `invalid` where `check` finds an error. */
  readonly commit: (
    set: ChangeSet,
  ) => Promise<
    | Committed
    | { readonly ok: false; readonly code: "invalid"; readonly issues: readonly FieldIssue[] }
  >;
  /** "" = the store answers; else why not, for people. */
  readonly trouble: () => string;
  /**
   * The book with stops applied, models of unchanged things being the same objects as before; null
   * with issues where the files beside it (exchanges, rates, ceilings) cannot be used.
   */
  readonly config: () => {
    readonly config: LoadedConfig | null;
    readonly issues: readonly Issue[];
  };
};

/**
 * Everything off at once, whatever state the store is in: kept in `stops.json` of the data folder
 * (durable before it is acknowledged), applied when a World is built.
 */
export type Stop = {
  readonly kind: StopKind;
  /** An id as text; an exchange's name. */
  readonly key: string;
  readonly agency: string;
  readonly sinceMs: number;
  readonly by: string;
};
export const stopKinds = ["advertiser", "exchange", "creative", "lineItem"] as const;
export type StopKind = (typeof stopKinds)[number];

export type Stops = {
  readonly list: () => readonly Stop[];
  /** Resolves when it is durable and every worker bids by it. */
  readonly add: (stop: Stop) => Promise<void>;
  readonly remove: (kind: StopKind, key: string) => Promise<boolean>;
};

/** Estimates and checks of audiences; numbers are of published bands alone. */
export type AudienceFacts = {
  /** Of what an agency may name: its own private segments too. Bands are two-digit texts. */
  readonly segments: (agency: string) => readonly SegmentFact[];
  readonly estimate: (agency: string, audience: JsonObject | string) => AudienceEstimate;
  /** Spends one of the day's checks unless this very set was judged before. */
  readonly check: (
    agency: string,
    audience: JsonObject | string,
  ) => Promise<{
    readonly verdict: "certified" | "refused" | "waiting" | "unknown segment" | "no check left";
    readonly checksLeft: number;
  }>;
  readonly checksLeft: (agency: string) => number;
};
export type SegmentFact = {
  readonly name: string;
  readonly label: string;
  readonly category: string;
  /** People, "" = not published (private). */
  readonly bandLow: number | null;
  readonly bandHigh: number | null;
  /** False = its plane is not in memory yet: a line item that names it warms up first. */
  readonly resident: boolean;
  readonly private: boolean;
};
export type AudienceEstimate = {
  /** Bounds that hold whatever the overlap is, of bands; null = it cannot be said. */
  readonly low: number | null;
  readonly high: number | null;
  /** What it does not know, in words. */
  readonly ignores: readonly string[];
  readonly issues: readonly { readonly path: string; readonly message: string }[];
};

/** What a line item does now. */
export type LineItemNow = {
  readonly id: number;
  readonly state: LineItemState;
  /** In words, with the setting that it hangs on: "no creative is approved by an exchange". */
  readonly reason: string;
  /** The form's field that the reason leads to, "" = none. */
  readonly field: string;
  /** Amounts are decimal text in the advertiser's currency. */
  readonly spendToday: string;
  readonly spendTotal: string;
  /** What the pacing plan would have spent by now today; null = not paced. */
  readonly idealToday: string | null;
  readonly dayBudget: string | null;
  readonly totalBudget: string | null;
  readonly impressionsToday: number;
  readonly impressionsTotal: number;
  readonly bidsToday: number;
  readonly clicksTotal: number;
  /** null = nothing to divide by. */
  readonly winRatePercent: number | null;
  readonly ecpm: string | null;
  readonly ctrPercent: number | null;
  /** Whole days of the flight that are left, today included; 0 = over. */
  readonly daysLeft: number;
  /** The lowest and highest price for 1,000 impressions that its modifiers and ladder allow. */
  readonly bidLow: string;
  readonly bidHigh: string;
};
export const lineItemStates = [
  ...(["draft", "checking", "warming", "live", "paused", "stopped"] as const),
  ...(["refused", "not started", "ended", "budget spent", "held", "no creative", "error"] as const),
] as const;
export type LineItemState = (typeof lineItemStates)[number];

export type FunnelBar = {
  readonly step: "requests" | "eligible" | "bid" | "won" | "left out";
  /** Of left-out ones the reason; persons' reasons are one class, moving every 15 minutes. */
  readonly reason: string;
  readonly count: number;
  /** Where the setting is, for a link: "targeting.include.countries", "price.maxCpm", "". */
  readonly field: string;
  readonly noisy: boolean;
};

export type SeriesPoint = {
  readonly atMs: number;
  readonly spend: string;
  readonly bids: number;
  readonly wins: number;
  /** Mean clearing price for 1,000 impressions. */
  readonly cpm: string | null;
};
export type LatencyPoint = {
  readonly atMs: number;
  readonly requests: number;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
};

export type ExchangeFact = {
  readonly id: number;
  readonly name: string;
  readonly profile: string;
  /** `http://host:port/bid/name`. */
  readonly endpoint: string;
  readonly stopped: boolean;
  readonly requests: number;
  readonly bids: number;
  readonly wins: number;
  readonly queriesPerSecond: number;
  readonly queriesPerSecondMax: number | null;
  /** Error answers and refused notices by kind since the start and in the last hour. */
  readonly errors: readonly {
    readonly kind: string;
    readonly lastHour: number;
    readonly sinceStart: number;
    /** Share of requests of the last hour that exchanges commonly tolerate; null = none stated. */
    readonly tolerancePercent: number | null;
  }[];
  readonly headers: readonly {
    readonly name: string;
    readonly value: string;
    readonly why: string;
  }[];
  readonly samples: readonly { readonly name: string; readonly body: string }[];
};

/** Facts of the running program that pages show; all from memory but `report`. */
export type DeskFacts = {
  /** All of them, in slices; half a second old at most. */
  readonly lineItems: () => Promise<ReadonlyMap<number, LineItemNow>>;
  /** One of them, without a look at all; undefined = there is none. */
  readonly lineItem: (id: number) => LineItemNow | undefined;
  readonly funnel: (lineItem: number, days: 1 | 7 | 14) => readonly FunnelBar[];
  readonly series: (of: {
    lineItem?: number;
    advertiser?: number;
    agency?: string;
  }) => readonly SeriesPoint[];
  readonly latency: () => readonly LatencyPoint[];
  readonly exchanges: () => readonly ExchangeFact[];
  /** Findings of wire/accept about an answer to a request. */
  readonly checkAnswer: (
    exchange: string,
    request: string,
    answer: string,
  ) => readonly {
    readonly field: string;
    readonly message: string;
  }[];
  readonly report: (ask: DeskReportAsk) => Promise<DeskReport>;
};

/** Dimensions are those of ledger/report. `agency` narrows it whatever `only` says. */
export type DeskReportAsk = {
  readonly agency: string;
  readonly by: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  readonly only: Readonly<Record<string, readonly string[]>>;
};
export type DeskReport = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totals: readonly (readonly string[])[];
  /** The report as CSV, guarded against formulas. */
  readonly csv: string;
};

/** Uploads of agencies' lists; the bank hashes at its door, counts of matches never come out. */
export type ListFacts = {
  readonly open: boolean;
  readonly kinds: readonly string[];
  readonly lists: (agency: string) => readonly ListFact[];
  /** `file` is a path of a file that is taken over and deleted. Resolves when it is taken. */
  readonly upload: (ask: {
    agency: string;
    name: string;
    kind: string;
    file: string;
    by: string;
  }) => Promise<
    { readonly ok: true; readonly id: string } | { readonly ok: false; readonly words: string }
  >;
  readonly remove: (agency: string, name: string) => Promise<boolean>;
};
export type ListFact = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly state: "taken in" | "in the bank" | "failed";
  readonly reason: string;
  readonly rows: number;
  readonly unusable: number;
  readonly atMs: number;
  readonly by: string;
  /** The segment that line items name, once a build of the bank has made it. */
  readonly segment: string;
};
