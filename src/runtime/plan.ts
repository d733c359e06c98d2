import type { LineItemId } from "../base/ids.js";
import { type CapLevel, capsOf } from "../campaign/caps.js";
import type { Compiled } from "../campaign/compile-input.js";
import type { LoadedConfig } from "../campaign/load.js";
import { termsOf } from "../campaign/terms.js";
import { type Transition, transitionsOf } from "../campaign/zone.js";
import type { BudgetPlan, ExposurePlan } from "../ledger/budget-plan.js";

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

/**
 * A World's budgets as the money thread wants them. It is told the changes of clocks from before
 * `nowMs` on to the latest end of a flight, at most three years.
 */
export function planOf(
  generation: number,
  compiled: Compiled,
  config: LoadedConfig,
  placeOf: (lineItem: LineItemId) => number,
  nowMs: number,
): BudgetPlan {
  const { book, exchanges } = config;
  const maxOf = new Map(book.lineItems.map(({ id, price }) => [id, price.maxMicros]));
  const nowSec = Math.floor(nowMs / 1000);
  const latestSec =
    compiled.budgets.reduce((latest, { endMs }) => Math.max(latest, endMs), 0) / 1000;
  const fromSec = nowSec - 2 * daySec;
  const toSec = Math.max(nowSec, Math.min(latestSec, nowSec + aheadSecMax)) + 2 * daySec;
  return {
    generation,
    campaigns: compiled.budgets.map(({ campaign, budget, timeZone, lineItems }) => ({
      campaign,
      totalNanos: limitOf(budget.totalNanos),
      dailyNanos: limitOf(budget.dailyNanos),
      zone: zoneOver(timeZone, fromSec, toSec),
      lineItems: lineItems.map((lineItem) => ({
        lineItem,
        place: placeOf(lineItem),
        bidNanosMax: maxOf.get(lineItem) ?? 0,
      })),
    })),
    terms: termsOf(book, config.fees, config.rates),
    billsBy: exchanges.map(({ id, billsBy }) => ({ exchange: id, noticeKind: billsBy })),
  };
}

const limitOf = (nanos: bigint): bigint | null => (nanos === 0n ? null : nanos);

/** What follows exposures in a World of that epoch; `placeOf` is what its table was made with. */
export function exposurePlanOf(
  { book }: LoadedConfig,
  epoch: number,
  placeOf: (level: CapLevel, id: number, windowSec: number) => number,
): ExposurePlan {
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
  }
  return { epoch, rules: [...rules.values()], lineItems };
}
