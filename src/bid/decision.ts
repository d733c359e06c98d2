import type { SipKey } from "../base/hash.js";
import type { Outcome } from "../base/outcome.js";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CampaignTable } from "../campaign/table.js";
import type { Asked, Asking } from "./ask-counts.js";
import type { Identified } from "./identify.js";
import type { Learnt } from "./learnt.js";
import type { Offer } from "./offer.js";
import type { BidRequest, ImpRecord } from "./request.js";
import type { Scratch } from "./scratch.js";
import type { World } from "./world.js";

/**
 * How a price was built, for the bid and for explain. Micros CPM in the currencies that the names
 * say.
 */
export class PriceSteps {
  baseMicros = 0;
  /** Product of the context modifiers that met, after its bounds. */
  contextPermille = 1000;
  /** The ladder step of the person's groups; 1000 = none. */
  personPermille = 1000;
  /** Value in context x person, before shading. */
  valueMicros = 0;
  /** The share of the value that its strategy bids, parts of `shareOne` (bid/learnt). */
  share = 1_000_000;
  /** value x share, before the clamp. */
  wantedMicros = 0;
  /** The bid floor and the maximum in the advertiser's currency. */
  floorMicros = 0;
  maxMicros = 0;
  /** What we bid: in the advertiser's currency, and in the answer's. */
  reservedMicros = 0;
  priceMicros = 0;
}

/**
 * Takes what an offer costs (allowance, cap, reservation) and fills the offer's slot and cell; BID,
 * or why not. Explain, replay and `test: 1` pass one that keeps nothing.
 */
export type Hold = (decision: Decision, entry: number, offer: Offer) => Outcome;

/** Notes that an offer was not made because the person is in the campaign's control group. */
export type Ghost = (decision: Decision, offer: Offer) => void;

/** Everything one decision reads and writes; one a worker and World, reused by every request. */
export type Decision = {
  readonly world: World;
  readonly table: CampaignTable;
  readonly scratch: Scratch;
  readonly identifierKey: SipKey;
  readonly person: Identified;
  readonly price: PriceSteps;
  /** What notices have taught; null = nothing (replay, tests). */
  readonly learnt: Learnt | null;
  hold: Hold;
  /** null = nobody can be asked about: nobody is looked up (explain, replay). */
  readonly asking: Asking | null;
  readonly asked: Asked;
  /** null = ghosts are not noted (`test: 1`, explain). */
  ghost: Ghost | null;
  /** Explain only: the row of a person who is in the declared segments, in place of any look-up. */
  declaredRow: Uint32Array | null;
  request: BidRequest;
  exchange: Exchange;
  imp: ImpRecord;
  /** 1 = the person has an ordinal and may be asked about: audiences can be true; else 0. */
  known: number;
  currency: CurrencyCode;
  now: UnixMs;
  /** The furthest refusal so far: what the request is counted under when nothing is offered. */
  furthest: Outcome;
};
