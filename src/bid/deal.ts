import type { CurrencyCode, Micros } from "../base/units.js";
import type { CampaignTable } from "../campaign/table.js";
import { Dimension } from "../campaign/table.js";
import { seatOf } from "./agency.js";
import type { Decision } from "./decision.js";
import { dealFloorMicros } from "./floor.js";
import { inSorted } from "./match.js";
import { convertCeil } from "./rates.js";
import { SpanUse } from "./request.js";
import { lookUp } from "./values.js";

/** Whether a line item may buy in a deal of the request that it names. */
export const DealFit = { NOT_INVITED: 1, SEAT_BLOCKED: 2, FITS: 3 } as const;
export type DealFit = (typeof DealFit)[keyof typeof DealFit];

/**
 * A line item buys in the deals that its targeting names; deal.wseat must hold our seat where it is
 * stated, and an invite-only deal (config deals) lets in only the advertisers that it names.
 */
export function dealFit(decision: Decision, lineItem: number, deal: number): DealFit {
  const { table, scratch } = decision;
  const value = scratch.dealValue[deal]!;
  if (!seatFits(decision, lineItem, deal)) return DealFit.SEAT_BLOCKED;
  const invite = inviteOf(decision, value);
  if (invite < 0 || table.inviteCount[invite] === 0) return DealFit.FITS;
  const advertiser = table.lineItemAdvertiser[lineItem]!;
  const start = table.inviteStart[invite]!;
  for (let i = start; i < start + table.inviteCount[invite]!; i++) {
    if (table.inviteAdvertiser[i] === advertiser) return DealFit.FITS;
  }
  return DealFit.NOT_INVITED;
}

/**
 * The deals of the current imp that a line item's targeting names, ascending, into
 * `scratch.dealNamed`; how many there are. Most line items name none, most of the others fewer than
 * a request has: those are found by value.
 */
export function namedDealsInto({ table, scratch, imp }: Decision, lineItem: number): number {
  const predicate = imp.dealCount === 0 ? -1 : dealPredicateOf(table, lineItem);
  if (predicate < 0) return 0;
  const start = table.predSetStart[predicate]!;
  const size = table.predSetCount[predicate]!;
  const { dealNamed, dealValue } = scratch;
  let count = 0;
  if (4 * size >= imp.dealCount) {
    for (let deal = imp.dealStart; deal < imp.dealStart + imp.dealCount; deal++) {
      const value = dealValue[deal]!;
      if (value === 0 || !inSorted(table.setValues, start, size, value)) continue;
      dealNamed[count++] = deal;
    }
    return count;
  }
  for (let i = start; i < start + size; i++) {
    const value = table.setValues[i]!;
    if (scratch.dealMark[value] !== scratch.impStamp) continue;
    for (let deal = scratch.dealLast[value]!; deal >= 0; deal = scratch.dealBefore[deal]!) {
      let at = count++;
      for (; at > 0 && dealNamed[at - 1]! > deal; at--) dealNamed[at] = dealNamed[at - 1]!;
      dealNamed[at] = deal;
    }
  }
  return count;
}

/** A line item has one predicate that includes deals at most; -1 = it has none. */
function dealPredicateOf(table: CampaignTable, lineItem: number): number {
  const start = table.lineItemPredStart[lineItem]!;
  for (let i = start; i < start + table.lineItemPredCount[lineItem]!; i++) {
    const predicate = table.predRefs[i]!;
    if (table.predDimension[predicate] !== Dimension.DEAL) continue;
    if (table.predExclude[predicate] === 0) return predicate;
  }
  return -1;
}

function seatFits(decision: Decision, lineItem: number, deal: number): boolean {
  const { table, request } = decision;
  const seat = seatOf(decision, lineItem);
  let stated = false;
  for (let span = 0; span < request.spanCount; span++) {
    if (request.spanUse[span] !== SpanUse.DEAL_WSEAT || request.spanOwner[span] !== deal) continue;
    if (request.spanLength[span] === 0) continue;
    stated = true;
    const end = request.spanStart[span]! + request.spanLength[span]!;
    for (let key = request.spanStart[span]!; key < end; key++) {
      const value = lookUp(table, request.keyLo[key]!, request.keyHi[key]!);
      if (value !== 0 && value === seat) return true;
    }
  }
  return !stated;
}

/** The deal's row among the configured ones for this exchange, -1 = not configured. */
function inviteOf(decision: Decision, dealValue: number): number {
  const { inviteDeal, inviteExchange } = decision.table;
  for (let i = 0; i < inviteDeal.length; i++) {
    if (inviteDeal[i] === dealValue && inviteExchange[i] === decision.exchange.id) return i;
  }
  return -1;
}

/**
 * The deal's bid floor for a creative in the currency that the request states for it: the higher of
 * the request's and the one that our side agreed. -1 = never bid.
 */
export function strictDealFloor(
  decision: Decision,
  deal: number,
  media: number,
  durationSec: number,
  currency: CurrencyCode,
): number {
  const { table, scratch, world, now } = decision;
  const stated = dealFloorMicros(decision.request, deal, media, durationSec);
  const invite = inviteOf(decision, scratch.dealValue[deal]!);
  if (stated < 0 || invite < 0) return stated;
  const agreed = table.inviteFloorMicros[invite]! as Micros;
  if (agreed === 0) return stated;
  const agreedCurrency = table.inviteFloorCurrency[invite]! as CurrencyCode;
  const converted = convertCeil(scratch.rates, world.rates, now, agreed, agreedCurrency, currency);
  return converted < 0 ? -1 : Math.max(stated, converted);
}
