import { Outcome } from "../base/outcome.js";
import type { UnixMs } from "../base/units.js";
import { type CampaignTable, Dimension, isImpLevel } from "../campaign/table.js";
import { seatOutcome } from "./agency.js";
import type { Decision } from "./decision.js";
import { type Scratch, valuesPerDimension } from "./scratch.js";

/** The checks that no person changes. */
export function contextOutcome(decision: Decision, lineItem: number): Outcome {
  const { table, scratch, now } = decision;
  if (table.lineItemLive[lineItem] !== 0) return Outcome.NOT_LIVE;
  if (now < table.lineItemStartMs[lineItem]! || now >= table.lineItemEndMs[lineItem]!) {
    return Outcome.OUTSIDE_FLIGHT;
  }
  if (firstUnmetPredicate(table, scratch, lineItem) >= 0) return Outcome.TARGETING;
  return seatOutcome(decision, lineItem);
}

/**
 * The first targeting predicate of a line item that the current imp does not meet, -1 = all met.
 * Predicates are shared by line items, so each is evaluated once a request (or imp) and remembered.
 * A DEAL include selects deals instead of refusing: it is skipped here.
 */
export function firstUnmetPredicate(
  table: CampaignTable,
  scratch: Scratch,
  lineItem: number,
): number {
  const start = table.lineItemPredStart[lineItem]!;
  const end = start + table.lineItemPredCount[lineItem]!;
  for (let i = start; i < end; i++) {
    const predicate = table.predRefs[i]!;
    if (table.predDimension[predicate] === Dimension.DEAL && table.predExclude[predicate] === 0) {
      continue;
    }
    if (!meets(table, scratch, predicate)) return predicate;
  }
  return -1;
}

/** True when the request and imp meet the predicate; remembered for the request or the imp. */
export function meets(table: CampaignTable, scratch: Scratch, predicate: number): boolean {
  const dimension = table.predDimension[predicate]!;
  const stamp = isImpLevel(dimension) ? scratch.impStamp : scratch.requestStamp;
  if (scratch.predicateStamp[predicate] === stamp) return scratch.predicateTrue[predicate] === 1;
  const found =
    dimension === Dimension.DAYPART
      ? inDaypart(table, scratch, predicate)
      : anyInSet(table, scratch, predicate, dimension);
  const met = found !== (table.predExclude[predicate] === 1);
  scratch.predicateStamp[predicate] = stamp;
  scratch.predicateTrue[predicate] = met ? 1 : 0;
  return met;
}

function anyInSet(
  table: CampaignTable,
  scratch: Scratch,
  predicate: number,
  dimension: number,
): boolean {
  const first = dimension * valuesPerDimension;
  const start = table.predSetStart[predicate]!;
  const count = table.predSetCount[predicate]!;
  for (let v = first; v < first + scratch.valueCount[dimension]!; v++) {
    if (inSorted(table.setValues, start, count, scratch.value[v]!)) return true;
  }
  return false;
}

/** Binary search in `count` ascending values from `start`. */
export function inSorted(set: Uint32Array, start: number, count: number, wanted: number): boolean {
  let low = start;
  let high = start + count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const value = set[middle]!;
    if (value === wanted) return true;
    if (value < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

function inDaypart(table: CampaignTable, scratch: Scratch, predicate: number): boolean {
  const hour = scratch.zoneHour[table.predZone[predicate]!]!;
  const word = table.setValues[table.predSetStart[predicate]! + (hour >>> 5)]!;
  return ((word >>> (hour & 31)) & 1) === 1;
}

/** Recomputes each zone's hour of the week when the minute has changed. Monday 00:00 local = 0. */
export function tellZoneHours(table: CampaignTable, scratch: Scratch, now: UnixMs): void {
  const minute = Math.floor(now / 60_000);
  if (minute === scratch.zoneMinute) return;
  scratch.zoneMinute = minute;
  for (let zone = 0; zone < table.zoneTransitionStart.length; zone++) {
    const local = minute * 60 + offsetOfZone(table, zone, minute * 60);
    // 1970-01-01 was a Thursday: 72 hours after Monday 00:00.
    scratch.zoneHour[zone] = (((Math.floor(local / 3600) + 72) % 168) + 168) % 168;
  }
}

function offsetOfZone(table: CampaignTable, zone: number, nowSec: number): number {
  const start = table.zoneTransitionStart[zone]!;
  let offset = 0;
  for (let i = start; i < start + table.zoneTransitionCount[zone]!; i++) {
    if (table.transitionSec[i]! > nowSec) break;
    offset = table.transitionOffsetSec[i]!;
  }
  return offset;
}
