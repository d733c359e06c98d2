import { weekHours, weekWordsOf } from "../../campaign/daypart.js";
import type { Advertiser, Budget, Campaign, LineItem } from "../../campaign/model.js";
import { Live } from "../../campaign/table.js";
import { offsetSecAt } from "../../campaign/zone.js";
import type { LineItemState, Stop } from "./desk.js";

/** Why an audience of a line item does not answer; "" = it does, or there is none. */
export type AudienceTrouble = "" | "warming" | "refused" | "unknown segment" | "waiting";

/** What a state is read from, beside the rules of the line item itself. */
export type StateFacts = {
  readonly nowMs: number;
  /** Hours since Monday 00:00 in its campaign's zone. */
  readonly hour: number;
  /** 0 = no people are loaded. */
  readonly epoch: number;
  /** Column `lineItemLive` of the served table; undefined = it is in no World yet. */
  readonly live: number | undefined;
  readonly audience: AudienceTrouble;
  readonly stops: StopIndex;
  /** Names of the exchanges of the World, and of those at which its campaign is held. */
  readonly exchanges: readonly string[];
  readonly heldAt: readonly string[];
  /** Of its advertiser and campaign: which budget is spent, "" = none. */
  readonly spent: SpentBudget | null;
  /** Why nothing at all is bid, "" = something is. */
  readonly trouble: string;
  readonly bidsToday: number;
};

export type SpentBudget = { readonly words: string; readonly field: string };

/** `field` leads into the line item's form; `campaign.` and `advertiser.` into theirs. */
export type StateNow = {
  readonly state: LineItemState;
  readonly reason: string;
  readonly field: string;
};

export type StopIndex = ReadonlyMap<string, Stop>;
export const stopIndexOf = (stops: readonly Stop[]): StopIndex =>
  new Map(stops.map((stop) => [`${stop.kind} ${stop.key}`, stop]));

export type Owned = {
  readonly lineItem: LineItem;
  readonly campaign: Campaign;
  readonly advertiser: Advertiser;
};

/** The first thing that keeps a line item from bidding, in the order in which people would ask. */
export function stateOf(owned: Owned, facts: StateFacts): StateNow {
  return (
    ofFlight(owned, facts) ??
    ofPeople(owned, facts) ??
    notStarted(owned, facts) ??
    ofTable(facts) ??
    ofMoney(facts) ??
    liveNow(owned, facts)
  );
}

const state = (name: LineItemState, reason: string, field = ""): StateNow => ({
  state: name,
  reason,
  field,
});

function ofFlight({ campaign }: Owned, { nowMs }: StateFacts): StateNow | null {
  if (nowMs < campaign.endMs) return null;
  return state("ended", "the flight of its campaign is over", "campaign.flight.end");
}

function notStarted({ campaign }: Owned, { nowMs }: StateFacts): StateNow | null {
  if (nowMs >= campaign.startMs) return null;
  return state("not started", "the flight of its campaign begins later", "campaign.flight.start");
}

/** What somebody switched off. */
function ofPeople({ lineItem, advertiser }: Owned, facts: StateFacts): StateNow | null {
  const { stops, exchanges } = facts;
  const own = stops.get(`lineItem ${lineItem.id}`);
  if (own !== undefined) return state("stopped", `stopped by ${own.by}`);
  const whole = stops.get(`advertiser ${advertiser.id}`);
  if (whole !== undefined) return state("stopped", `its advertiser was stopped by ${whole.by}`);
  if (lineItem.paused) return state("paused", "paused", "paused");
  const { creatives } = lineItem;
  const creativesStopped = creatives.filter(({ id }) => stops.has(`creative ${id}`)).length;
  if (creatives.length > 0 && creativesStopped === creatives.length) {
    return state("stopped", "all its creatives are stopped", "creatives");
  }
  const wanted = lineItem.targeting.include.exchanges ?? exchanges;
  const stoppedAt = wanted.filter((name) => stops.has(`exchange ${name}`)).length;
  if (wanted.length > 0 && stoppedAt === wanted.length) {
    return state("stopped", "every exchange that it may bid at is stopped");
  }
  return null;
}

function ofTable({ live, audience, epoch }: StateFacts): StateNow | null {
  switch (live) {
    case undefined:
      return state("checking", "the World that holds it is being built");
    case Live.UNCERTIFIED:
      return epoch === 0
        ? state("checking", "no people are loaded yet", "audience")
        : ofAudience(audience);
    case Live.OPENS_TOMORROW:
      return state("checking", "its audience is new today and opens at 00:00 UTC", "audience");
    case Live.NO_CREATIVE:
      return state("no creative", "no creative of it is approved by an exchange", "creatives");
    case Live.HELD:
      return state(
        "error",
        "its hours need one time zone more than a World holds",
        "targeting.include.dayParts",
      );
    // A World may lag behind the book by a moment.
    case Live.PAUSED:
      return state("paused", "paused", "paused");
    default:
      return null;
  }
}

function ofAudience(audience: AudienceTrouble): StateNow {
  switch (audience) {
    case "warming":
      return state("warming", "the planes of its segments are being loaded", "audience");
    case "refused":
      return state("refused", "its audience, or a price step of it, is refused", "audience");
    case "unknown segment":
      return state("refused", "it names a segment that this epoch does not hold", "audience");
    default:
      return state("checking", "its audience is being checked", "audience");
  }
}

function ofMoney({ spent, heldAt, exchanges, trouble }: StateFacts): StateNow | null {
  if (trouble !== "") return state("error", trouble);
  if (spent !== null) return state("budget spent", spent.words, spent.field);
  if (exchanges.length > 0 && heldAt.length >= exchanges.length) {
    return state("held", "held everywhere: the wins that exchanges tell of are not credible");
  }
  return null;
}

/** It may bid: what narrows it just now. */
function liveNow({ lineItem }: Owned, facts: StateFacts): StateNow {
  const { heldAt, bidsToday, hour } = facts;
  if (!isInHours(lineItem, hour)) {
    return state("live", "outside of its hours just now", "targeting.include.dayParts");
  }
  if (heldAt.length > 0) return state("live", `held at ${heldAt.join(", ")}`);
  if (bidsToday === 0) return state("live", "no bid yet today: its funnel says why");
  return state("live", "");
}

function isInHours(lineItem: LineItem, hour: number): boolean {
  const week = weekOf(lineItem);
  return week === null || ((week[hour >>> 5]! >>> (hour & 31)) & 1) === 1;
}

const weeks = new WeakMap<LineItem, readonly number[] | null>();

/** The hours of the week in which it may bid, as bits; null = all. */
function weekOf(lineItem: LineItem): readonly number[] | null {
  const known = weeks.get(lineItem);
  if (known !== undefined) return known;
  const { include, exclude } = lineItem.targeting;
  const isNarrowed = include.dayParts !== undefined || exclude.dayParts !== undefined;
  const not = weekWordsOf(exclude.dayParts ?? []);
  const week = isNarrowed
    ? weekWordsOf(include.dayParts ?? ["mon-sun"]).map((word, i) => word & ~(not[i] ?? 0))
    : null;
  weeks.set(lineItem, week);
  return week;
}

/** Hours since Monday 00:00 in a zone. 1970-01-01 was a Thursday. */
export function hourOfWeek(zone: string, nowMs: number): number {
  const sec = Math.floor(nowMs / 1000);
  const hours = Math.floor((sec + offsetSecAt(zone, sec)) / 3600) + 3 * 24;
  return ((hours % weekHours) + weekHours) % weekHours;
}

/** What one level has used, in nanos and in impressions. */
export type Used = {
  readonly nanosTotal: bigint;
  readonly nanosToday: bigint;
  readonly impressionsTotal: number;
  readonly impressionsToday: number;
};

/**
 * The limit of a budget that has no room for one more impression at `bidNanos`, in words; "" =
 * none. `owner` is put in front of the field: "", "campaign." or "advertiser.".
 */
export function spentOf(
  budget: Budget | undefined,
  used: Used,
  bidNanos: bigint,
  owner: "" | "campaign." | "advertiser.",
): SpentBudget | null {
  if (budget === undefined) return null;
  const whose = owner === "" ? "its" : `its ${owner.slice(0, -1)}'s`;
  const isOver = (limit: bigint, amount: bigint): boolean =>
    limit > 0n && limit - amount < bidNanos;
  if (isOver(budget.totalNanos, used.nanosTotal)) {
    return { words: `${whose} whole budget is spent`, field: `${owner}budget.total` };
  }
  if (isOver(budget.dailyNanos, used.nanosToday)) {
    return { words: `${whose} budget of today is spent`, field: `${owner}budget.daily` };
  }
  const { totalImpressions = 0n, dailyImpressions = 0n } = budget;
  if (totalImpressions > 0n && BigInt(used.impressionsTotal) >= totalImpressions) {
    return { words: `${whose} impressions are delivered`, field: `${owner}budget.impressions` };
  }
  if (dailyImpressions > 0n && BigInt(used.impressionsToday) >= dailyImpressions) {
    return {
      words: `${whose} impressions of today are delivered`,
      field: `${owner}budget.dailyImpressions`,
    };
  }
  return null;
}
