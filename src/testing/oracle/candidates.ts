import type { CreativeModel } from "../../campaign/model.js";
import { blockedBy, seatBlock } from "./blocks.js";
import { limitsTracking } from "./consent.js";
import type { Fraction } from "./decimal.js";
import { compare, fraction, micro, plus } from "./decimal.js";
import {
  bannerRefusal,
  commonRefusal,
  mediaObjects,
  mediaOf,
  timedOf,
  timedRefusal,
} from "./media-fit.js";
import { allowedCurrencies, convert, floorOf } from "./money.js";
import { nativeRefusal } from "./native-fit.js";
import type { Plain } from "./plain.js";
import { Doubt, has, numberAt, objectAt, objectsAt, textAt, textsAt } from "./plain.js";
import { targetingRefusal } from "./targeting.js";
import type { Buying, ExchangeFacts, WorldFacts } from "./world-facts.js";
import { buyings } from "./world-facts.js";

/** One creative of one line item for one imp, in the open auction or in one deal. */
export type Candidate = {
  readonly name: string;
  readonly refusal: string | null;
  readonly doubts: readonly string[];
};

type Slot = {
  readonly request: Plain;
  readonly imp: Plain;
  readonly exchange: ExchangeFacts;
  readonly facts: WorldFacts;
  readonly person: { readonly known: boolean };
};

/** Every combination, each tried on its own: slow, and free of any order between the rules. */
export function candidates(
  request: Plain,
  imp: Plain,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  person: { readonly known: boolean },
): Candidate[] {
  const slot: Slot = { request, imp, exchange, facts, person };
  const all: Candidate[] = [];
  const deals = objectsAt(objectAt(imp, "pmp"), "deals");
  for (const buying of buyings(facts)) {
    for (const creative of buying.creatives) {
      for (const deal of [undefined, ...deals]) all.push(candidate(slot, buying, creative, deal));
    }
  }
  return all;
}

function candidate(
  slot: Slot,
  buying: Buying,
  creative: CreativeModel,
  deal: Plain | undefined,
): Candidate {
  const doubt = new Doubt();
  const refusal =
    lineItemRefusal(slot, buying, doubt) ??
    (deal === undefined
      ? openRefusal(slot.imp, buying, doubt)
      : dealRefusal(slot, buying, creative, deal, doubt)) ??
    creativeRefusal(slot, creative, doubt) ??
    priceRefusal(slot, buying, creative, deal, doubt);
  const way = deal === undefined ? "open" : `deal ${textAt(deal, "id") ?? ""}`;
  return {
    name: `${buying.lineItem.name} / ${creative.name} / ${way}`,
    refusal,
    doubts: [...doubt.reasons],
  };
}

function lineItemRefusal(slot: Slot, buying: Buying, doubt: Doubt): string | null {
  const { lineItem } = buying;
  if (lineItem.paused) return "paused";
  if (slot.facts.nowMs < buying.startMs || slot.facts.nowMs >= buying.endMs) return "flight";
  const seat = buying.seats[slot.exchange.name] ?? "";
  if (seat === "" && slot.exchange.seatRequired) return "no seat at this exchange";
  const seats = seatBlock(slot.request, seat, doubt);
  if (seats !== null) return seats;
  const { request, imp } = slot;
  const scene = { request, imp, exchange: slot.exchange.name };
  const outside = targetingRefusal(scene, lineItem.targeting, doubt);
  if (outside !== null) return outside;
  if (lineItem.audience !== null) {
    if (!slot.person.known) return "audience: nobody is known";
    if (limitsTracking(slot.request)) return "audience: tracking is limited";
    doubt.add("audience");
  }
  if (lineItem.frequency.length > 0) doubt.add("frequency cap");
  return null;
}

function openRefusal(imp: Plain, buying: Buying, doubt: Doubt): string | null {
  const pmp = objectAt(imp, "pmp");
  const isPrivate = numberAt(pmp, "private_auction");
  if (isPrivate === 1) return "private auction";
  if (has(pmp, "private_auction") && isPrivate !== 0) doubt.add("odd private_auction");
  if (has(imp, "pmp") && imp["pmp"] !== pmp) doubt.add("wrong type: pmp");
  const { lineItem } = buying;
  const inDealsOnly = lineItem.targeting.include.deals !== undefined && !lineItem.openAuction;
  if (inDealsOnly) return "buys in its deals only";
  return null;
}

function dealRefusal(
  slot: Slot,
  buying: Buying,
  creative: CreativeModel,
  deal: Plain,
  doubt: Doubt,
): string | null {
  const id = textAt(deal, "id") ?? "";
  const named = buying.lineItem.targeting.include.deals ?? [];
  const folded = named.map((one) => one.toLowerCase());
  if (id === "" || !folded.includes(id.toLowerCase())) return "deal not bought";
  if (!named.includes(id)) doubt.add("a deal in another letter case");
  if (numberAt(deal, "at") === 3 && (numberAt(deal, "bidfloor") ?? 0) <= 0) {
    doubt.add("a fixed price that is not stated");
  }
  const known = slot.facts.book.deals.find(
    (one) => one.deal === id && one.exchange === slot.exchange.id,
  );
  if (known === undefined) doubt.add("a deal that is not ours at this exchange");
  if (known !== undefined && known.inviteOnly.length > 0) {
    if (!known.inviteOnly.some((one) => one === buying.advertiser)) return "deal: not invited";
  }
  const seat = buying.seats[slot.exchange.name] ?? "";
  const seats = textsAt(deal, "wseat", doubt);
  if (seats.length > 0 && !seats.includes(seat)) return "deal wseat";
  const domains = textsAt(deal, "wadomain", doubt).map((domain) => domain.toLowerCase());
  if (domains.length === 0 || creative.domains.some((own) => domains.includes(own))) return null;
  if (creative.domains.some((own) => domains.some((let_) => own.endsWith(`.${let_}`)))) {
    doubt.add("wadomain names a parent");
    return null;
  }
  return "deal wadomain";
}

function creativeRefusal(slot: Slot, creative: CreativeModel, doubt: Doubt): string | null {
  const name = mediaOf(creative);
  const media = mediaObjects(slot.imp).get(name);
  if (media === undefined) return "media";
  if (creative.approvedBy !== "all" && !creative.approvedBy.includes(slot.exchange.name)) {
    return "creative not approved";
  }
  const general =
    blockedBy(slot.request, creative, doubt) ?? commonRefusal(media, slot.imp, creative, doubt);
  if (general !== null) return general;
  const { markup } = creative;
  if (markup.kind === "native") return nativeRefusal(media, markup, doubt);
  return name === "banner"
    ? bannerRefusal(media, creative, doubt)
    : timedRefusal(media, creative, doubt);
}

/**
 * A bid can reach its maximum: the floor must not be above it. Roundings make two micros doubtful.
 */
function priceRefusal(
  slot: Slot,
  buying: Buying,
  creative: CreativeModel,
  deal: Plain | undefined,
  doubt: Doubt,
): string | null {
  const name = mediaOf(creative);
  const seconds = timedOf(creative)?.durationSec ?? 0;
  const holder = deal ?? slot.imp;
  const ofTime = deal ?? mediaObjects(slot.imp).get(name);
  const timed = seconds > 0 ? ofTime : undefined;
  const most: Fraction = fraction(BigInt(buying.lineItem.price.maxMicros), 1_000_000n);
  const lenient = floorOf(holder, timed, seconds, false, new Doubt());
  const strict = floorOf(holder, timed, seconds, true, doubt);
  if (lenient === undefined || strict === undefined) return "floor out of reach";
  const currencies = allowedCurrencies(slot.request, slot.facts, new Doubt());
  const payable = currencies.some(
    (code) => convert(slot.facts, { amount: most, currency: buying.currency }, code) !== undefined,
  );
  if (!payable) return "no rate of the advertiser's currency";
  const lowest = convert(slot.facts, lenient, buying.currency);
  const highest = convert(slot.facts, strict, buying.currency);
  if (lowest === undefined || highest === undefined) return "no rate of the floor's currency";
  const grain = plus(micro, micro);
  if (compare(lowest, plus(most, grain)) > 0) return "floor";
  if (compare(plus(highest, grain), most) > 0) doubt.add("floor at the maximum");
  return null;
}
