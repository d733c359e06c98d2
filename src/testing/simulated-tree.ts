import { NoticeKind } from "../base/lists.js";
import type { SeededRandom } from "../base/random.js";
import { type CurrencyCode, packAlpha3 } from "../base/units.js";
import { CapLevel } from "../campaign/caps.js";
import type { LineItemTerms } from "../campaign/terms.js";
import type { BudgetPlan, Ceiling, Limits } from "../ledger/budget-plan.js";
import {
  bidNanosMax,
  campaignOf,
  dayOf,
  lineItems,
  placeOf,
  simulatedZone,
} from "./simulated-money.js";

/** The tree of budgets, ceilings and caps that one seed of the simulator lives under. */
export const advertiser = 9;
export const exchange = 4;
const agency = 3;
export const usd = packAlpha3("USD") as CurrencyCode;

export const simulatedCaps = [
  { level: CapLevel.LINE_ITEM, id: 201, windowSec: 120, impressions: 2 },
  { level: CapLevel.LINE_ITEM, id: 201, windowSec: 86_400, impressions: 6 },
  { level: CapLevel.CAMPAIGN, id: 1, windowSec: 3600, impressions: 5 },
  { level: CapLevel.ADVERTISER, id: advertiser, windowSec: 7200, impressions: 8 },
] as const;
export type SimulatedCap = (typeof simulatedCaps)[number];
export const capsOn = (lineItem: number): readonly SimulatedCap[] =>
  simulatedCaps.filter(({ id }) => [lineItem, campaignOf(lineItem), advertiser].includes(id));

export const impressionPlaceOf = (lineItem: number): number => placeOf(lineItem) + 3;

/** A limit of one level: 0 = nanos, 1 = impressions. */
export type Bound = {
  readonly unit: 0 | 1;
  readonly what: "lineItem" | "campaign" | "advertiser" | "ceiling";
  readonly totalMax: bigint | null;
  readonly dailyMax: bigint | null;
};
export type SimulatedLevel = {
  readonly key: string;
  readonly lineItems: readonly number[];
  readonly dayOf: (ms: number) => number;
  /** They change with the plan. */
  readonly bounds: () => readonly Bound[];
};

/** Amounts by key of a level: total and daily nanos, total and daily impressions; 0 = none. */
type Amounts = readonly [number, number, number?, number?];
type Life = {
  readonly budgets: Readonly<Record<string, Amounts>>;
  /** Nanos a day: line item, campaign, advertiser, all. */
  readonly ceilings: readonly [number, number, number, number];
};

/** Each binds at other levels of the tree. */
const lives: readonly Life[] = [
  { budgets: { "1": [2200, 1200], "2": [20_000, 400] }, ceilings: [9000, 9000, 9000, 9000] },
  {
    budgets: { "201": [1500, 300], "202": [700, 0], "203": [0, 250], "1": [9000, 0] },
    ceilings: [9000, 9000, 9000, 9000],
  },
  { budgets: { "9": [2500, 900], "1": [4000, 0] }, ceilings: [9000, 9000, 9000, 9000] },
  { budgets: { "1": [6000, 2000], "203": [0, 2000] }, ceilings: [300, 450, 600, 700] },
  {
    budgets: { "201": [0, 0, 0, 12], "1": [0, 0, 40], "2": [0, 0, 0, 10], "9": [0, 2000, 0, 25] },
    ceilings: [9000, 9000, 9000, 9000],
  },
];

const utcDayOf = (ms: number): number => Math.floor(ms / 86_400_000);

/** Percent of a life's budgets. */
const scales = [100n, 40n, 150n] as const;

export class SimulatedTree {
  /** Caps of the World that is served, of line items that it has. */
  served: readonly SimulatedCap[] = simulatedCaps;
  /** Line items of the World that is served. */
  live: readonly number[] = lineItems;
  readonly levels: readonly SimulatedLevel[];
  readonly countsImpressions: boolean;
  private readonly life: Life;
  private readonly paced: boolean;
  /** Of the exchange, short or long: how long after a crash money is open. */
  private readonly expSec: number;
  private readonly editsCaps: boolean;
  private scale: bigint = scales[0];
  /** What was cut may be overdrawn: nothing is above the largest budget that there was. */
  private scaleMost: bigint = scales[0];
  private capLeftOut: SimulatedCap | null = null;

  /** `editsCaps`: only an exposure log tells what was shown before a cap was there. */
  constructor(seed: number, editsCaps: boolean) {
    this.editsCaps = editsCaps;
    this.life = lives[seed % lives.length]!;
    this.paced = seed % 7 === 3;
    this.expSec = seed % 2 === 0 ? 60 : 3600;
    this.countsImpressions = seed % lives.length === 4;
    const [lineItemMax, campaignMax, advertiserMax, allMax] = this.life.ceilings;
    const of = (id: number, what: Bound["what"], ids: readonly number[], ceiling: number) => ({
      ...{ key: String(id), lineItems: ids, dayOf },
      bounds: () => [...this.boundsOf(id, what), ceilingOf(ceiling)],
    });
    this.levels = [
      ...lineItems.map((lineItem) => of(lineItem, "lineItem", [lineItem], lineItemMax)),
      of(1, "campaign", [201, 202], campaignMax),
      of(2, "campaign", [203], campaignMax),
      of(advertiser, "advertiser", lineItems, advertiserMax),
      { key: "all", lineItems, dayOf: utcDayOf, bounds: () => [ceilingOf(allMax)] },
    ];
  }

  /** An edit: another budget everywhere, a line item that leaves or comes back, a cap likewise. */
  edit(random: SeededRandom): void {
    const kind = random.below(this.editsCaps ? 3 : 2);
    if (kind === 0) {
      this.scale = random.pick(scales);
      if (this.scale > this.scaleMost) this.scaleMost = this.scale;
    } else if (kind === 1) {
      const leaves = random.pick(lineItems);
      const whole = this.live.length === lineItems.length;
      this.live = whole ? lineItems.filter((one) => one !== leaves) : lineItems;
    } else this.capLeftOut = this.capLeftOut === null ? random.pick(simulatedCaps) : null;
    const owners = new Set([...this.live, ...this.live.map(campaignOf), advertiser]);
    this.served = simulatedCaps.filter((cap) => owners.has(cap.id) && cap !== this.capLeftOut);
  }

  private boundsOf(id: number, what: Bound["what"]): Bound[] {
    const limits = this.limitsOf(id, this.scaleMost);
    const { totalNanos, dailyNanos, totalImpressions, dailyImpressions } = limits;
    return [
      { unit: 0, what, totalMax: totalNanos, dailyMax: dailyNanos },
      { unit: 1, what, totalMax: totalImpressions, dailyMax: dailyImpressions },
    ];
  }

  private limitsOf(
    id: number,
    scale = this.scale,
  ): Required<Limits> & Record<keyof Limits, bigint | null> {
    const limit = (amount: number | undefined): bigint | null =>
      amount === undefined || amount === 0 ? null : (BigInt(amount) * scale) / 100n;
    const [total, daily, shown, shownDaily] = this.life.budgets[String(id)] ?? [0, 0];
    return {
      ...{ totalNanos: limit(total), dailyNanos: limit(daily) },
      ...{ totalImpressions: limit(shown), dailyImpressions: limit(shownDaily) },
    };
  }

  /** `boot`: terms change from one to the next. */
  plan(boot: number): BudgetPlan {
    const [lineItemMax, campaignMax, advertiserMax, allMax] = this.life.ceilings;
    const ceiling: Ceiling = {
      ...{
        currency: usd,
        bidNanosMax: BigInt(bidNanosMax),
        lineItemDailyNanos: BigInt(lineItemMax),
      },
      ...{ campaignDailyNanos: BigInt(campaignMax), advertiserDailyNanos: BigInt(advertiserMax) },
      allDailyNanos: BigInt(allMax),
    };
    const zone = simulatedZone;
    return {
      generation: 1,
      advertisers: [{ advertiser, currency: usd, zone, ...this.limitsOf(advertiser) }],
      campaigns: [1, 2].map((campaign) => ({
        ...{ campaign, advertiser, zone, ...this.limitsOf(campaign) },
        pacing: this.paced && campaign === 2 ? "even" : "asap",
        lineItems: this.live
          .filter((lineItem) => campaignOf(lineItem) === campaign)
          .map((lineItem) => this.lineItemOf(lineItem)),
      })),
      ceilings: [ceiling],
      terms: this.live.map((lineItem) => simulatedTermsOf(lineItem, boot)),
      billsBy: [],
      learning: {
        exchanges: [
          {
            ...{ exchange, winsBy: NoticeKind.BILL, losses: true, firstPrice: false },
            ...{ expSec: this.expSec, winRate: null },
          },
        ],
        ...{ linear: [], prices: true, clicks: true },
      },
      exposures: {
        epoch: 3,
        rules: this.served.map((cap) => {
          const { level, id, windowSec } = cap;
          return { level, id, windowSec, place: simulatedCaps.indexOf(cap) };
        }),
        lineItems: this.live.map((lineItem) => {
          return { lineItem, campaign: campaignOf(lineItem), advertiser };
        }),
      },
    };
  }

  private lineItemOf(lineItem: number) {
    const limits = this.limitsOf(lineItem);
    const hasOwn = Object.values(limits).some((one) => one !== null);
    return {
      ...{ lineItem, place: placeOf(lineItem), bidNanosMax },
      ...(this.countsImpressions ? { impressionPlace: impressionPlaceOf(lineItem) } : {}),
      ...(hasOwn ? { limits } : {}),
    };
  }

  /** Keys of the levels that a line item's bills count at. */
  keysOf(lineItem: number): readonly string[] {
    return this.levels.filter(({ lineItems: ids }) => ids.includes(lineItem)).map(({ key }) => key);
  }
}

const ceilingOf = (daily: number): Bound => ({
  ...{ unit: 0, what: "ceiling", totalMax: null, dailyMax: BigInt(daily) },
});

export const simulatedTermsOf = (lineItem: number, boot: number): LineItemTerms => ({
  ...{ lineItem, campaign: campaignOf(lineItem), advertiser, agency, currency: usd },
  ...{ marginPpm: 100_000 + 50_000 * (boot % 3), technicalPpm: 20_000, dataNanos: 3 },
});
