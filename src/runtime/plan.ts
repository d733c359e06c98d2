import type { LineItemId } from "../base/ids.js";
import type { Compiled } from "../campaign/compile-input.js";
import type { LoadedConfig } from "../campaign/load.js";
import { transitionsOf } from "../campaign/zone.js";
import type { BudgetPlan } from "./budget-plan.js";

const daySec = 24 * 3600;

/**
 * A World's budgets as the money thread wants them. `nowMs` bounds the zone changes that it is
 * told.
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
  const fromSec = Math.floor(nowMs / 1000) - 2 * daySec;
  return {
    generation,
    campaigns: compiled.budgets.map(({ campaign, budget, timeZone, endMs, lineItems }) => ({
      campaign,
      totalNanos: limitOf(budget.totalNanos),
      dailyNanos: limitOf(budget.dailyNanos),
      zone: transitionsOf(timeZone, fromSec, Math.max(fromSec, endMs / 1000) + 2 * daySec),
      lineItems: lineItems.map((lineItem) => ({
        lineItem,
        place: placeOf(lineItem),
        bidNanosMax: maxOf.get(lineItem) ?? 0,
      })),
    })),
    billsBy: exchanges.map(({ id, billsBy }) => ({ exchange: id, noticeKind: billsBy })),
  };
}

const limitOf = (nanos: bigint): bigint | null => (nanos === 0n ? null : nanos);
