import { Outcome, outcomeLabel } from "../base/outcome.js";
import { seatOf } from "../bid/agency.js";
import { firstUnmetPredicate } from "../bid/match.js";
import { SpanUse } from "../bid/request.js";
import { inRequestList } from "../bid/values.js";
import { canonicalText } from "../campaign/audience.js";
import { CapLevel, capsOf } from "../campaign/caps.js";
import { Dimension, Live, NO_AUDIENCE } from "../campaign/table.js";
import { isAbsentFor, placeFor } from "../index/projection.js";
import { armsInWords, type ExplainCase } from "./explain-case.js";
import { moneyNotes } from "./explain-money.js";
import { audienceText, type IsOffered, waysOf } from "./explain-price.js";
import type { LineItemExplained, Refusal, WayExplained } from "./explain-result.js";
import { dayPartRefusal, targetingRefusal } from "./explain-targeting.js";
import { listed, momentText, moneyText } from "./explain-words.js";
import { textsOf, valueAt } from "./plain-request.js";

/** What a decided imp knows of its offers, for those that were outbid. */
export type Won = {
  readonly isOffered: IsOffered;
  /** Line item ids, best first. */
  readonly lineItems: readonly number[];
  readonly advertisers: readonly number[];
  /** True: the answer was full before this imp. */
  readonly full: boolean;
};

/** The label outside; where segments are declared, an audience that is not met may be called so. */
export const labelOf = (outcome: Outcome, declared: boolean): string =>
  declared && outcome === Outcome.AUDIENCE ? "audience" : outcomeLabel(outcome);

/**
 * One line item at the current imp: the rule that its outcome stands for, with the value and the
 * limit.
 */
export function explainLineItem(
  at: ExplainCase,
  index: number,
  outcome: Outcome,
  won: Won,
): LineItemExplained {
  const { lineItem, campaign, advertiser } = at.buyings[index]!;
  const ways = hasWays(outcome) ? waysOf(at, index, won.isOffered) : [];
  const offered = ways.some((way) => way.offered);
  const isOutbid = outcome === Outcome.BID && !offered;
  return {
    lineItem: lineItem.id,
    name: lineItem.name,
    campaign: campaign.id,
    advertiser: advertiser.name,
    outcome: labelOf(isOutbid ? Outcome.OUTBID_INTERNALLY : outcome, at.declared),
    offered,
    refusal: offered ? null : refusalOf(at, index, outcome, ways, won),
    ways,
    notes: notesOn(at, index, outcome),
  };
}

/**
 * Context, flight and seat are asked before any way to buy; an audience is not priced for those
 * outside it.
 */
const hasWays = (outcome: Outcome): boolean =>
  outcome === Outcome.BID || (outcome >= Outcome.DEAL_REQUIRED && outcome < Outcome.AUDIENCE);

function refusalOf(
  at: ExplainCase,
  index: number,
  outcome: Outcome,
  ways: readonly WayExplained[],
  won: Won,
): Refusal {
  switch (outcome) {
    case Outcome.BID:
      return outbid(at, index, ways, won);
    case Outcome.NOT_LIVE:
      return notLive(at, index);
    case Outcome.OUTSIDE_FLIGHT:
      return outsideFlight(at, index);
    case Outcome.TARGETING:
      return unmetTargeting(at, index);
    case Outcome.SEAT_BLOCKED:
      return seat(at, index);
    case Outcome.DEAL_REQUIRED:
      return dealRequired(at, index);
    case Outcome.AUDIENCE:
      return audience(at, index);
    case Outcome.NO_CANDIDATE:
      return {
        rule: "access",
        seen: "no value of this imp leads to it",
        limit: "the values that it is posted under",
      };
    default: {
      const label = outcomeLabel(outcome);
      const refused = ways.find((way) => way.outcome === label) ?? ways[0];
      return refused?.refusal ?? { rule: label, seen: "", limit: "" };
    }
  }
}

const liveWords: Readonly<Record<number, readonly [seen: string, limit: string]>> = {
  [Live.PAUSED]: ["paused", "`paused: false`"],
  [Live.NO_CREATIVE]: ["no creative that an exchange has approved and can show", "one at least"],
  [Live.HELD]: [
    "needs one time zone more than a World holds",
    "day-parts in a zone that is in use",
  ],
  [Live.OPENS_TOMORROW]: [
    "an audience is new today, and its agency's places of the day are taken",
    "opens with the next UTC day",
  ],
};

function notLive(at: ExplainCase, index: number): Refusal {
  const live = at.decision.table.lineItemLive[index]!;
  if (live === Live.UNCERTIFIED) return uncertified(at, index);
  const [seen, limit] = liveWords[live] ?? ["not live", "live"];
  return { rule: "not live", seen, limit };
}

/** Which of its audiences has no certificate, or names a segment that the snapshot lacks. */
function uncertified(at: ExplainCase, index: number): Refusal {
  const { table } = at.decision;
  const rule = "not live: certificate";
  const arms = armsInWords(at, index);
  if (!arms.ok) return { rule, seen: arms.why, limit: "an audience that can be counted" };
  const start = table.lineItemArmStart[index]!;
  for (const [i, arm] of arms.arms.entries()) {
    const number = table.armAudience[start + i]!;
    if (arm.audience === null || number === NO_AUDIENCE || table.audienceLive[number] === 1)
      continue;
    const names = new Set(arm.audience.terms.flatMap(({ all, none }) => [...all, ...none]));
    // Other agencies' own segments read as those that are not there.
    const agency = at.buyings[index]!.agency.id;
    const missing = [...names].filter((name) => placeFor(at.places, name, agency) === undefined);
    const unknown = missing.filter((name) => !isAbsentFor(at.absent, name, agency));
    if (missing.length > 0 && unknown.length === 0) {
      const warming = `warming: segment ${listed(missing)} is being loaded`;
      return { rule: "not live: segments", seen: warming, limit: "every segment in memory" };
    }
    const seen =
      unknown.length > 0
        ? `epoch ${at.epoch} has no segment ${listed(unknown)}`
        : `no certificate in epoch ${at.epoch} for ${canonicalText(arm.audience)}`;
    return { rule, seen, limit: "an audience that this epoch certifies" };
  }
  return { rule, seen: "its audience contradicts itself", limit: "an audience that can be met" };
}

function outsideFlight(at: ExplainCase, index: number): Refusal {
  const { campaign } = at.buyings[index]!;
  const zone = campaign.timeZone;
  return {
    rule: `flight of campaign ${campaign.id}`,
    seen: momentText(at.decision.now, zone),
    limit: `from ${momentText(campaign.startMs, zone)} until ${momentText(campaign.endMs, zone)}`,
  };
}

function unmetTargeting(at: ExplainCase, index: number): Refusal {
  const { table, scratch } = at.decision;
  const predicate = firstUnmetPredicate(table, scratch, index);
  return table.predDimension[predicate] === Dimension.DAYPART
    ? dayPartRefusal(at, index, predicate)
    : targetingRefusal(at, index, predicate);
}

function seat(at: ExplainCase, index: number): Refusal {
  const { decision, plain } = at;
  const { exchange, scratch } = decision;
  const { agency } = at.buyings[index]!;
  const own = agency.seats[exchange.name] ?? "";
  const limit = own === "" ? `${agency.name} has no seat on ${exchange.name}` : `our seat ${own}`;
  const value = seatOf(decision, index);
  if (value !== 0 && inRequestList(scratch, value, SpanUse.BSEAT)) {
    return { rule: "bseat", seen: `blocks ${own}`, limit };
  }
  if (((scratch.requestLists >>> SpanUse.WSEAT) & 1) === 1) {
    return { rule: "wseat", seen: listed(textsOf(valueAt(plain.root, "wseat"))), limit };
  }
  return { rule: "seat", seen: `${exchange.name} requires a seat`, limit };
}

function dealRequired(at: ExplainCase, index: number): Refusal {
  const { imp } = at.decision;
  const { deals = [] } = at.buyings[index]!.lineItem.targeting.include;
  const { dealCount } = imp;
  const several = dealCount === 1 ? "one deal, not of these" : `${dealCount} deals, none of these`;
  const offered = dealCount === 0 ? "no deal" : several;
  return imp.privateAuction === 1
    ? { rule: "private auction", seen: offered, limit: `deals ${listed(deals, "none named")}` }
    : { rule: "deals only", seen: offered, limit: `deals ${listed(deals)}` };
}

function audience(at: ExplainCase, index: number): Refusal {
  const limit = audienceText(at, index);
  const seen = at.declared ? "the declared segments do not meet it" : "nobody";
  return { rule: at.declared ? "audience" : "person", seen, limit };
}

function outbid(at: ExplainCase, index: number, ways: readonly WayExplained[], won: Won): Refusal {
  const { exchange } = at.decision;
  const able = ways.filter((way) => way.price !== null);
  const seen = able
    .map(
      ({ way, price }) => `${way} ${moneyText(price?.bid.amount ?? 0, price?.bid.currency ?? "")}`,
    )
    .join(", ");
  if (won.full) {
    return { rule: "answer is full", seen, limit: `${exchange.maxBids} bids an answer` };
  }
  const sameAdvertiser = won.advertisers.indexOf(at.buyings[index]!.advertiser.id);
  if (sameAdvertiser >= 0 && able.some(({ way }) => way === "open auction")) {
    const other = won.lineItems[sameAdvertiser] ?? 0;
    return { rule: "outbid", seen, limit: `its advertiser's line item ${other} bids more` };
  }
  return {
    rule: "outbid",
    seen,
    limit: `line items ${listed(won.lineItems.map(String))} bid more`,
  };
}

const capOwners = {
  [CapLevel.LINE_ITEM]: "its",
  [CapLevel.CAMPAIGN]: "its campaign's",
  [CapLevel.ADVERTISER]: "its advertiser's",
} as const;

function notesOn(at: ExplainCase, index: number, outcome: Outcome): string[] {
  const { lineItem } = at.buyings[index]!;
  const notes: string[] = [];
  if (outcome !== Outcome.BID) return notes;
  notes.push(...moneyNotes(at, index));
  for (const { level, impressions, windowSec } of capsOf(lineItem, at.buyings[index]!)) {
    const whose = capOwners[level];
    const cap = `${impressions} in ${windowSec} s, withoutId: ${lineItem.withoutId}`;
    notes.push(`${whose} frequency cap (${cap}) is not checked here`);
  }
  return notes;
}
