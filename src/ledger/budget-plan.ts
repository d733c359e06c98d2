import type { CapRule } from "../campaign/caps.js";
import type { LineItemTerms } from "../campaign/terms.js";
import type { Transition } from "../campaign/zone.js";
import type { LearningPlan } from "./learning-plan.js";

/** What a budget is counted in: nanos (1e-9) of the advertiser's currency, or impressions. */
export const Unit = { MONEY: 0, IMPRESSIONS: 1 } as const;
export type AmountUnit = (typeof Unit)[keyof typeof Unit];

/** Limits of one level of the tree; null or absent = no limit. */
export type Limits = {
  readonly totalNanos: bigint | null;
  readonly dailyNanos: bigint | null;
  readonly totalImpressions?: bigint | null;
  readonly dailyImpressions?: bigint | null;
};

/** How a budget is spread over its flight and its days (ledger/pacing.ts). */
export type PacingMode = "even" | "ahead" | "asap";

/**
 * What the money thread must know of a World to share money out: posted by main before the World is
 * published, whole each time. Amounts are nanos of the advertiser's currency.
 */
export type CampaignBudget = Limits & {
  readonly campaign: number;
  /** 0 or absent: the campaign stands by itself. */
  readonly advertiser?: number;
  /** Offsets of the campaign's zone, ascending: its days begin at local midnight. */
  readonly zone: readonly Transition[];
  /** The flight is [startMs, endMs); absent = always. */
  readonly startMs?: number;
  readonly endMs?: number;
  /** Absent = asap. */
  readonly pacing?: PacingMode;
  readonly lineItems: readonly LineItemBudget[];
};

export type AdvertiserBudget = Limits & {
  readonly advertiser: number;
  /** CurrencyCode: the ceiling of all together is by currency. */
  readonly currency: number;
  readonly zone: readonly Transition[];
};

export type LineItemBudget = {
  readonly lineItem: number;
  /** Place of its allowance (AllowancePlaces). */
  readonly place: number;
  /** Place of its allowance in impressions; absent = no level above it has such a limit. */
  readonly impressionPlace?: number;
  /** The most that one bid can cost. */
  readonly bidNanosMax: number;
  readonly limits?: Limits;
  /** Of its own limits; absent = its campaign's. */
  readonly pacing?: PacingMode;
  /** Its hours of the week as six words (campaign/daypart) in the campaign's zone; absent = all. */
  readonly week?: readonly number[];
};

/**
 * What no desk can lift (config/ceilings.yaml), in nanos of one currency; null = none. A budget is
 * the smaller one of its own and its ceiling.
 */
export type Ceiling = {
  /** CurrencyCode. */
  readonly currency: number;
  /** The most that one impression can cost: nanos are micros of CPM. */
  readonly bidNanosMax: bigint | null;
  readonly lineItemDailyNanos: bigint | null;
  readonly campaignDailyNanos: bigint | null;
  readonly advertiserDailyNanos: bigint | null;
  /** Of everything in this currency together, by UTC day. */
  readonly allDailyNanos: bigint | null;
};

export type BudgetPlan = {
  readonly generation: number;
  readonly advertisers?: readonly AdvertiserBudget[];
  readonly campaigns: readonly CampaignBudget[];
  /** What line items cost on top of the media; absent = as before. */
  readonly terms?: readonly LineItemTerms[];
  readonly ceilings?: readonly Ceiling[];
  /** The notice that bills, by exchange id. */
  readonly billsBy: readonly { readonly exchange: number; readonly noticeKind: number }[];
  /** Absent: nothing new is said of it. */
  readonly learning?: LearningPlan;
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
export const localDay = (zone: readonly Transition[], atSec: number): number =>
  Math.floor((atSec + offsetAt(zone, atSec)) / 86_400);

/** Local time is so many seconds ahead of UTC at that second. */
export function offsetAt(zone: readonly Transition[], atSec: number): number {
  let offsetSec = zone[0]?.offsetSec ?? 0;
  for (const transition of zone) {
    if (transition.fromSec > atSec) break;
    offsetSec = transition.offsetSec;
  }
  return offsetSec;
}

/** Whether both say the same of every moment, written alike: messages bring copies. */
export function isSameZone(a: readonly Transition[], b: readonly Transition[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]!.fromSec !== b[i]!.fromSec || a[i]!.offsetSec !== b[i]!.offsetSec) return false;
  }
  return true;
}

/**
 * Line item id and unit -> place in the shared allowances: kept for the life of the process, never
 * given twice.
 */
export class AllowancePlaces {
  private readonly places = [new Map<number, number>(), new Map<number, number>()] as const;
  private used = 0;
  private readonly placesMax: number;

  constructor(placesMax: number) {
    this.placesMax = placesMax;
  }

  /**
   * The line item's place, a new one at first; -1 when all are given: the World must not be
   * published.
   */
  placeOf(lineItem: number, unit: AmountUnit = Unit.MONEY): number {
    const places = this.places[unit];
    const known = places.get(lineItem);
    if (known !== undefined) return known;
    if (this.used === this.placesMax) return -1;
    places.set(lineItem, this.used);
    return this.used++;
  }
}
