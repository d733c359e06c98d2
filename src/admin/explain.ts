import { SipKey } from "../base/hash.js";
import { Outcome } from "../base/outcome.js";
import type { CountryCode, CurrencyCode, UnixMs } from "../base/units.js";
import { unpackAlpha3 } from "../base/units.js";
import { Asked } from "../bid/ask-counts.js";
import { CONTEXTUAL, consentRuleLabel, consentRuleOf, grantOf, isGrant } from "../bid/consent.js";
import { decide, openRequest } from "../bid/decide.js";
import { type Decision, PriceSteps } from "../bid/decision.js";
import { holdNothing } from "../bid/hold.js";
import { Identified } from "../bid/identify.js";
import type { Learnt } from "../bid/learnt.js";
import { Offers } from "../bid/offer.js";
import { BidRequest } from "../bid/request.js";
import { Scratch } from "../bid/scratch.js";
import type { SharedState } from "../bid/shared-state.js";
import type { World } from "../bid/world.js";
import type { Exchange } from "../campaign/exchange.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { Absent, Places } from "../index/projection.js";
import { readConsent } from "../wire/consent.js";
import { ConsentCache } from "../wire/consent-cache.js";
import { DecodeResult, decodeInto } from "../wire/decode.js";
import { declaredRowOf, discardIdentifiers, indexOfNobody } from "./anonymous-request.js";
import { buyingsOf, type ExplainCase } from "./explain-case.js";
import { explainImp, type ImpLimits } from "./explain-imp.js";
import { labelOf } from "./explain-line-item.js";
import { requestReason } from "./explain-request.js";
import type {
  ConsentExplained,
  ExplainRefused,
  ExplainResult,
  Explanation,
  ImpExplained,
  PersonExplained,
} from "./explain-result.js";
import { listed } from "./explain-words.js";
import { plainRequestOf } from "./plain-request.js";

export type ExplainInput = {
  readonly world: World;
  /** The configuration that the World was built from. */
  readonly config: LoadedConfig;
  /** Segment name -> its bit in the World's rows. */
  readonly places: Places;
  /** Segments of the epoch that memory does not hold (yet). */
  readonly absent?: Absent;
  readonly exchange: string;
  /** The body as the exchange would send it. */
  readonly request: Uint8Array;
  /** The segments of the person that the request is taken to be about; null = nobody. */
  readonly segments: readonly string[] | null;
  readonly now: UnixMs;
  /** What notices have taught the bidder; absent = nothing. */
  readonly learnt?: Learnt;
  /** The bidder's own, to tell what holds bids back just now; absent = nothing is told of it. */
  readonly money?: SharedState;
  /** Only these line items (ids); null = all. */
  readonly lineItems?: readonly number[] | null;
  /** Line items listed over all imps together; the rest is counted. */
  readonly rowsMax?: number;
};

export const explainRowsMax = 1000;

/**
 * Why each line item bids on a request or does not: runs the bid path's own functions over a World
 * without people. What the request says of a person is wiped before anything is decided; the caller
 * declares segments instead. Pure.
 */
export function explain(input: ExplainInput): ExplainResult {
  const exchange = input.world.exchanges.find(({ name }) => name === input.exchange);
  if (exchange === undefined) {
    const known = listed(input.world.exchanges.map(({ name }) => name));
    const reason = `there is no such exchange; known: ${known}`;
    return { status: 404, outcome: "unknown_exchange", reason };
  }
  const request = new BidRequest();
  const decoded = decodeInto(request, input.request);
  if (decoded !== DecodeResult.OK) return refused(decoded);
  // The consent strings first: an ifa of zeros is a signal, and the only thing an ifa may tell
  // here.
  readConsent(request, input.world.privacy, new ConsentCache(), input.now);
  discardIdentifiers(request);
  return explained(input, exchange, request);
}

const decodeWords: Readonly<Record<number, string>> = {
  [DecodeResult.NOT_JSON]: "the body is not one strict JSON value in UTF-8",
  [DecodeResult.NO_ID]: "`id` is missing, empty, or no text that can be echoed",
  [DecodeResult.NO_IMP]: "no `imp` with an `id` that can be echoed",
  [DecodeResult.TOO_DEEP]: "the body nests deeper than 32 levels",
  [DecodeResult.TOO_LONG]: "the body is longer than 256 KiB",
};

const refused = (decoded: DecodeResult): ExplainRefused => ({
  status: 400,
  outcome: "bad_request",
  reason: decodeWords[decoded] ?? "the body cannot be read",
});

/** Keeps no identifier: nothing is hashed where nothing is left to hash. */
const noKey = new SipKey(0, 0, 0, 0);

function decisionFor(input: ExplainInput, request: BidRequest, exchange: Exchange): Decision {
  const { rowWords } = input.world.index;
  const world: World = { ...input.world, index: indexOfNobody(rowWords) };
  const row = input.segments && declaredRowOf(input.segments, input.places, rowWords);
  return {
    world,
    table: world.table,
    scratch: new Scratch(world.table, rowWords),
    identifierKey: noKey,
    person: new Identified(),
    price: new PriceSteps(),
    learnt: input.learnt ?? null,
    hold: holdNothing,
    ...{ asking: null, asked: new Asked(), ghost: null },
    declaredRow: row,
    request,
    exchange,
    imp: request.imps[0]!,
    known: 0,
    currency: 0 as CurrencyCode,
    now: input.now,
    furthest: Outcome.BID,
  };
}

function explained(input: ExplainInput, exchange: Exchange, request: BidRequest): Explanation {
  const decision = decisionFor(input, request, exchange);
  const consent = consentOf(decision);
  const offers = new Offers();
  const opened = deadlinePassed(request, exchange)
    ? Outcome.DEADLINE
    : openRequest(decision, request, exchange, input.now, offers);
  const declared = input.segments !== null && consent.decision === "granted";
  const at: ExplainCase = {
    decision,
    config: input.config,
    places: input.places,
    absent: input.absent ?? new Map(),
    plain: plainRequestOf(input.request, request),
    buyings: buyingsOf(decision.table, input.config),
    epoch: input.world.index.epoch,
    declared,
    money: input.money ?? null,
  };
  // The bid path itself says what is offered; what follows only tells why.
  const outcome =
    opened === Outcome.BID ? decide(decision, request, exchange, input.now, offers) : opened;
  const imps = opened === Outcome.BID ? explainImps(at, input, offers) : [];
  return {
    status: 200,
    exchange: exchange.name,
    generation: input.world.generation,
    epoch: input.world.index.epoch,
    at: new Date(input.now).toISOString(),
    outcome: labelOf(outcome, declared),
    reason: requestReason(at, outcome, consent),
    consent,
    currency: opened === Outcome.BID ? unpackAlpha3(decision.currency) : "",
    person: personOf(input, consent),
    imps,
  };
}

/**
 * What the exchange's time leaves after the network's share: nothing means no answer could be in
 * time.
 */
function deadlinePassed(request: BidRequest, exchange: Exchange): boolean {
  const tmaxMs = request.tmaxMs === 0 ? exchange.tmaxDefaultMs : request.tmaxMs;
  return tmaxMs < exchange.networkMarginMs;
}

function explainImps(at: ExplainCase, input: ExplainInput, offers: Offers): ImpExplained[] {
  const { request } = at.decision;
  const rows = Math.ceil((input.rowsMax ?? explainRowsMax) / request.impCount);
  const only = input.lineItems == null ? null : new Set(input.lineItems);
  const limits: ImpLimits = { rows, only };
  return Array.from({ length: request.impCount }, (_, imp) => explainImp(at, imp, offers, limits));
}

function consentOf({ request, world }: Decision): ConsentExplained {
  const country = request.country as CountryCode;
  const { privacy } = world;
  const decision = grantOf(request.consent, country, privacy);
  const market = privacy.marketByCountry.get(country) ?? privacy.otherMarket;
  return {
    market: market.name,
    rule: consentRuleLabel(consentRuleOf(request.consent, country, privacy)),
    decision: isGrant(decision) ? "granted" : decision === CONTEXTUAL ? "contextual" : "none",
  };
}

function personOf({ segments, places }: ExplainInput, consent: ConsentExplained): PersonExplained {
  const unread = "identifiers of the request are not read";
  if (segments === null) {
    const words = `nobody: no segments were declared, and ${unread}`;
    return { kind: "nobody", segments: [], unknownPlaces: [], words };
  }
  const known = segments.filter((name) => places.has(name));
  const unknownPlaces = segments.flatMap((name, i) => (places.has(name) ? [] : [i + 1]));
  const unknown =
    unknownPlaces.length === 0
      ? ""
      : `; this snapshot has no segment of the name at place ${listed(unknownPlaces.map(String))}`;
  const words =
    consent.decision === "granted"
      ? `declared segments: ${listed(known, "none")}${unknown}; ${unread}`
      : `consent allows no look-up (${consent.rule}): the declared segments do not count`;
  return { kind: "declared", segments: known, unknownPlaces, words };
}
