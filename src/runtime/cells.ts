import type { RingWriter } from "../base/ring.js";
import { CellFacts, type CellTable, internCell, OTHER_CELL } from "../bid/context.js";
import type { CellOf } from "../bid/hold.js";
import type { BidRequest } from "../bid/request.js";
import type { Exchange } from "../campaign/exchange.js";

/** The context cell of an offer: where it is shown, never to whom. */
export function cellsOf(table: CellTable, ring: RingWriter): CellOf {
  const facts = new CellFacts();
  return ({ request, exchange }, offer) => {
    facts.exchange = exchange.id;
    facts.format = offer.media;
    facts.width = offer.width;
    facts.height = offer.height;
    facts.country = request.country;
    facts.dealLo = offer.dealIndex < 0 ? 0 : request.dealLo[offer.dealIndex]!;
    facts.dealHi = offer.dealIndex < 0 ? 0 : request.dealHi[offer.dealIndex]!;
    facts.text = request.bytes;
    facts.textStart = request.property.start;
    facts.textEnd = request.property.end;
    return internCell(table, ring, facts);
  };
}

/** Names the context of a request, before anything is chosen for it. */
export type RequestCellOf = (request: BidRequest, exchange: Exchange) => number;

/**
 * The context cell of a request: exchange, property and country; format, size and deal are those
 * of an offer and stay 0. Requests may take half of a worker's cells, so that what nobody bids on
 * never crowds out what is bought; after that they are told apart by exchange and country alone.
 */
export function requestCellsOf(table: CellTable, ring: RingWriter): RequestCellOf {
  const facts = new CellFacts();
  const propertiesMax = table.cellsMax / 2;
  return (request, exchange) => {
    facts.exchange = exchange.id;
    facts.country = request.country;
    facts.text = request.bytes;
    facts.textStart = request.property.start;
    facts.textEnd = request.property.end;
    const cell = internCell(table, ring, facts, propertiesMax);
    if (cell !== OTHER_CELL) return cell;
    facts.textEnd = facts.textStart;
    return internCell(table, ring, facts);
  };
}
