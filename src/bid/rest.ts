import type { CurrencyCode, Micros } from "../base/units.js";
import type { CampaignTable } from "../campaign/table.js";
import { peekCandidate } from "./candidates.js";
import type { Decision } from "./decision.js";
import { oneFloor } from "./floor.js";
import { convertCeil } from "./rates.js";
import type { Scratch } from "./scratch.js";

/**
 * When a decision may stop looking. Candidates come the best first (campaign/best-first): what the
 * next could bid at most is what any of the rest could. Where as many bids are above that as the
 * imp has room for, the rest cannot win and is not looked at. Only bids count for this that anybody
 * would get, whatever groups he is in: how far a decision looks tells nothing of a person's groups.
 * A hold that refuses such a bid, for its money or for what the person was shown, makes it look
 * further; the answer shows that too.
 */
export function openRest(decision: Decision): void {
  const { scratch, imp, world, now } = decision;
  scratch.bestAdvertiser = scratch.bestMicros = scratch.secondMicros = 0;
  if (!oneFloor(imp.video) || !oneFloor(imp.audio) || !tellRate(decision)) {
    scratch.restRate = Number.POSITIVE_INFINITY;
    return;
  }
  scratch.restRate = scratch.answerRate;
  const from = (imp.bidFloorCurrency === 0 ? usDollar : imp.bidFloorCurrency) as CurrencyCode;
  const floor = imp.bidFloorMicros as Micros;
  const floorMicros = convertCeil(scratch.rates, world.rates, now, floor, from, decision.currency);
  scratch.restFloorMicros = floorMicros + scratch.answerSlack;
}

const usDollar = 0x555344;

/**
 * The answer's micros for one of the base, and by how much roundings on the way of a floor into an
 * advertiser's currency and back may lift it; false = no rate. Once a World and currency.
 */
function tellRate({ scratch, world, currency }: Decision): boolean {
  if (scratch.answerCurrency !== currency) {
    const { codes, numerator, denominator } = world.rates;
    const answer = codes.indexOf(currency);
    let dearest = 1;
    for (let i = 0; i < codes.length; i++) {
      dearest = Math.max(dearest, denominator[i]! / numerator[i]!);
    }
    scratch.answerCurrency = currency;
    scratch.answerRate = answer < 0 ? 0 : (numerator[answer]! / denominator[answer]!) * (1 + 1e-9);
    scratch.answerSlack = 2 + scratch.answerRate * (2 + 2 * dearest);
  }
  return scratch.answerRate > 0;
}

/** The most that any candidate not looked at yet could bid openly; -1 = there is none. */
export function restMicros(table: CampaignTable, scratch: Scratch): number {
  const next = peekCandidate(table, scratch);
  if (next < 0) return -1;
  const bound = table.lineItemBound[next]!;
  return bound < 0 ? -1 : Math.max(bound * scratch.restRate, scratch.restFloorMicros);
}

/** A bid that anybody would get. */
export function noteForAll(scratch: Scratch, advertiser: number, priceMicros: number): void {
  if (priceMicros > scratch.bestMicros) {
    if (advertiser !== scratch.bestAdvertiser) scratch.secondMicros = scratch.bestMicros;
    scratch.bestMicros = priceMicros;
    scratch.bestAdvertiser = advertiser;
  } else if (advertiser !== scratch.bestAdvertiser && priceMicros > scratch.secondMicros) {
    scratch.secondMicros = priceMicros;
  }
}

/** The price that one more bid for anybody must have to matter for when to stop. */
export const settlingMicros = ({ scratch, exchange }: Decision): number =>
  exchange.maxBidsPerImp === 1 ? scratch.bestMicros : scratch.secondMicros;

/** Whether the imp's open offers are there already. */
export function isSettled(decision: Decision): boolean {
  const micros = settlingMicros(decision);
  return micros > 0 && micros > restMicros(decision.table, decision.scratch);
}

/** Whether an entry is better than all that is not looked at yet. */
export function beatsRest(table: CampaignTable, scratch: Scratch, entry: number): boolean {
  const rest = restMicros(table, scratch);
  if (scratch.entryRank[entry]! > 0) return rest !== Number.POSITIVE_INFINITY;
  return scratch.entryPrice[entry]! > rest;
}
