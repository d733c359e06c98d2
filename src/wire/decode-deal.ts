import { Hash64, textKeyInto } from "../base/hash.js";
import { dealsMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import type { CurrencyCode } from "../base/units.js";
import { type BidRequest, type ImpRecord, SpanUse } from "../bid/request.js";
import { currencyFrom } from "./decode-codes.js";
import { readList, voidSpans } from "./decode-spans.js";
import { decodeDurFloors } from "./decode-timed.js";
import { Key } from "./json-keys.js";
import { readBounded, readFlag, readFloorMicros, readText } from "./json-read.js";
import { elementsOf, endAt, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";

const hash = new Hash64();
/**
 * deal.at is kept in a byte: exchange-specific auction types (500 and more) are all "another one".
 */
const auctionTypeMax = 255;

/** imp.pmp (OpenRTB 3.2.11) into the imp. A second `pmp` or `deals` takes the first one's place. */
export function decodePmp(request: BidRequest, object: number, imp: ImpRecord): void {
  imp.privateAuction = 0;
  imp.dealStart = request.dealCount;
  imp.dealCount = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.private_auction:
        imp.privateAuction = readFlag(request, at, 0);
        break;
      case Key.deals:
        imp.dealStart = request.dealCount;
        decodeDeals(request, at);
        imp.dealCount = request.dealCount - imp.dealStart;
        break;
      default:
    }
  }
}

function decodeDeals(request: BidRequest, list: number): void {
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    if (request.dealCount < dealsMax) decodeDeal(request, at);
  }
}

/** One deal (OpenRTB 3.2.12), kept only with an id that can be echoed. */
function decodeDeal(request: BidRequest, object: number): void {
  const deal = request.dealCount;
  const spans = request.spanCount;
  let usable = false;
  let priced = true;
  clearDeal(request, deal);
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.id:
        usable = readDealId(request, at, deal);
        break;
      case Key.mincpmpersec: {
        const micros = readFloorMicros(request, at);
        if (micros < 0) priced = false;
        request.dealMinCpmPerSecMicros[deal] = micros;
        break;
      }
      case Key.durfloors: {
        const start = request.durFloorCount;
        if (!decodeDurFloors(request, at)) priced = false;
        request.dealDurFloorStart[deal] = start;
        request.dealDurFloorCount[deal] = request.durFloorCount - start;
        break;
      }
      default:
        decodeDealField(request, at, deal);
    }
  }
  if (!priced) request.dealFloorMicros[deal] = -1;
  if (usable) request.dealCount = deal + 1;
  else voidSpans(request, spans, request.spanCount);
}

function clearDeal(request: BidRequest, deal: number): void {
  request.dealFloorMicros[deal] = request.dealFloorCurrency[deal] = request.dealAt[deal] = 0;
  request.dealMinCpmPerSecMicros[deal] = request.dealGuaranteed[deal] = 0;
  request.dealDurFloorStart[deal] = request.dealDurFloorCount[deal] = 0;
}

function readDealId(request: BidRequest, at: number, deal: number): boolean {
  const rawStart = startAt(at);
  const rawEnd = endAt(at);
  if (!readText(request, at) || rawEnd === rawStart) return false;
  request.dealIdStart[deal] = rawStart;
  request.dealIdEnd[deal] = rawEnd;
  textKeyInto(request.bytes, startAt(at), endAt(at), KeyKind.DEAL, hash);
  request.dealLo[deal] = hash.lo;
  request.dealHi[deal] = hash.hi;
  return true;
}

function decodeDealField(request: BidRequest, at: number, deal: number): void {
  switch (keyAt(at)) {
    case Key.bidfloor:
      request.dealFloorMicros[deal] = readFloorMicros(request, at); // -1 when huge: unusable
      break;
    case Key.bidfloorcur:
      request.dealFloorCurrency[deal] = readCurrency(request, at);
      break;
    case Key.at:
      request.dealAt[deal] = Math.min(auctionTypeMax, readBounded(request, at, 0, 1_000_000, 0));
      break;
    case Key.wseat:
      readList(request, at, SpanUse.DEAL_WSEAT, KeyKind.SEAT, deal);
      break;
    case Key.wadomain:
      readList(request, at, SpanUse.DEAL_WADOMAIN, KeyKind.ADVERTISER_DOMAIN, deal);
      break;
    case Key.guar:
      request.dealGuaranteed[deal] = readFlag(request, at, 0);
      break;
    default:
  }
}

/** A stated currency; 0 when the value is no text. */
export function readCurrency(request: BidRequest, at: number): CurrencyCode {
  if (!readText(request, at)) return 0 as CurrencyCode;
  return currencyFrom(request.bytes, startAt(at), endAt(at));
}
