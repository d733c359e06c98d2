import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { CreativeModel } from "../../campaign/model.js";
import { blockedBy, seatBlock } from "./blocks.js";
import { compare, fractionOf, micro, plus } from "./decimal.js";
import type { MediaName } from "./media-fit.js";
import {
  bannerRefusal,
  bannerSizes,
  commonRefusal,
  mediaObjects,
  mediaOf,
  timedOf,
  timedRefusal,
} from "./media-fit.js";
import { allowedCurrencies, convert, floorOf } from "./money.js";
import { nativeAnswerFaults } from "./native-answer.js";
import type { Plain } from "./plain.js";
import { Doubt, isPlain, numberAt, objectAt, objectsAt, parsed, textAt, textsAt } from "./plain.js";
import type { ExchangeFacts, WorldFacts } from "./world-facts.js";

const mtypes: readonly (MediaName | undefined)[] = [
  undefined,
  "banner",
  "video",
  "audio",
  "native",
];

/** True when the body carries at least one bid. */
export function carriesBid(body: string | Uint8Array): boolean {
  const seats = objectsAt(parsed(body)?.value, "seatbid");
  return seats.some((seat) => objectsAt(seat, "bid").length > 0);
}

/**
 * What is wrong with a 200's body as an answer to its request, in sentences; [] = nothing. Checks
 * what a real client checks (types, ids, currency, floors, blocks, sizes, markup) with plain
 * objects.
 */
export function answerFaults(
  request: Plain,
  body: string | Uint8Array,
  exchange: ExchangeFacts,
  facts: WorldFacts,
): string[] {
  const answer = parsed(body)?.value;
  if (!isPlain(answer)) return ["the answer is no JSON object"];
  const faults: string[] = [];
  const say = (what: string): void => void faults.push(what);
  if (answer["id"] !== request["id"]) say("id is not the request's");
  const currency = textAt(answer, "cur") ?? "USD";
  if (!allowedCurrencies(request, facts, new Doubt()).includes(currency)) {
    say(`cur ${currency} is not allowed`);
  }
  const seats = objectsAt(answer, "seatbid");
  if (seats.length === 0) say("seatbid is empty");
  const ids = new Set<unknown>();
  let bids = 0;
  const byImp = new Map<string, number>();
  for (const seat of seats) {
    seatFaults(request, seat, exchange, facts, say);
    for (const bid of objectsAt(seat, "bid")) {
      bids++;
      const impid = textAt(bid, "impid") ?? "";
      byImp.set(impid, (byImp.get(impid) ?? 0) + 1);
      if (ids.has(bid["id"])) say("two bids have the same id");
      ids.add(bid["id"]);
      const at = `bid on ${JSON.stringify(bid["impid"])}: `;
      const setting: Setting = { request, bid, currency, facts, exchange };
      bidFaults(setting, (what) => say(at + what));
    }
  }
  if (bids > exchange.maxBids) say(`${bids} bids, the exchange takes ${exchange.maxBids}`);
  for (const [impid, count] of byImp) {
    if (count > exchange.maxBidsPerImp) say(`${count} bids on imp ${impid}`);
  }
  return faults;
}

type Say = (what: string) => void;
type Setting = {
  readonly request: Plain;
  readonly bid: Plain;
  readonly currency: string;
  readonly facts: WorldFacts;
  readonly exchange: ExchangeFacts;
};

function seatFaults(
  request: Plain,
  seat: Plain,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  say: Say,
): void {
  if (objectsAt(seat, "bid").length === 0) say("a seatbid without bids");
  const name = textAt(seat, "seat");
  if (name === undefined) {
    if ("seat" in seat) say("seat is no text");
    return;
  }
  const ours = facts.book.agencies.some(({ seats }) => seats[exchange.name] === name);
  if (!ours) say(`seat ${name} is not ours`);
  const block = seatBlock(request, name, new Doubt());
  if (block !== null) say(`${block} keeps seat ${name} out`);
}

function bidFaults(setting: Setting, say: Say): void {
  const { request, bid } = setting;
  for (const key of ["id", "impid", "crid", "cid", "adm"]) {
    if ((textAt(bid, key) ?? "") === "") say(`${key} is missing or no text`);
  }
  if (textsAt(bid, "adomain", new Doubt()).length === 0) say("adomain is missing");
  for (const key of ["w", "h", "mtype", "protocol", "dur", "exp"]) {
    if (key in bid && !Number.isInteger(bid[key])) say(`${key} is no whole number`);
  }
  const imps = objectsAt(request, "imp").filter((imp) => imp["id"] === bid["impid"]);
  const imp = imps[0];
  if (imp === undefined) {
    say("no such imp");
    return;
  }
  if (imps.length > 1) {
    say("two imps have this id");
    return;
  }
  const name = mtypes[numberAt(bid, "mtype") ?? 0];
  const media = name === undefined ? undefined : mediaObjects(imp).get(name);
  if (name === undefined || media === undefined) {
    say("mtype is not offered");
    return;
  }
  const deal = dealFaults(setting, imp, say);
  priceFaults(setting, imp, media, deal, say);
  markupFaults(bid, imp, name, media, say);
  const { book, cridOf = String } = setting.facts;
  const creative = book.creatives.find(({ id }) => cridOf(id) === bid["crid"]);
  if (creative === undefined) {
    say("crid is none of ours");
    return;
  }
  if (mediaOf(creative) !== name) say("the creative is of another medium");
  creativeFaults(setting, imp, media, creative, say);
}

function dealFaults(setting: Setting, imp: Plain, say: Say): Plain | undefined {
  const { bid } = setting;
  const pmp = objectAt(imp, "pmp");
  if (!("dealid" in bid)) {
    if (numberAt(pmp, "private_auction") === 1) say("an open bid in a private auction");
    return undefined;
  }
  const deal = objectsAt(pmp, "deals").find(({ id }) => id === bid["dealid"]);
  if (deal === undefined) {
    say("dealid is not offered");
    return undefined;
  }
  const doubt = new Doubt();
  const domains = textsAt(deal, "wadomain", doubt);
  const own = textsAt(bid, "adomain", doubt);
  const isIn = own.some((domain) =>
    domains.some((one) => domain === one.toLowerCase() || domain.endsWith(`.${one}`)),
  );
  if (domains.length > 0 && !isIn) say("the deal's wadomain keeps it out");
  return deal;
}

function priceFaults(
  setting: Setting,
  imp: Plain,
  media: Plain,
  deal: Plain | undefined,
  say: Say,
): void {
  const { bid, facts, currency } = setting;
  const price = numberAt(bid, "price");
  const amount = price === undefined ? undefined : fractionOf(price);
  if (price === undefined || amount === undefined || price <= 0) {
    say("price is not above 0");
    return;
  }
  if (/\.\d{7}/.test(String(price))) say("price has more than six decimals");
  const seconds = numberAt(bid, "dur") ?? 0;
  const timed = seconds > 0 ? (deal ?? media) : undefined;
  const floor = floorOf(deal ?? imp, timed, seconds, false, new Doubt());
  if (floor === undefined) {
    say("a bid on a floor that nobody can reach");
    return;
  }
  const reach = convert(facts, floor, currency);
  if (reach === undefined) {
    say("no rate for the floor's currency");
    return;
  }
  if (compare(amount, reach) < 0) say(`price ${price} is below the floor`);
  if (numberAt(deal, "at") === 3 && reach.top > 0n && compare(amount, plus(reach, micro)) > 0) {
    say(`price ${price} is not the agreed one`);
  }
}

function markupFaults(bid: Plain, imp: Plain, name: MediaName, media: Plain, say: Say): void {
  const adm = textAt(bid, "adm") ?? "";
  if (numberAt(imp, "secure") === 1 && /http:|http%3a/i.test(adm)) say("adm is not secure");
  if (name === "banner") {
    const { exact, flexible } = bannerSizes(media, new Doubt());
    const size = `${String(bid["w"])}x${String(bid["h"])}`;
    const ofScreen = exact.length === 0 && numberAt(imp, "instl") === 1;
    if (!exact.includes(size) && !flexible && !ofScreen) say(`size ${size} is not offered`);
  } else if (name === "native") {
    for (const fault of nativeAnswerFaults(media, adm)) say(fault);
  } else for (const fault of vastFaults(adm)) say(fault);
}

function vastFaults(adm: string): string[] {
  const checked = XMLValidator.validate(adm);
  if (checked !== true) return [`adm is no XML: ${checked.err.msg}`];
  const root: unknown = new XMLParser({ ignoreAttributes: false }).parse(adm);
  const vast = objectAt(root, "VAST");
  if (textAt(vast, "@_version") === undefined) return ["adm is no VAST with a version"];
  const ad = objectAt(vast, "Ad");
  const body = isPlain(ad["InLine"]) ? ad["InLine"] : ad["Wrapper"];
  if (!isPlain(body)) return ["the VAST has neither InLine nor Wrapper"];
  return "Impression" in body ? [] : ["the VAST has no Impression"];
}

/** The block lists, judged on the creative's own facts and on what the bid declares of it. */
function creativeFaults(
  setting: Setting,
  imp: Plain,
  media: Plain,
  creative: CreativeModel,
  say: Say,
): void {
  const { request, bid } = setting;
  const doubt = new Doubt();
  const declared = textsAt(bid, "adomain", doubt);
  if (!creative.domains.every((domain) => declared.includes(domain))) say("adomain hides a domain");
  const attributes: unknown = bid["attr"] ?? [];
  const shown: readonly unknown[] = Array.isArray(attributes) ? attributes : [];
  if (!creative.attributes.every((attribute) => shown.includes(attribute))) {
    say("attr hides an attribute");
  }
  const refusal =
    blockedBy(request, creative, doubt) ??
    commonRefusal(media, imp, creative, doubt) ??
    (mediaOf(creative) === "banner"
      ? bannerRefusal(media, creative, doubt)
      : timedOf(creative) !== undefined
        ? timedRefusal(media, creative, doubt)
        : null);
  if (refusal !== null) say(`the creative is refused by ${refusal}`);
}
