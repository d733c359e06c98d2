import type { ExplainResult } from "./explain-result.js";
import type { AdminStatus } from "./status.js";

/**
 * What the admin server asks of the running program; each function answers at once, from memory.
 */
export type AdminFacts = {
  readonly readiness: () => Readiness;
  /** The registry's text in Prometheus' format. */
  readonly metrics: () => Promise<string>;
  readonly status: () => AdminStatus;
  /** null while no World is published. */
  readonly explain: (ask: ExplainAsk) => ExplainResult | null;
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
