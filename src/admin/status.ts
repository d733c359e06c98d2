import type { World } from "../bid/world.js";
import { canonicalText } from "../campaign/audience.js";
import type { AudienceNeeded } from "../campaign/compile.js";
import type { VerdictWord } from "../campaign/crowd-rule.js";
import type { Issue } from "../campaign/issue.js";
import { Live } from "../campaign/table.js";
import type { CampaignSpend } from "../ledger/budget.js";
import type { HeldCampaign } from "./holds.js";

/** What an operator sees of the program; counts are of rules, never of people. */
export type AdminStatus = {
  readonly generation: number;
  readonly epoch: number;
  readonly epochAgeSeconds: number | null;
  /** True: the snapshot's life is over, bids are on context only until a new epoch comes. */
  readonly epochExpired: boolean;
  readonly exchanges: readonly string[];
  /** Line items by what keeps them from bidding. */
  readonly lineItems: Readonly<Record<keyof typeof liveNames, number>>;
  readonly config: {
    /**
     * False: the last good configuration is served, the issues say what is wrong with the files.
     */
    readonly live: boolean;
    readonly issues: readonly Issue[];
    readonly issuesLeftOut: number;
  };
  readonly audiences: readonly AudienceStatus[];
  /** How many audiences an agency may still have judged for the first time today (UTC). */
  readonly audienceChecks: readonly { readonly agency: number; readonly leftToday: number }[];
  /** The last snapshot that was refused since the start, null = none was. */
  readonly lastRefusal: SnapshotRefusal | null;
  /** Each campaign's money, at most about a second old. */
  readonly spend: readonly CampaignSpend[];
  /** Of the demo's fake exchange; null = nothing trades. */
  readonly trading: Readonly<Record<string, number>> | null;
  /** Campaigns that do not bid at an exchange, because the wins it tells of are not credible. */
  readonly held: readonly HeldCampaign[];
};

export type SnapshotRefusal = {
  readonly epoch: number;
  readonly code: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
};

export type AudienceStatus = {
  readonly audience: string;
  readonly lineItems: readonly number[];
  /**
   * It bids for nobody while waiting (not judged in this epoch) and while warming (its segments are
   * being loaded).
   */
  readonly verdict: "certified" | "refused" | "waiting" | "warming";
  /** Only where it does not depend on people: of those a refusal says that it is one, no more. */
  readonly cause?: "a segment that this epoch does not hold";
};

const liveNames = {
  live: Live.LIVE,
  paused: Live.PAUSED,
  uncertified: Live.UNCERTIFIED,
  noCreative: Live.NO_CREATIVE,
  held: Live.HELD,
  opensTomorrow: Live.OPENS_TOMORROW,
} as const;

export type StatusInput = {
  /** null while no World is published. */
  readonly world: World | null;
  readonly epochAgeSeconds: number | null;
  readonly epochExpired?: boolean;
  readonly lastRefusal?: {
    readonly epoch: number;
    readonly code: string;
    readonly words: string;
    readonly atMs: number;
  } | null;
  readonly held?: readonly HeldCampaign[];
  /** Digests of the audiences whose segments are being loaded. */
  readonly warming?: ReadonlySet<string>;
  /** Of the last reading of the configuration's files. */
  readonly issues: readonly Issue[];
  readonly configLive: boolean;
  readonly needed: readonly AudienceNeeded[];
  /** By the audience's digest, of this epoch. */
  readonly verdicts: ReadonlyMap<string, VerdictWord>;
  readonly audienceChecks?: AdminStatus["audienceChecks"];
  readonly spend?: readonly CampaignSpend[];
  readonly trading?: AdminStatus["trading"];
};

export const issuesShownMax = 200;

export function adminStatus(input: StatusInput): AdminStatus {
  const { world, issues, needed, verdicts } = input;
  return {
    generation: world?.generation ?? 0,
    epoch: world?.index.epoch ?? 0,
    epochAgeSeconds: input.epochAgeSeconds,
    epochExpired: input.epochExpired === true,
    exchanges: world?.exchanges.map(({ name }) => name) ?? [],
    lineItems: countLive(world?.table.lineItemLive ?? new Uint8Array()),
    config: {
      live: input.configLive,
      issues: issues.slice(0, issuesShownMax),
      issuesLeftOut: Math.max(0, issues.length - issuesShownMax),
    },
    audiences: needed.map(({ audience, digest, lineItems }) => ({
      audience: canonicalText(audience),
      lineItems,
      ...(input.warming?.has(digest) === true
        ? { verdict: "warming" as const }
        : verdictOf(verdicts.get(digest))),
    })),
    audienceChecks: input.audienceChecks ?? [],
    lastRefusal: refusalOf(input.lastRefusal ?? null),
    spend: input.spend ?? [],
    trading: input.trading ?? null,
    held: input.held ?? [],
  };
}

const refusalOf = (last: StatusInput["lastRefusal"]): SnapshotRefusal | null =>
  last == null
    ? null
    : {
        ...{ epoch: last.epoch, code: last.code, reason: last.words },
        at: new Date(last.atMs).toISOString(),
      };

function countLive(column: Uint8Array): AdminStatus["lineItems"] {
  const count = (live: number): number =>
    column.reduce((sum, one) => sum + (one === live ? 1 : 0), 0);
  return {
    live: count(liveNames.live),
    paused: count(liveNames.paused),
    uncertified: count(liveNames.uncertified),
    noCreative: count(liveNames.noCreative),
    held: count(liveNames.held),
    opensTomorrow: count(liveNames.opensTomorrow),
  };
}

function verdictOf(verdict: VerdictWord | undefined): Pick<AudienceStatus, "verdict" | "cause"> {
  switch (verdict) {
    case undefined:
      return { verdict: "waiting" };
    case "certified":
    case "refused":
      return { verdict };
    case "unknown_segment":
      return { verdict: "refused", cause: "a segment that this epoch does not hold" };
  }
}
