import { microsMax, mulDivCeil, mulDivFloor, ratePartMax } from "../base/money.js";
import type { CurrencyCode, Micros } from "../base/units.js";
import { strictDealFloor } from "./deal.js";
import type { Decision } from "./decision.js";
import { openFloorMicros } from "./floor.js";
import { shareOne } from "./learnt.js";
import { meets } from "./match.js";
import { convertCeil, convertFloor } from "./rates.js";
import { baseValue, shareOf } from "./value.js";

/** Why no price came out. */
export const Priced = { OK: 0, BELOW_FLOOR: 1, NO_RATE: 2 } as const;
export type Priced = (typeof Priced)[keyof typeof Priced];

/** deal.at 3: the deal's floor is the agreed price (OpenRTB 2.6 section 3.2.12). */
const agreedPrice = 3;
const usDollar = 0x555344 as CurrencyCode;

/** Prices one way to buy into `decision.price`; `deal` -1 = the open auction. */
export function priceInto(
  decision: Decision,
  lineItem: number,
  arm: number,
  deal: number,
  creative: number,
): Priced {
  const { request, imp, table } = decision;
  const media = table.creativeMedia[creative]!;
  const durationSec = table.creativeDurationSec[creative]!;
  const stated = deal < 0 ? imp.bidFloorCurrency : request.dealFloorCurrency[deal]!;
  const currency = (stated === 0 ? usDollar : stated) as CurrencyCode;
  const floor =
    deal < 0
      ? openFloorMicros(request, imp, media, durationSec)
      : strictDealFloor(decision, deal, media, durationSec, currency);
  if (floor < 0 || floor >= microsMax) return Priced.BELOW_FLOOR;
  return deal >= 0 && request.dealAt[deal] === agreedPrice
    ? agreedPriceInto(decision, lineItem, floor as Micros, currency)
    : auctionPriceInto(decision, lineItem, arm, deal, creative, floor as Micros, currency);
}

/**
 * Prices an open bid of an imp whose floor no creative changes (`pricesComeFirst`); `creative` -1
 * where the line item's price does not depend on it either (`pricesByCreative`).
 */
export function openPriceInto(
  decision: Decision,
  lineItem: number,
  arm: number,
  creative: number,
): Priced {
  const { bidFloorMicros, bidFloorHuge, bidFloorCurrency } = decision.imp;
  if (bidFloorHuge === 1 || bidFloorMicros >= microsMax) return Priced.BELOW_FLOOR;
  const currency = bidFloorCurrency === 0 ? usDollar : bidFloorCurrency;
  const floor = bidFloorMicros as Micros;
  return auctionPriceInto(decision, lineItem, arm, -1, creative, floor, currency);
}

/**
 * The product of the context modifiers that meet, clamped (the product, not its factors), in
 * permille.
 */
export function contextFactor(decision: Decision, lineItem: number): number {
  const { table, scratch } = decision;
  const start = table.lineItemModStart[lineItem]!;
  let factor = 1000;
  for (let i = start; i < start + table.lineItemModCount[lineItem]!; i++) {
    if (!meets(table, scratch, table.modPredicate[i]!)) continue;
    factor = Math.min(1e9, Math.floor((factor * table.modFactorPermille[i]!) / 1000));
  }
  const least = Math.max(factor, table.lineItemFactorMin[lineItem]!);
  return Math.min(least, table.lineItemFactorMax[lineItem]!);
}

/**
 * Base x modifiers x the strategy's share, clamped to [bid floor, maximum] (DESIGN section 3, step
 * 7). The share depends on the context alone: among people the ladder's steps stay all there is.
 * The floor is converted into the advertiser's currency rounding up, the bid into the answer's
 * rounding down.
 */
function auctionPriceInto(
  decision: Decision,
  lineItem: number,
  arm: number,
  deal: number,
  creative: number,
  floor: Micros,
  floorCurrency: CurrencyCode,
): Priced {
  const { table, world, now, price, scratch } = decision;
  const currency = table.lineItemCurrency[lineItem]! as CurrencyCode;
  price.baseMicros = baseValue(decision, lineItem, creative);
  price.maxMicros = table.lineItemMaxMicros[lineItem]!;
  price.contextPermille = contextFactor(decision, lineItem);
  price.personPermille = table.armFactorPermille[arm]!;
  const inContext = Math.floor((price.baseMicros * price.contextPermille) / 1000);
  price.valueMicros = Math.floor((inContext * price.personPermille) / 1000);
  price.share = shareOf(decision, lineItem, deal, creative, inContext);
  price.wantedMicros =
    price.share === shareOne || price.valueMicros >= microsMax
      ? price.valueMicros
      : mulDivFloor(price.valueMicros as Micros, price.share, shareOne);
  price.floorMicros = convertCeil(scratch.rates, world.rates, now, floor, floorCurrency, currency);
  if (price.floorMicros < 0) return Priced.NO_RATE;
  if (price.floorMicros > price.maxMicros) return Priced.BELOW_FLOOR;
  const wanted = Math.max(price.wantedMicros, price.floorMicros);
  price.reservedMicros = Math.min(wanted, price.maxMicros, microsMax - 1);
  return answerInto(decision, currency, floor, floorCurrency);
}

/** The agreed price, exact; refused where it is above the line item's maximum. */
function agreedPriceInto(
  decision: Decision,
  lineItem: number,
  agreed: Micros,
  agreedCurrency: CurrencyCode,
): Priced {
  const { table, world, now, price, scratch } = decision;
  const currency = table.lineItemCurrency[lineItem]! as CurrencyCode;
  price.baseMicros = table.lineItemBaseMicros[lineItem]!;
  price.maxMicros = table.lineItemMaxMicros[lineItem]!;
  price.contextPermille = price.personPermille = 1000;
  price.floorMicros = convertCeil(
    scratch.rates,
    world.rates,
    now,
    agreed,
    agreedCurrency,
    currency,
  );
  price.valueMicros = price.wantedMicros = price.reservedMicros = price.floorMicros;
  price.share = shareOne;
  if (price.floorMicros < 0) return Priced.NO_RATE;
  if (price.floorMicros > price.maxMicros) return Priced.BELOW_FLOOR;
  return answerInto(decision, currency, agreed, agreedCurrency);
}

/**
 * The bid in the answer's currency. Two roundings may take it some micros under the floor's own
 * value there, which is then bid: the reservation, rounded up, still covers it.
 */
function answerInto(
  decision: Decision,
  currency: CurrencyCode,
  floor: Micros,
  floorCurrency: CurrencyCode,
): Priced {
  const { world, now, price, scratch, currency: answer } = decision;
  const { rates } = world;
  const held = price.reservedMicros as Micros;
  const bid = convertFloor(scratch.rates, rates, now, held, currency, answer);
  const least = convertCeil(scratch.rates, rates, now, floor, floorCurrency, answer);
  if (bid < 0 || least < 0) return Priced.NO_RATE;
  price.priceMicros = Math.max(bid, least);
  // An exchange bills price x quantity (OpenRTB 3.2.31, screens seen by many): so much is held.
  const { qtyPermille } = decision.imp;
  if (qtyPermille !== 1000) {
    if (qtyPermille >= ratePartMax) return Priced.BELOW_FLOOR;
    price.reservedMicros = mulDivCeil(price.reservedMicros as Micros, qtyPermille, 1000);
    if (price.reservedMicros <= 0 || price.reservedMicros >= microsMax) return Priced.BELOW_FLOOR;
  }
  return price.priceMicros > 0 ? Priced.OK : Priced.BELOW_FLOOR;
}
