import { finish, mapSteps, type Steps } from "../../base/steps.js";
import { armsAtHome } from "../../campaign/arms.js";
import type { LoadedConfig } from "../../campaign/load.js";
import type { Campaign, LineItem } from "../../campaign/model.js";
import { offsetSecAt } from "../../campaign/zone.js";
import type { CampaignSpend } from "../../ledger/budget.js";
import { decimalOf } from "../../ledger/report-text.js";
import { bidRangeOf } from "./bid-range.js";
import type { LineItemNow, Stop } from "./desk.js";
import {
  type AudienceTrouble,
  hourOfWeek,
  type Owned,
  type SpentBudget,
  spentOf,
  stateOf,
  stopIndexOf,
  type Used,
} from "./line-item-state.js";
import type { LineItemSums, Stretch } from "./line-item-sums.js";

/** How a line item's own budget is paced, in nanos; -1 = not in money. */
export type LineItemPace = { readonly plannedToday: number; readonly dayBudget: number };

export type LineItemsInput = {
  /** What the served World was built from. */
  readonly config: LoadedConfig;
  /** Line items of this advertiser alone, who share its budget; absent = all. */
  readonly only?: number;
  readonly nowMs: number;
  readonly epoch: number;
  readonly live: ReadonlyMap<number, number>;
  readonly audiences: ReadonlyMap<number, AudienceTrouble>;
  readonly sums: LineItemSums;
  /** Time zones of the line items' advertisers: the same map as long as nothing changed. */
  readonly zoneOf: ReadonlyMap<number, string>;
  readonly paces: ReadonlyMap<number, LineItemPace>;
  readonly spend: readonly CampaignSpend[];
  /** Exchanges at which a campaign is held. */
  readonly heldAt: ReadonlyMap<number, readonly string[]>;
  readonly stops: readonly Stop[];
  /** Why nothing is bid at all, "" = bids go on. */
  readonly trouble: string;
};

const dayMs = 86_400_000;
const nothing: Stretch = {
  ...{ bids: 0, wins: 0, billed: 0, impressions: 0, clicks: 0, media: 0, gross: 0 },
};

/** What each line item of the served configuration does now. */
export const lineItemsNow = (input: LineItemsInput): Map<number, LineItemNow> =>
  finish(lineItemSteps(input));

/** The same in steps of a few milliseconds: the first look at 10,000 after a start takes 100. */
export function* lineItemSteps(input: LineItemsInput): Steps<Map<number, LineItemNow>> {
  const { config, nowMs, sums, only } = input;
  const { book } = config;
  const advertisers = new Map(book.advertisers.map((one) => [one.id, one]));
  const campaigns = new Map(book.campaigns.map((one) => [one.id, one]));
  const owned = book.lineItems.flatMap((lineItem): Owned[] => {
    const campaign = campaigns.get(lineItem.campaign);
    const advertiser = campaign && advertisers.get(campaign.advertiser);
    if (campaign === undefined || advertiser === undefined) return [];
    return only === undefined || only === advertiser.id ? [{ lineItem, campaign, advertiser }] : [];
  });
  yield;
  const today = sums.todayOf(input.zoneOf, nowMs);
  yield;
  const now = new Moment(input, today, owned);
  yield;
  return new Map(yield* mapSteps(owned, (one) => [one.lineItem.id, now.of(one)] as const));
}

class Moment {
  private readonly input: LineItemsInput;
  private readonly today: ReadonlyMap<number, Stretch>;
  private readonly spend: ReadonlyMap<number, CampaignSpend>;
  private readonly usedByCampaign = new Map<number, Sum>();
  private readonly usedByAdvertiser = new Map<number, Sum>();
  private readonly stops: ReturnType<typeof stopIndexOf>;
  private readonly exchanges: readonly string[];
  private readonly days = new Map<string, LocalNow>();

  constructor(input: LineItemsInput, today: ReadonlyMap<number, Stretch>, owned: readonly Owned[]) {
    this.input = input;
    this.today = today;
    this.spend = new Map(input.spend.map((one) => [one.campaign, one]));
    this.stops = stopIndexOf(input.stops);
    this.exchanges = input.config.exchanges.map(({ name }) => name);
    for (const { lineItem, campaign, advertiser } of owned) {
      const used = this.usedBy(lineItem.id);
      addTo(this.usedByCampaign, campaign.id, used);
      addTo(this.usedByAdvertiser, advertiser.id, used);
    }
  }

  private usedBy(lineItem: number): Used {
    const total = this.input.sums.totalOf(lineItem);
    const today = this.today.get(lineItem) ?? nothing;
    return {
      nanosTotal: total.media,
      nanosToday: BigInt(today.media),
      impressionsTotal: total.billed,
      impressionsToday: today.billed,
    };
  }

  of(owned: Owned): LineItemNow {
    const { lineItem, campaign, advertiser } = owned;
    const { input } = this;
    const { id } = lineItem;
    const total = input.sums.totalOf(id);
    const today = this.today.get(id) ?? nothing;
    // A bill can be counted before the bid that it is of.
    const bidsToday = Math.max(today.bids, today.wins, today.billed);
    const range = rangeOf(lineItem, input.config, advertiser.currency);
    const { state, reason, field } = stateOf(owned, {
      nowMs: input.nowMs,
      epoch: input.epoch,
      stops: this.stops,
      trouble: input.trouble,
      hour: this.localNow(campaign.timeZone).hour,
      live: input.live.get(id),
      audience: input.audiences.get(id) ?? "",
      exchanges: this.exchanges,
      heldAt: input.heldAt.get(campaign.id) ?? none,
      // The cheapest bid that it makes costs so many nanos an impression.
      spent: this.spentOf(owned, BigInt(Math.max(1, range.lowMicros))),
      bidsToday,
    });
    const { idealToday, dayBudget, totalBudget } = this.budgetsOf(owned);
    // One literal: spreads made 10,000 of these ten times as slow (400 ms, not 40).
    return {
      id,
      state,
      reason,
      field,
      spendToday: today.media === 0 ? zero : decimalOf(BigInt(today.media)),
      spendTotal: total.media === 0n ? zero : decimalOf(total.media),
      idealToday,
      dayBudget,
      totalBudget,
      impressionsToday: today.billed,
      impressionsTotal: total.billed,
      bidsToday,
      clicksTotal: total.clicks,
      winRatePercent: percentOf(
        Math.min(Math.max(total.wins, total.billed), total.bids),
        total.bids,
      ),
      ecpm: total.billed === 0 ? null : decimalOf((total.gross * 1000n) / BigInt(total.billed)),
      ctrPercent: percentOf(total.clicks, total.billed),
      daysLeft: this.daysLeft(campaign),
      bidLow: range.low,
      bidHigh: range.high,
    };
  }

  private spentOf(owned: Owned, bidNanos: bigint): SpentBudget | null {
    const { lineItem, campaign, advertiser } = owned;
    const ofCampaign = this.usedByCampaign.get(campaign.id) ?? this.usedBy(0);
    const ofAdvertiser = this.usedByAdvertiser.get(advertiser.id) ?? this.usedBy(0);
    return (
      spentOf(lineItem.budget, this.usedBy(lineItem.id), bidNanos, "") ??
      spentOf(campaign.budget, ofCampaign, bidNanos, "campaign.") ??
      spentOf(advertiser.budget, ofAdvertiser, bidNanos, "advertiser.")
    );
  }

  /** Of the line item's own budget, else of its campaign's, whose line items share it. */
  private budgetsOf({
    lineItem,
    campaign,
  }: Owned): Pick<LineItemNow, "idealToday" | "dayBudget" | "totalBudget"> {
    const mode = lineItem.pacing ?? campaign.pacing ?? "asap";
    const own = lineItem.budget !== undefined;
    const budget = lineItem.budget ?? campaign.budget;
    const pace = this.input.paces.get(lineItem.id);
    const shared = this.spend.get(campaign.id);
    const planned = own ? nanosText(pace?.plannedToday ?? -1) : amountText(shared?.plannedToday);
    const day = own ? nanosText(pace?.dayBudget ?? -1) : amountText(shared?.dayBudget);
    return {
      idealToday: mode === "asap" ? null : planned,
      dayBudget: day ?? limitText(budget.dailyNanos),
      totalBudget: limitText(budget.totalNanos),
    };
  }

  private daysLeft(campaign: Campaign): number {
    const { timeZone, startMs, endMs } = campaign;
    const { nowMs } = this.input;
    if (nowMs >= endMs) return 0;
    const { first, last } = flightDaysOf(campaign);
    return last - (nowMs < startMs ? first : this.localNow(timeZone).day) + 1;
  }

  /** Looking a zone up takes as long as all the rest of a line item. */
  private localNow(zone: string): LocalNow {
    let local = this.days.get(zone);
    if (local === undefined) {
      const { nowMs } = this.input;
      local = { day: localDayOf(zone, nowMs), hour: hourOfWeek(zone, nowMs) };
      this.days.set(zone, local);
    }
    return local;
  }
}

type LocalNow = { readonly day: number; readonly hour: number };
const none: readonly string[] = [];
const zero = decimalOf(0n);

type Sum = { -readonly [K in keyof Used]: Used[K] };

function addTo(sums: Map<number, Sum>, id: number, used: Used): void {
  const sum = sums.get(id);
  if (sum === undefined) {
    sums.set(id, { ...used });
    return;
  }
  sum.nanosTotal += used.nanosTotal;
  sum.nanosToday += used.nanosToday;
  sum.impressionsTotal += used.impressionsTotal;
  sum.impressionsToday += used.impressionsToday;
}

const percentOf = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 100_000) / 1000;

const nanosText = (nanos: number): string | null =>
  nanos < 0 ? null : decimalOf(BigInt(Math.round(nanos)));
const amountText = (nanos: string | undefined): string | null =>
  nanos === undefined || nanos === "" ? null : decimalOf(BigInt(nanos));
const limitText = (nanos: bigint): string | null => (nanos === 0n ? null : decimalOf(nanos));

const localDayOf = (zone: string, atMs: number): number => {
  const sec = Math.floor(atMs / 1000);
  return Math.floor(((sec + offsetSecAt(zone, sec)) * 1000) / dayMs);
};

type FlightDays = { readonly first: number; readonly last: number };
const flights = new WeakMap<Campaign, FlightDays>();

/** Models of what did not change stay the same objects: what is made of them is kept with them. */
function flightDaysOf(campaign: Campaign): FlightDays {
  const known = flights.get(campaign);
  if (known !== undefined) return known;
  const { timeZone, startMs, endMs } = campaign;
  const days = { first: localDayOf(timeZone, startMs), last: localDayOf(timeZone, endMs) - 1 };
  flights.set(campaign, days);
  return days;
}

type Range = { readonly lowMicros: number; readonly low: string; readonly high: string };
const ranges = new WeakMap<LineItem, Range & { readonly ceiling: number }>();

function rangeOf(
  lineItem: LineItem,
  { ceilings, book }: LoadedConfig,
  currency: Owned["advertiser"]["currency"],
): Range {
  const ceiling = ceilings.of(currency).cpmMicros;
  const known = ranges.get(lineItem);
  if (known?.ceiling === ceiling) return known;
  const arms = armsAtHome(lineItem, book.homeAreas);
  const { lowMicros, highMicros } = bidRangeOf(lineItem.price, arms.ok ? arms.arms : [], ceiling);
  const text = (micros: number): string => decimalOf(BigInt(micros) * 1000n);
  const range = { lowMicros, low: text(lowMicros), high: text(highMicros), ceiling };
  ranges.set(lineItem, range);
  return range;
}
