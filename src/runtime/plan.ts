import type { LineItemId } from "../base/ids.js";
import { NoticeKind } from "../base/lists.js";
import { finish, type Steps } from "../base/steps.js";
import { type CapLevel, capsOf } from "../campaign/caps.js";
import type { Compiled } from "../campaign/compile-input.js";
import { countsImpressions } from "../campaign/compile-line-items.js";
import { weekWordsOf } from "../campaign/daypart.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { Budget, LineItem } from "../campaign/model.js";
import { termsOf } from "../campaign/terms.js";
import { type Transition, transitionsOf } from "../campaign/zone.js";
import {
  type AmountUnit,
  type BudgetPlan,
  type Ceiling,
  type ExposurePlan,
  type Limits,
  type LineItemBudget,
  Unit,
} from "../ledger/budget-plan.js";
import type { LearningPlan } from "../ledger/learning-plan.js";

const daySec = 24 * 3600;
/** A plan is sent with each World; one that is served for longer keeps its last offset. */
const aheadSecMax = 3 * 366 * daySec;
/** Offsets are made for longer than asked, so that the next plans find theirs. */
const spareSec = 30 * daySec;

type ZoneSpan = {
  readonly fromSec: number;
  readonly toSec: number;
  readonly transitions: readonly Transition[];
};
/** By zone: to find its changes takes 2 ms a year, and campaigns share few zones. */
const spans = new Map<string, ZoneSpan>();

function zoneOver(zone: string, fromSec: number, toSec: number): readonly Transition[] {
  const known = spans.get(zone);
  if (known !== undefined && known.fromSec <= fromSec && known.toSec >= toSec) {
    return known.transitions;
  }
  const span = { fromSec: fromSec - spareSec, toSec: toSec + spareSec };
  const transitions = transitionsOf(zone, span.fromSec, span.toSec);
  spans.set(zone, { ...span, transitions });
  return transitions;
}

type PlaceOf = (lineItem: LineItemId, unit?: AmountUnit) => number;

/**
 * A World's budgets as the money thread wants them. It is told the changes of clocks from before
 * `nowMs` on to the latest end of a flight, at most three years.
 */
export const planOf = (...of: Parameters<typeof planSteps>): BudgetPlan => finish(planSteps(...of));

/** The same in steps of a few milliseconds: 10,000 line items take 60 to 130. */
export function* planSteps(
  generation: number,
  compiled: Compiled,
  config: LoadedConfig,
  placeOf: PlaceOf,
  nowMs: number,
): Steps<BudgetPlan> {
  const { book, exchanges } = config;
  const nowSec = Math.floor(nowMs / 1000);
  const latestSec =
    compiled.budgets.reduce((latest, { endMs }) => Math.max(latest, endMs), 0) / 1000;
  const fromSec = nowSec - 2 * daySec;
  const toSec = Math.max(nowSec, Math.min(latestSec, nowSec + aheadSecMax)) + 2 * daySec;
  const lineItemOf = lineItemPlanner(config, placeOf);
  const campaigns: BudgetPlan["campaigns"][number][] = [];
  for (const { campaign, advertiser, budget, timeZone, ...rest } of compiled.budgets) {
    campaigns.push({
      ...{ campaign, advertiser, startMs: rest.startMs, endMs: rest.endMs },
      ...limitsOf(budget),
      pacing: rest.pacing ?? "asap",
      zone: zoneOver(timeZone, fromSec, toSec),
      lineItems: rest.lineItems.map((lineItem) => lineItemOf(lineItem)),
    });
    if (campaigns.length % campaignsAStep === 0) yield;
  }
  yield;
  const terms = termsOf(book, config.fees, config.rates);
  yield;
  const learning = learningOf(compiled, config, placeOf);
  return {
    ...{ generation, campaigns, terms, learning },
    advertisers: book.advertisers.map(({ id, currency, timeZone, budget }) => ({
      ...{ advertiser: id, currency, zone: zoneOver(timeZone, fromSec, toSec) },
      ...limitsOf(budget),
    })),
    ceilings: ceilingsOf(config),
    billsBy: exchanges.map(({ id, billsBy }) => ({ exchange: id, noticeKind: billsBy })),
  };
}

const campaignsAStep = 64;
const lineItemsAStep = 512;

/**
 * What follows exposures in a World of that epoch; `placeOf` is what its table was made with. In
 * steps of a few milliseconds.
 */
export function* exposurePlanSteps(
  { book }: LoadedConfig,
  epoch: number,
  placeOf: (level: CapLevel, id: number, windowSec: number) => number,
): Steps<ExposurePlan> {
  const advertisers = new Map(book.advertisers.map((one) => [one.id, one]));
  const campaigns = new Map(book.campaigns.map((one) => [one.id, one]));
  const rules = new Map<number, ExposurePlan["rules"][number]>();
  const lineItems: ExposurePlan["lineItems"][number][] = [];
  for (const lineItem of book.lineItems) {
    const campaign = campaigns.get(lineItem.campaign);
    const advertiser = campaign && advertisers.get(campaign.advertiser);
    if (campaign === undefined || advertiser === undefined) continue;
    const { id } = lineItem;
    lineItems.push({ lineItem: id, campaign: campaign.id, advertiser: advertiser.id });
    for (const { level, id: of, windowSec } of capsOf(lineItem, { campaign, advertiser })) {
      const place = placeOf(level, of, windowSec);
      rules.set(place, { level, id: of, windowSec, place });
    }
    if (lineItems.length % lineItemsAStep === 0) yield;
  }
  return { epoch, rules: [...rules.values()], lineItems };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function lineItemPlanner(
  { book }: LoadedConfig,
  placeOf: PlaceOf,
): (lineItem: LineItemId) => LineItemBudget {
  const lineItems = new Map(book.lineItems.map((one) => [one.id, one]));
  const campaigns = new Map(book.campaigns.map((one) => [one.id, one]));
  const advertisers = new Map(book.advertisers.map((one) => [one.id, one]));
  return (id) => {
    const lineItem = lineItems.get(id);
    const campaign = lineItem && campaigns.get(lineItem.campaign);
    const advertiser = campaign && advertisers.get(campaign.advertiser);
    const plain: Writable<LineItemBudget> = { lineItem: id, place: placeOf(id), bidNanosMax: 0 };
    if (!lineItem || !campaign || !advertiser) return plain;
    const { budget, pacing } = lineItem;
    const week = weekOf(lineItem);
    plain.bidNanosMax = lineItem.price.maxMicros;
    if (countsImpressions(lineItem, campaign, advertiser)) {
      plain.impressionPlace = placeOf(id, Unit.IMPRESSIONS);
    }
    if (budget !== undefined) plain.limits = limitsOf(budget);
    if (pacing !== undefined) plain.pacing = pacing;
    if (week !== null) plain.week = week;
    return plain;
  };
}

/** The hours of the week in which a line item may bid; null = all. */
function weekOf({ targeting: { include, exclude } }: LineItem): readonly number[] | null {
  if (include.dayParts === undefined && exclude.dayParts === undefined) return null;
  const wanted = weekWordsOf(include.dayParts ?? ["mon-sun"]);
  const unwanted = weekWordsOf(exclude.dayParts ?? []);
  return wanted.map((word, i) => (word & ~(unwanted[i] ?? 0)) >>> 0);
}

function ceilingsOf({ book, ceilings }: LoadedConfig): Ceiling[] {
  return [...new Set(book.advertisers.map(({ currency }) => currency))].map((currency) => {
    const { cpmMicros, ...days } = ceilings.of(currency);
    return { currency, bidNanosMax: BigInt(cpmMicros), ...days };
  });
}

const limitOf = (amount: bigint): bigint | null => (amount === 0n ? null : amount);
const limitsOf = (budget: Budget | undefined): Limits => ({
  totalNanos: limitOf(budget?.totalNanos ?? 0n),
  dailyNanos: limitOf(budget?.dailyNanos ?? 0n),
  totalImpressions: limitOf(budget?.totalImpressions ?? 0n),
  dailyImpressions: limitOf(budget?.dailyImpressions ?? 0n),
});

function learningOf(
  compiled: Compiled,
  { book, exchanges }: LoadedConfig,
  placeOf: (lineItem: LineItemId) => number,
): LearningPlan {
  const linear = new Set(
    book.lineItems.filter(({ price }) => price.strategy === "linear").map(({ id }) => id),
  );
  return {
    exchanges: exchanges.map(({ id, notices, billsBy, atDefault, expDefaultSec, winRate }) => ({
      exchange: id,
      winsBy: notices.includes(NoticeKind.WIN) ? NoticeKind.WIN : billsBy,
      losses: notices.includes(NoticeKind.LOSS),
      firstPrice: atDefault === 1,
      expSec: expDefaultSec,
      winRate: winRate ?? null,
    })),
    linear: compiled.budgets.flatMap(({ campaign, endMs, lineItems }) => {
      const own = lineItems.filter((lineItem) => linear.has(lineItem));
      const places = own.map((lineItem) => ({ lineItem, place: placeOf(lineItem) }));
      return own.length === 0 ? [] : [{ campaign, endSec: endMs / 1000, lineItems: places }];
    }),
    prices: book.lineItems.some(({ price }) => (price.strategy ?? "fixed") !== "fixed"),
    clicks: book.lineItems.some(({ price }) => price.goal === "cpc"),
  };
}
