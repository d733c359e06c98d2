import { textKeyOf } from "../base/hash.js";
import { Outcome, outcomeLabel } from "../base/outcome.js";
import { type CurrencyCode, unpackAlpha3 } from "../base/units.js";
import { armOf } from "../bid/audience.js";
import { creativeRefusal, pickCreative } from "../bid/creative-fit.js";
import { DealFit, dealFit, namedDealsInto, strictDealFloor } from "../bid/deal.js";
import type { Decision } from "../bid/decision.js";
import { openFloorMicros } from "../bid/floor.js";
import { shareOne } from "../bid/learnt.js";
import { meets } from "../bid/match.js";
import { Priced, priceInto } from "../bid/price.js";
import { ratesUsable } from "../bid/rates.js";
import { canonicalText } from "../campaign/audience.js";
import { Dimension } from "../campaign/table.js";
import { armsInWords, type ExplainCase } from "./explain-case.js";
import { creativeRefusalInWords } from "./explain-creative.js";
import type { PriceExplained, Refusal, WayExplained } from "./explain-result.js";
import { conditionText } from "./explain-targeting.js";
import { listed, microsText, moneyOf, unitsOf } from "./explain-words.js";

const openAuction = -1;
const strategyNames = ["fixed", "shade", "linear"] as const;
const agreedPrice = 3;
const usDollar = 0x555344;

/**
 * Each way in which a line item could buy the current imp, as the decision tries them: the deals
 * that it names, then the open auction. The line item has passed what holds whatever the way.
 */
export function waysOf(at: ExplainCase, lineItem: number, isOffered: IsOffered): WayExplained[] {
  const { decision } = at;
  const { imp, table, scratch } = decision;
  const arm = armOf(decision, lineItem);
  const priced = arm < 0 ? table.lineItemArmStart[lineItem]! : arm;
  const ways: WayExplained[] = [];
  const named = namedDealsInto(decision, lineItem);
  for (const deal of scratch.dealNamed.slice(0, named)) {
    const fit = dealFit(decision, lineItem, deal);
    const way = `deal ${dealText(at, lineItem, deal)}`;
    ways.push(
      fit === DealFit.FITS
        ? wayOf(at, lineItem, priced, deal, way, isOffered)
        : notOffered(at, lineItem, fit, way),
    );
  }
  if (table.lineItemDealOnly[lineItem] === 0 && imp.privateAuction === 0) {
    ways.push(wayOf(at, lineItem, priced, openAuction, "open auction", isOffered));
  }
  return ways;
}

/** Whether the decision offered a line item this way. */
export type IsOffered = (lineItem: number, deal: number) => boolean;

/** The deal's id as the line item names it: the request's own text is not repeated. */
function dealText({ decision, buyings }: ExplainCase, lineItem: number, deal: number): string {
  const { request } = decision;
  const { deals = [] } = buyings[lineItem]!.lineItem.targeting.include;
  return (
    deals.find((text) => {
      const { lo, hi } = textKeyOf(text, Dimension.DEAL);
      return lo === request.dealLo[deal] && hi === request.dealHi[deal];
    }) ?? ""
  );
}

function notOffered(at: ExplainCase, lineItem: number, fit: DealFit, way: string): WayExplained {
  const { advertiser, agency } = at.buyings[lineItem]!;
  const { exchange } = at.decision;
  const refusal: Refusal =
    fit === DealFit.NOT_INVITED
      ? {
          rule: "invite-only deal",
          seen: `advertiser ${advertiser.id}`,
          limit: `advertisers ${invitedText(at, way)}`,
        }
      : {
          rule: "deal.wseat",
          seen: "names other seats",
          limit: agency.seats[exchange.name] ?? "no seat of ours here",
        };
  const label = outcomeLabel(Outcome.DEAL_NOT_OFFERED);
  return { way, outcome: label, creative: 0, offered: false, refusal, price: null };
}

function invitedText({ config, decision }: ExplainCase, way: string): string {
  const deal = config.book.deals.find(
    (one) => `deal ${one.deal}` === way && one.exchange === decision.exchange.id,
  );
  return listed((deal?.inviteOnly ?? []).map(String));
}

function wayOf(
  at: ExplainCase,
  lineItem: number,
  arm: number,
  deal: number,
  way: string,
  isOffered: IsOffered,
): WayExplained {
  const { decision } = at;
  const creative = pickCreative(decision, lineItem, deal);
  if (creative < 0) {
    const outcome = creativeRefusal(decision, lineItem);
    const refusal = creativeRefusalInWords(at, lineItem, outcome);
    const label = outcomeLabel(outcome);
    return { way, outcome: label, creative: 0, offered: false, refusal, price: null };
  }
  const floor = floorOf(decision, deal, creative);
  const priced = priceInto(decision, lineItem, arm, deal, creative);
  const outcome = outcomeOf(priced);
  const offered = outcome === Outcome.BID && isOffered(lineItem, deal);
  return {
    way,
    outcome: outcomeLabel(outcome),
    creative: decision.table.creativeId[creative]!,
    offered,
    refusal: outcome === Outcome.BID ? null : priceRefusal(at, lineItem, deal, priced, floor),
    price: outcome === Outcome.BID ? priceOf(at, lineItem, arm, deal) : null,
  };
}

function outcomeOf(priced: Priced): Outcome {
  if (priced === Priced.NO_RATE) return Outcome.RATE_MISSING;
  return priced === Priced.OK ? Outcome.BID : Outcome.BELOW_FLOOR;
}

type Floor = { readonly micros: number; readonly currency: CurrencyCode };

/**
 * The bid floor of a way in the currency that the request states for it; -1 = one that no bid can
 * meet.
 */
function floorOf(decision: Decision, deal: number, creative: number): Floor {
  const { request, imp, table } = decision;
  const media = table.creativeMedia[creative]!;
  const durationSec = table.creativeDurationSec[creative]!;
  const stated = deal < 0 ? imp.bidFloorCurrency : request.dealFloorCurrency[deal]!;
  const currency = (stated === 0 ? usDollar : stated) as CurrencyCode;
  const micros =
    deal < 0
      ? openFloorMicros(request, imp, media, durationSec)
      : strictDealFloor(decision, deal, media, durationSec, currency);
  return { micros, currency };
}

function priceRefusal(
  { decision }: ExplainCase,
  lineItem: number,
  deal: number,
  priced: Priced,
  floor: Floor,
): Refusal {
  const { table, price, world, now } = decision;
  const currency = table.lineItemCurrency[lineItem]!;
  const rule = deal < 0 ? "bid floor" : "deal bid floor";
  const limit = `maximum ${microsText(table.lineItemMaxMicros[lineItem]!, currency)}`;
  if (floor.micros < 0) return { rule, seen: "a floor that no bid can meet", limit };
  const stated = microsText(floor.micros, floor.currency);
  if (priced === Priced.NO_RATE) {
    const { rates } = world;
    const asOf = new Date(rates.asOfMs).toISOString();
    const why = ratesUsable(rates, now) ? "has no rate for one of them" : `is stale (${asOf})`;
    const answer = unpackAlpha3(decision.currency);
    const seen = `floor ${stated}, answer in ${answer}, budget in ${unpackAlpha3(currency)}`;
    return { rule: "currency rates", seen, limit: `rates.yaml ${why}` };
  }
  if (price.floorMicros <= price.maxMicros) {
    return { rule: "price", seen: "rounds to 0", limit: "above 0" };
  }
  const converted =
    floor.currency === currency ? "" : ` (${microsText(price.floorMicros, currency)})`;
  return { rule, seen: `${stated}${converted}`, limit };
}

/** The steps that `priceInto` has just left in the decision. */
function priceOf(at: ExplainCase, lineItem: number, arm: number, deal: number): PriceExplained {
  const { decision } = at;
  const { price, table, request } = decision;
  const agreed = deal >= 0 && request.dealAt[deal] === agreedPrice;
  return {
    currency: unpackAlpha3(table.lineItemCurrency[lineItem]!),
    agreed,
    base: unitsOf(price.baseMicros),
    modifiers: agreed ? [] : modifiersMet(at, lineItem),
    contextFactor: price.contextPermille / 1000,
    personFactor: agreed ? 1 : table.armFactorPermille[arm]! / 1000,
    value: unitsOf(price.valueMicros),
    strategy: strategyNames[table.lineItemStrategy[lineItem]!]!,
    share: price.share / shareOne,
    wanted: unitsOf(price.wantedMicros),
    floor: unitsOf(price.floorMicros),
    maximum: unitsOf(price.maxMicros),
    final: unitsOf(price.reservedMicros),
    bid: moneyOf(price.priceMicros, decision.currency),
  };
}

/**
 * The context modifiers whose condition the imp meets. Each has one condition, so one row of the
 * table.
 */
function modifiersMet(
  { decision, buyings }: ExplainCase,
  lineItem: number,
): { readonly when: string; readonly factor: number }[] {
  const { table, scratch } = decision;
  const { contextModifiers } = buyings[lineItem]!.lineItem.price;
  const start = table.lineItemModStart[lineItem]!;
  const met: { readonly when: string; readonly factor: number }[] = [];
  for (let i = 0; i < table.lineItemModCount[lineItem]!; i++) {
    if (!meets(table, scratch, table.modPredicate[start + i]!)) continue;
    const modifier = contextModifiers[i];
    const when = modifier === undefined ? "" : conditionText(modifier.when);
    met.push({ when, factor: table.modFactorPermille[start + i]! / 1000 });
  }
  return met;
}

/** Which audience a line item asks for, each arm with its price step. */
export function audienceText(at: ExplainCase, lineItem: number): string {
  const arms = armsInWords(at, lineItem);
  if (!arms.ok) return "an audience that cannot be evaluated";
  const texts = arms.arms.flatMap(({ audience }) =>
    audience === null ? [] : [canonicalText(audience)],
  );
  return texts.join(" | ");
}
