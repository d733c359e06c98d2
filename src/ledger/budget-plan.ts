import type { CapRule } from "../campaign/caps.js";
import type { LineItemTerms } from "../campaign/terms.js";
import type { Transition } from "../campaign/zone.js";

/**
 * What the money thread must know of a World to share money out: posted by main before the World is
 * published, whole each time. Amounts are nanos (1e-9) of the advertiser's currency; null = no
 * limit.
 */
export type CampaignBudget = {
  readonly campaign: number;
  readonly totalNanos: bigint | null;
  readonly dailyNanos: bigint | null;
  /** Offsets of the campaign's zone, ascending: its days begin at local midnight. */
  readonly zone: readonly Transition[];
  readonly lineItems: readonly LineItemBudget[];
};

export type LineItemBudget = {
  readonly lineItem: number;
  /** Place of its allowance (AllowancePlaces). */
  readonly place: number;
  /** The most that one bid can cost. */
  readonly bidNanosMax: number;
};

export type BudgetPlan = {
  readonly generation: number;
  readonly campaigns: readonly CampaignBudget[];
  /** What line items cost on top of the media; absent = as before. */
  readonly terms?: readonly LineItemTerms[];
  /** The notice that bills, by exchange id. */
  readonly billsBy: readonly { readonly exchange: number; readonly noticeKind: number }[];
  /** What the exposure log and the caps want; absent where there is neither. */
  readonly exposures?: ExposurePlan;
};

export type ExposurePlan = {
  /** Whose ordinals the World's bids carry. */
  readonly epoch: number;
  /** Every rule of a cap, with its place in the shared rules. */
  readonly rules: readonly (CapRule & { readonly place: number })[];
  readonly lineItems: readonly {
    readonly lineItem: number;
    readonly campaign: number;
    readonly advertiser: number;
  }[];
};

/** Number of the local day at that second; days count from 1970-01-01 local. */
export function localDay(zone: readonly Transition[], atSec: number): number {
  let offsetSec = zone[0]?.offsetSec ?? 0;
  for (const transition of zone) {
    if (transition.fromSec > atSec) break;
    offsetSec = transition.offsetSec;
  }
  return Math.floor((atSec + offsetSec) / 86_400);
}

/**
 * Line item id -> place in the shared allowances: kept for the life of the process, never given
 * twice.
 */
export class AllowancePlaces {
  private readonly places = new Map<number, number>();
  private readonly placesMax: number;

  constructor(placesMax: number) {
    this.placesMax = placesMax;
  }

  /**
   * The line item's place, a new one at first; -1 when all are given: the World must not be
   * published.
   */
  placeOf(lineItem: number): number {
    const known = this.places.get(lineItem);
    if (known !== undefined) return known;
    if (this.places.size === this.placesMax) return -1;
    this.places.set(lineItem, this.places.size);
    return this.places.size - 1;
  }
}
