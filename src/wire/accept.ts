import type { Rates } from "../bid/rates.js";
import type { Exchange } from "../campaign/exchange.js";
import { blockProblems, dsaProblems, underDomain } from "./accept-block.js";
import type { Json } from "./accept-json.js";
import {
  has,
  isObject,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
} from "./accept-json.js";
import { mediaNames, mediaProblems } from "./accept-media.js";
import { floorOf, floorProblem } from "./accept-money.js";
import type { ParseJson } from "./accept-native.js";
import { noticeUrlBytesMax } from "./notice.js";

/** What the rules need beside the two texts. Absent parts are not checked, or strictly (rates). */
export type AcceptanceContext = {
  /** Native requests and answers are JSON inside a string. */
  readonly parseJson: ParseJson;
  readonly exchange?: Pick<Exchange, "version" | "seatRequired" | "maxBids" | "maxBidsPerImp">;
  readonly rates?: Rates;
};

/**
 * Everything that a real client checks in an answer to its request, as sentences that start with
 * the field; empty = acceptable. Reads parsed JSON only, shares no code with the encoder, and is
 * cold: for tests, replay and the comparison with an oracle.
 */
export function acceptanceProblems(
  requestJson: unknown,
  responseJson: unknown,
  context: AcceptanceContext,
): string[] {
  const request = objectOf(requestJson);
  if (!isObject(responseJson)) return ["the answer is not a JSON object"];
  const seatbids = listOf(responseJson["seatbid"]);
  if (seatbids.length === 0) return emptyProblems(request, responseJson);
  const bids = objectsOf(seatbids).flatMap((seatbid) => listOf(seatbid["bid"]));
  return [
    ...headProblems(request, responseJson),
    ...countProblems(bids, context),
    ...seatbids.flatMap((seatbid, place) =>
      isObject(seatbid)
        ? seatProblems(request, responseJson, seatbid, context).map(
            (problem) => `seatbid[${place}].${problem}`,
          )
        : [`seatbid[${place}]: not an object`],
    ),
  ];
}

/**
 * A no-bid in a body: {} or an id with an empty seatbid, and never a reason that could tell of a
 * person.
 */
function emptyProblems(request: Json, response: Json): string[] {
  return [
    ...(has(response, "id") && response["id"] !== request["id"] ? ["id: not the request's"] : []),
    ...(has(response, "nbr") ? ["nbr: reasons stay inside"] : []),
  ];
}

function headProblems(request: Json, response: Json): string[] {
  const currency = currencyOf(response);
  const allowed = textsOf(request["cur"]);
  const accepted = allowed.length === 0 ? ["USD"] : allowed;
  return [
    ...(textOf(response["id"]) === "" || response["id"] !== request["id"]
      ? ["id: not the request's"]
      : []),
    ...(textOf(response["bidid"]) === "" ? ["bidid: missing"] : []),
    ...(accepted.includes(currency)
      ? []
      : [`cur: ${currency} is not among ${accepted.join(", ")}`]),
    ...(has(response, "ext") && !isObject(response["ext"]) ? ["ext: not an object"] : []),
  ];
}

const currencyOf = (response: Json): string => textOf(response["cur"]) || "USD";

function countProblems(bids: readonly unknown[], { exchange }: AcceptanceContext): string[] {
  const ids = bids.map((bid) => textOf(objectOf(bid)["id"]));
  const perImp = new Map<string, number>();
  for (const bid of bids) {
    const imp = textOf(objectOf(bid)["impid"]);
    perImp.set(imp, (perImp.get(imp) ?? 0) + 1);
  }
  const most = Math.max(0, ...perImp.values());
  return [
    ...(new Set(ids).size < ids.length ? ["bid.id: two bids have one id"] : []),
    ...(exchange !== undefined && bids.length > exchange.maxBids
      ? [`bids: ${bids.length}, the exchange takes ${exchange.maxBids}`]
      : []),
    ...(exchange !== undefined && most > exchange.maxBidsPerImp
      ? [`bids: ${most} for one imp, the exchange takes ${exchange.maxBidsPerImp}`]
      : []),
  ];
}

function seatProblems(
  request: Json,
  response: Json,
  seatbid: Json,
  context: AcceptanceContext,
): string[] {
  const seat = textOf(seatbid["seat"]);
  const white = textsOf(request["wseat"]);
  const bids = listOf(seatbid["bid"]);
  return [
    ...(has(seatbid, "seat") && seat === "" ? ["seat: not a text"] : []),
    ...(context.exchange?.seatRequired === true && seat === "" ? ["seat: missing"] : []),
    ...(white.length > 0 && !white.includes(seat) ? [`seat: ${seat} is not in wseat`] : []),
    ...(textsOf(request["bseat"]).includes(seat) ? [`seat: ${seat} is in bseat`] : []),
    ...(bids.length === 0 ? ["bid: empty"] : []),
    ...bids.flatMap((bid, place) =>
      (isObject(bid) ? bidProblems(request, response, seat, bid, context) : ["not an object"]).map(
        (problem) => `bid[${place}].${problem}`,
      ),
    ),
  ];
}

function bidProblems(
  request: Json,
  response: Json,
  seat: string,
  bid: Json,
  context: AcceptanceContext,
): string[] {
  const version = context.exchange?.version ?? "2.6";
  const own = [...fieldProblems(bid), ...versionProblems(bid, version)];
  const imps = objectsOf(request["imp"]).filter((imp) => imp["id"] === bid["impid"]);
  const [imp] = imps;
  if (imp === undefined) return [...own, "impid: no such imp in the request"];
  if (imps.length > 1) return [...own, "impid: several imps have this id"];
  const name = mediaNames[numberOf(bid["mtype"]) - 1];
  const media = name === undefined ? {} : objectOf(imp[name]);
  return [
    ...own,
    ...mediaProblems(imp, bid, version, context.parseJson),
    ...dealAndPriceProblems(imp, media, seat, bid, currencyOf(response), context),
    ...blockProblems(request, media, bid),
    ...dsaProblems(request, bid),
  ];
}

const texts = ["id", "impid", "crid", "cid", "adm", "nurl", "burl", "lurl", "dealid", "bundle"];
const integers = ["w", "h", "exp", "dur", "mtype", "protocol", "cattax", "api"];

/** A typed decoder refuses the whole answer over one field of the wrong type. */
function fieldProblems(bid: Json): string[] {
  const address = ["nurl", "burl", "lurl"].filter((name) => has(bid, name));
  return [
    ...["id", "impid", "crid"]
      .filter((name) => textOf(bid[name]) === "")
      .map((name) => `${name}: missing or not a text`),
    ...texts
      .filter((name) => has(bid, name) && typeof bid[name] !== "string")
      .map((name) => `${name}: not a text`),
    ...integers
      .filter((name) => has(bid, name) && !Number.isInteger(bid[name]))
      .map((name) => `${name}: not an integer`),
    ...(textsOf(bid["adomain"]).length === 0
      ? ["adomain: missing, so blocks cannot be checked"]
      : []),
    ...["adomain", "cat"]
      .filter((name) => has(bid, name) && textsOf(bid[name]).length !== listOf(bid[name]).length)
      .map((name) => `${name}: holds something else than texts`),
    ...["attr", "apis"]
      .filter((name) => has(bid, name) && !listOf(bid[name]).every(Number.isInteger))
      .map((name) => `${name}: holds something else than integers`),
    ...(has(bid, "ext") && !isObject(bid["ext"]) ? ["ext: not an object"] : []),
    ...address
      .filter((name) => textOf(bid[name]).length >= noticeUrlBytesMax)
      .map((name) => `${name}: ${noticeUrlBytesMax} bytes or more`),
  ];
}

/** A 2.5 reader does not know these; mtype is let through (template-bid). */
const versionProblems = (bid: Json, version: string): string[] =>
  version === "2.6"
    ? []
    : ["dur", "apis", "cattax", "slotinpod", "langb"]
        .filter((name) => has(bid, name))
        .map((name) => `${name}: a field of 2.6 for an exchange of 2.5`);

function dealAndPriceProblems(
  imp: Json,
  media: Json,
  seat: string,
  bid: Json,
  currency: string,
  context: AcceptanceContext,
): string[] {
  const price = numberOf(bid["price"], -1);
  if (price <= 0) return ["price: not above zero"];
  const pmp = objectOf(imp["pmp"]);
  const dealId = textOf(bid["dealid"]);
  const deal = objectsOf(pmp["deals"]).find((offered) => offered["id"] === dealId) ?? null;
  if (dealId === "" && pmp["private_auction"] === 1) {
    return ["dealid: missing where only deals may bid (private_auction)"];
  }
  if (dealId !== "" && deal === null) return [`dealid: ${dealId} was not offered to this imp`];
  const floor = floorOf(imp, deal, media, numberOf(bid["dur"]));
  const below = floorProblem(price, currency, floor, context.rates);
  return [
    ...(below === "" ? [] : [below]),
    ...(deal === null ? [] : dealProblems(deal, seat, bid)),
  ];
}

function dealProblems(deal: Json, seat: string, bid: Json): string[] {
  const seats = textsOf(deal["wseat"]);
  const domains = textsOf(deal["wadomain"]);
  const own = textsOf(bid["adomain"]);
  const letIn = domains.some((domain) => own.some((mine) => underDomain(mine, domain)));
  return [
    ...(seats.length > 0 && !seats.includes(seat) ? [`seat: ${seat} is not in the deal's`] : []),
    ...(domains.length > 0 && !letIn ? ["adomain: not let into the deal"] : []),
  ];
}
