import type { RingWriter } from "../base/ring.js";
import { CellFacts, type CellTable, internCell } from "../bid/context.js";
import type { CellOf } from "../bid/hold.js";

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
