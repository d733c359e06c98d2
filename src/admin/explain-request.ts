import { Outcome } from "../base/outcome.js";
import { unpackAlpha3 } from "../base/units.js";
import type { ExplainCase } from "./explain-case.js";
import type { ConsentExplained } from "./explain-result.js";
import { listed } from "./explain-words.js";

/** Why the request as a whole ended as it did, in words, with the value and the limit. */
export function requestReason(
  at: ExplainCase,
  outcome: Outcome,
  consent: ConsentExplained,
): string {
  const { request, exchange, world } = at.decision;
  switch (outcome) {
    case Outcome.BID:
      return "answered with a bid";
    case Outcome.DEADLINE: {
      const tmaxMs = request.tmaxMs === 0 ? exchange.tmaxDefaultMs : request.tmaxMs;
      return `tmax ${tmaxMs} ms is less than the network's share of ${exchange.networkMarginMs} ms`;
    }
    case Outcome.TOO_LARGE:
      return "the request has more keys or values than the decision reads, so it fails closed";
    case Outcome.SCHAIN_BLOCKED:
      return schainReason(at);
    case Outcome.NO_CONSENT:
      return `market ${consent.market}: ${consent.rule} leaves not even a contextual bid`;
    case Outcome.NO_CURRENCY: {
      const allowed = [...request.cur.subarray(0, request.curCount)].map(currencyText);
      const known = world.rates.codes.map((code) => unpackAlpha3(code));
      return `cur allows ${listed(allowed)}; there are rates for ${listed(known, "none")}`;
    }
    case Outcome.NO_CANDIDATE:
      return "no line item is posted under what the imps offer";
    default:
      return "no line item can bid; the furthest refusal names the outcome";
  }
}

/** The decoder keeps an entry that is no code as 1. */
const currencyText = (code: number): string => (code < 0x10000 ? "no code" : unpackAlpha3(code));

function schainReason({ decision }: ExplainCase): string {
  const { request, exchange } = decision;
  if (exchange.schainRequired && request.schainPresent === 0) {
    return `${exchange.name} requires a supply chain (schain), the request has none`;
  }
  if (exchange.schainRequired && request.schainComplete === 0) {
    return `${exchange.name} requires a complete supply chain (schain.complete 1)`;
  }
  return exchange.sellersAllowed.length > 0
    ? "a seller of the supply chain is blocked, or its sender is none of the allowed sellers"
    : "a seller of the supply chain is on the exchange's list of blocked sellers";
}
