import { mix32 } from "../base/hash.js";
import type { Ordinal } from "../base/ids.js";
import { candidatesMax, impsMax } from "../base/limits.js";
import { Outcome } from "../base/outcome.js";
import type { CountryCode, UnixMs } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import { mayAskGroups, tellAnswered } from "./asking.js";
import { armOf } from "./audience.js";
import { openCandidates, takeCandidate } from "./candidates.js";
import { type Grant, grantOf, isGrant, NO_BID } from "./consent.js";
import { creativeRefusal, pickCreative } from "./creative-fit.js";
import { DealFit, dealFit, namedDealsInto } from "./deal.js";
import type { Decision } from "./decision.js";
import { addEntry } from "./entries.js";
import { identifyInto } from "./identify.js";
import { contextOutcome, tellZoneHours } from "./match.js";
import type { Offers } from "./offer.js";
import { openEntryInto, pricesComeFirst } from "./open-entries.js";
import { Priced, priceInto } from "./price.js";
import { answerCurrency } from "./rates.js";
import type { BidRequest } from "./request.js";
import { isSettled, noteForAll, openRest } from "./rest.js";
import { schainOutcome } from "./schain.js";
import { selectInto } from "./select.js";
import { resolveImp, resolveRequest } from "./values.js";

/**
 * THE ROAD: one request from consent to offers. Order and refusals: src/ARCHITECTURE.md, "a bid,
 * step by step". Pure but for the reservations that `selection` makes for what is offered.
 */
export function decide(
  decision: Decision,
  request: BidRequest,
  exchange: Exchange,
  now: UnixMs,
  offers: Offers,
): Outcome {
  const opened = openRequest(decision, request, exchange, now, offers);
  if (opened !== Outcome.BID) return opened;
  if (request.impCount > exchange.maxBids) orderImps(decision);
  else for (let imp = 0; imp < request.impCount; imp++) scratchOrder[imp] = imp;
  for (let i = 0; i < request.impCount && offers.count < exchange.maxBids; i++) {
    offerFor(decision, scratchOrder[i]!, offers);
  }
  if (offers.count > 0) {
    tellAnswered(decision, offers);
    return Outcome.BID;
  }
  tellRefusals(decision);
  return decision.furthest;
}

const scratchOrder = new Uint8Array(impsMax);
const scratchBest = new Float64Array(impsMax);

/**
 * Where an exchange takes fewer bids than there are imps, the imp with the best entry is answered
 * first: its entries are made once to rank it and once to offer.
 */
function orderImps(decision: Decision): void {
  const { request, scratch } = decision;
  for (let imp = 0; imp < request.impCount; imp++) {
    if (openImp(decision, imp)) considerCandidates(decision, true);
    const best = scratch.heap[0]!;
    scratchBest[imp] =
      scratch.heapCount === 0 ? -1 : scratch.entryRank[best]! * 2 ** 48 + scratch.entryPrice[best]!;
    let at = imp;
    for (; at > 0 && scratchBest[scratchOrder[at - 1]!]! < scratchBest[imp]!; at--) {
      scratchOrder[at] = scratchOrder[at - 1]!;
    }
    scratchOrder[at] = imp;
  }
  scratch.candidatesLeft = candidatesMax;
}

/**
 * What holds for the whole request: supply chain, consent, currency, values, and who it is about.
 */
export function openRequest(
  decision: Decision,
  request: BidRequest,
  exchange: Exchange,
  now: UnixMs,
  offers: Offers,
): Outcome {
  const { world, scratch } = decision;
  offers.count = 0;
  offers.test = request.test;
  decision.furthest = Outcome.NO_CANDIDATE;
  decision.request = request;
  decision.exchange = exchange;
  decision.now = now;
  decision.known = 0;
  decision.person.clear();
  decision.asked.clear();
  scratch.candidatesLeft = candidatesMax;
  if (request.overflow === 1) return Outcome.TOO_LARGE;
  if (schainOutcome(request, exchange) !== Outcome.BID) return Outcome.SCHAIN_BLOCKED;
  const consent = grantOf(request.consent, request.country as CountryCode, world.privacy);
  if (consent === NO_BID) return Outcome.NO_CONSENT;
  decision.currency = answerCurrency(world.rates, request, exchange);
  if (decision.currency === 0) return Outcome.NO_CURRENCY;
  offers.currency = decision.currency;
  if (!resolveRequest(world.table, scratch, request, exchange)) return Outcome.TOO_LARGE;
  tellZoneHours(world.table, scratch, now);
  tellPerson(decision, isGrant(consent) ? consent : null);
  return Outcome.BID;
}

/**
 * Without a grant nobody is looked up; the row of nobody is read all the same, and in place of that
 * of a person whose groups were asked too often today. Caps still count by that person.
 */
function tellPerson(decision: Decision, grant: Grant | null): void {
  const { world, scratch, person, request, exchange, declaredRow, asking } = decision;
  if (grant !== null && declaredRow === null && asking !== null) {
    const { eidSources } = world.privacy;
    identifyInto(request, grant, exchange, eidSources, decision.identifierKey, world.index, person);
    decision.known = mayAskGroups(decision, asking);
  }
  const ordinal = (person.ordinal & -decision.known) as Ordinal;
  world.index.rowInto(ordinal, scratch.row, request.seed.hi);
  if (grant !== null && declaredRow !== null) {
    scratch.row.set(declaredRow);
    decision.known = 1;
  }
}

/** One imp: entries, offers. */
function offerFor(decision: Decision, impIndex: number, offers: Offers): void {
  if (openImp(decision, impIndex)) lookFurther(decision);
  const outcome = selectInto(decision, impIndex, offers, lookFurther);
  if (outcome > decision.furthest) decision.furthest = outcome;
}

/** The candidates of one imp; false where the imp cannot be bid on. */
function openImp(decision: Decision, impIndex: number): boolean {
  const { table, scratch, request } = decision;
  const imp = request.imps[impIndex]!;
  decision.imp = imp;
  scratch.entryCount = 0;
  scratch.heapCount = 0;
  scratch.listCount = 0;
  if (imp.usable === 0) return false;
  if (!resolveImp(table, scratch, request, impIndex)) {
    decision.furthest = Outcome.TOO_LARGE;
    return false;
  }
  openCandidates(table, scratch, request, imp);
  openRest(decision);
  return true;
}

/**
 * Entries of the current imp's candidates, the best first, until so many bids that anybody would
 * get are above what is left as the imp has room for. Called again when a hold has refused them.
 */
function lookFurther(decision: Decision): void {
  const { scratch, imp } = decision;
  scratch.bestAdvertiser = scratch.bestMicros = scratch.secondMicros = 0;
  if (!pricesComeFirst(imp)) considerCandidates(decision, true);
  else {
    while (!isSettled(decision)) {
      const lineItem = nextCandidate(decision);
      if (lineItem < 0) return;
      openEntryInto(decision, lineItem);
    }
  }
}

/** `candidatesLeft` of a request that wanted to look further than it may. */
const limitReached = -1;

/** The next candidate of the imp; -1 = there is none, or the request has had its fill. */
function nextCandidate(decision: Decision): number {
  const { table, scratch } = decision;
  const lineItem = takeCandidate(table, scratch);
  if (lineItem < 0 || scratch.candidatesLeft-- > 0) return lineItem;
  scratch.candidatesLeft = limitReached;
  scratch.listCount = 0;
  if (decision.furthest < Outcome.MATCHING_LIMIT) decision.furthest = Outcome.MATCHING_LIMIT;
  return -1;
}

/** Every way of the current imp's candidates: entries, and the furthest refusal. */
function considerCandidates(decision: Decision, untilSettled: boolean): void {
  while (!untilSettled || !isSettled(decision)) {
    const lineItem = nextCandidate(decision);
    if (lineItem < 0) return;
    const outcome = considerLineItem(decision, lineItem);
    if (outcome > decision.furthest) decision.furthest = outcome;
  }
}

/**
 * Nothing is offered: why, of the imps whose prices came first. Where the limit was reached that is
 * why, and they are not gone through once more (m: 100,000 line items on one segment: a decision
 * 216 us instead of 969).
 */
function tellRefusals(decision: Decision): void {
  const { request, scratch, table } = decision;
  if (scratch.candidatesLeft === limitReached) return;
  scratch.candidatesLeft = candidatesMax;
  for (let imp = 0; imp < request.impCount; imp++) {
    const record = request.imps[imp]!;
    if (record.usable === 0 || !pricesComeFirst(record)) continue;
    if (request.impCount === 1) {
      // its values are still there
      scratch.entryCount = scratch.heapCount = 0;
      openCandidates(table, scratch, request, record);
      considerCandidates(decision, false);
    } else if (openImp(decision, imp)) considerCandidates(decision, false);
  }
}

/**
 * One candidate against the current imp: its first refusal, or BID with an entry for each way that
 * it can buy (each deal that it names, the open auction). Context first, then the person's
 * audience, then prices; explain calls this for every line item, so that it tells what the bid path
 * does.
 */
export function considerLineItem(decision: Decision, lineItem: number): Outcome {
  const context = contextOutcome(decision, lineItem);
  // The audience is evaluated for what is left in context, whoever the person is.
  if (context !== Outcome.BID) return context;
  const arm = armOf(decision, lineItem);
  const priced = arm < 0 ? decision.table.lineItemArmStart[lineItem]! : arm;
  const ways = considerWays(decision, lineItem, priced, arm >= 0);
  return ways === Outcome.BID && arm < 0 ? Outcome.AUDIENCE : ways;
}

/**
 * Every deal of the imp that lets the line item in, and the open auction. BID when at least one way
 * is left.
 */
function considerWays(
  decision: Decision,
  lineItem: number,
  arm: number,
  inAudience: boolean,
): Outcome {
  const { imp, table } = decision;
  const open = table.lineItemDealOnly[lineItem] === 0 && imp.privateAuction === 0;
  let furthest: Outcome = open ? Outcome.BID : Outcome.DEAL_REQUIRED;
  let ways = 0;
  const named = namedDealsInto(decision, lineItem);
  for (let i = 0; i < named; i++) {
    const deal = decision.scratch.dealNamed[i]!;
    const outcome =
      dealFit(decision, lineItem, deal) === DealFit.FITS
        ? considerWay(decision, lineItem, arm, deal, inAudience)
        : Outcome.DEAL_NOT_OFFERED;
    if (outcome === Outcome.BID) ways++;
    else if (outcome > furthest) furthest = outcome;
  }
  if (open) {
    const outcome = considerWay(decision, lineItem, arm, -1, inAudience);
    if (outcome === Outcome.BID) ways++;
    else if (outcome > furthest) furthest = outcome;
  }
  return ways > 0 ? Outcome.BID : furthest;
}

/** One way to buy: a creative, a price, an entry. `deal` -1 = the open auction. */
function considerWay(
  decision: Decision,
  lineItem: number,
  arm: number,
  deal: number,
  inAudience: boolean,
): Outcome {
  const creative = pickCreative(decision, lineItem, deal);
  if (creative < 0) return creativeRefusal(decision, lineItem);
  const priced = priceInto(decision, lineItem, arm, deal, creative);
  if (priced === Priced.NO_RATE) return Outcome.RATE_MISSING;
  if (priced === Priced.BELOW_FLOOR) return Outcome.BELOW_FLOOR;
  if (!inAudience) return Outcome.BID;
  const { request, price } = decision;
  const rank = deal < 0 ? 0 : 1 + request.dealGuaranteed[deal]!;
  const tie = mix32(request.seed.lo ^ decision.imp.index, decision.table.lineItemId[lineItem]!);
  const { priceMicros, reservedMicros } = price;
  const { scratch, table } = decision;
  if (deal < 0 && table.lineItemForAll[lineItem] === 1) {
    noteForAll(scratch, table.lineItemAdvertiser[lineItem]!, priceMicros);
  }
  addEntry(scratch, lineItem, deal, creative, rank, priceMicros, reservedMicros, tie);
  return Outcome.BID;
}
