import type { ExplainResult } from "./explain-result.js";
import type { HoldFacts } from "./holds.js";
import type { SpendNow } from "./spend.js";
import type { AdminStatus } from "./status.js";

/**
 * What the admin server asks of the running program; all but `forget` answers at once, from memory.
 */
export type AdminFacts = {
  readonly readiness: () => Readiness;
  /** The registry's text in Prometheus' format. */
  readonly metrics: () => Promise<string>;
  readonly status: () => AdminStatus;
  readonly spend: () => SpendNow;
  /** null while no World is published. */
  readonly explain: (ask: ExplainAsk) => ExplainResult | null;
  readonly forget: ForgetFacts;
  readonly holds?: HoldFacts;
};

/** Forgetting goes on behind the answer: what the route sees of it names nobody. */
export type ForgetFacts = {
  /** False where this data folder has no bank: the routes are not there. */
  readonly open: boolean;
  /** Kinds of identifiers, as config files call them. */
  readonly kinds: readonly string[];
  /** Said of known and unknown identifiers alike. */
  readonly words: string;
  /** Resolves once the wish is durable. */
  readonly take: (ask: ForgetAsk) => Promise<ForgetTaken>;
  /** null: no such wish. */
  readonly state: (id: string) => ForgetState | null;
};

export type ForgetAsk = {
  readonly identifiers: readonly {
    readonly kind: string;
    readonly scope: number;
    readonly value: string;
  }[];
  /** These identifiers alone, not the whole person. */
  readonly only: boolean;
};

export type ForgetTaken =
  | { readonly kind: "taken"; readonly id: string }
  /** Places of values that are no identifier of their kind; nothing was taken. */
  | { readonly kind: "unusable"; readonly places: readonly number[] }
  | { readonly kind: "busy" | "failed" };

export type ForgetState = {
  readonly id: string;
  readonly state: "running" | "done" | "failed";
  /** Of a failed one, which is tried again. */
  readonly reason?: string;
};

export type Readiness = {
  /** 0 = no World is published yet. */
  readonly generation: number;
  /** 0 = the built-in epoch without people. */
  readonly epoch: number;
  /** null on epoch 0, which has no age. */
  readonly epochAgeSeconds: number | null;
  readonly journal: "ok" | "failing";
  readonly draining: boolean;
};

export type ExplainAsk = {
  /** null = the first exchange. */
  readonly exchange: string | null;
  /** The bid request's bytes. */
  readonly request: Uint8Array;
  readonly segments: readonly string[] | null;
  readonly lineItems: readonly number[] | null;
};

/**
 * Why the program is not ready, empty = it is. An old or empty epoch is no reason: contextual bids
 * go on.
 */
export function unreadyReasons({ generation, journal, draining }: Readiness): string[] {
  const reasons: string[] = [];
  if (generation === 0) reasons.push("no World is published");
  if (journal !== "ok") reasons.push("the journal cannot be written");
  if (draining) reasons.push("draining");
  return reasons;
}
