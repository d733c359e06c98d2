import { Outcome } from "../base/outcome.js";
import type { Decision } from "./decision.js";
import { SpanUse } from "./request.js";
import { inRequestList } from "./values.js";

/** The agency's seat at this exchange as a dictionary id, 0 = none. */
export function seatOf(decision: Decision, lineItem: number): number {
  const { table, exchange } = decision;
  const agency = table.lineItemAgencyIndex[lineItem]!;
  return table.seatValue[exchange.index * table.agencyId.length + agency]!;
}

/**
 * wseat lets only named seats in, bseat keeps named ones out (OpenRTB 2.6 section 3.2.1). Once an
 * agency and request.
 */
export function seatOutcome(decision: Decision, lineItem: number): Outcome {
  const { table, scratch, exchange } = decision;
  const agency = table.lineItemAgencyIndex[lineItem]!;
  if (scratch.agencyStamp[agency] === scratch.requestStamp) {
    return scratch.agencyOutcome[agency] as Outcome;
  }
  const seat = seatOf(decision, lineItem);
  const wanted = ((scratch.requestLists >>> SpanUse.WSEAT) & 1) === 1;
  const blocked =
    (wanted && (seat === 0 || !inRequestList(scratch, seat, SpanUse.WSEAT))) ||
    (seat !== 0 && inRequestList(scratch, seat, SpanUse.BSEAT)) ||
    (seat === 0 && exchange.seatRequired);
  const outcome = blocked ? Outcome.SEAT_BLOCKED : Outcome.BID;
  scratch.agencyStamp[agency] = scratch.requestStamp;
  scratch.agencyOutcome[agency] = outcome;
  return outcome;
}
