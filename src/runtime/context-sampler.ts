import { discardIdentifiers, indexOfNobody } from "../admin/anonymous-request.js";
import { FunnelCode } from "../admin/desk/funnel-code.js";
import type { Clock } from "../base/clock.js";
import { SipKey } from "../base/hash.js";
import { gunzipBytesMax } from "../base/limits.js";
import { Outcome } from "../base/outcome.js";
import { considerLineItem, openRequest } from "../bid/decide.js";
import type { Decision } from "../bid/decision.js";
import { holdNothing } from "../bid/hold.js";
import type { Learnt } from "../bid/learnt.js";
import { firstUnmetPredicate } from "../bid/match.js";
import { Offers } from "../bid/offer.js";
import { BidRequest } from "../bid/request.js";
import { resolveImp } from "../bid/values.js";
import type { World } from "../bid/world.js";
import type { Exchange } from "../campaign/exchange.js";
import { readConsent } from "../wire/consent.js";
import { ConsentCache } from "../wire/consent-cache.js";
import { DecodeResult, decodeInto } from "../wire/decode.js";
import { type DecisionParts, decisionOf } from "./decision-of.js";
import type { ServedWorld } from "./world-parts.js";

/** One request's outcome in context for each line item of a World, by the table's index. */
export type ContextSample = {
  readonly generation: number;
  readonly exchange: number;
  /** FunnelCode */
  readonly codes: Uint8Array<ArrayBuffer>;
};

/** Of each 50 ms tick, looked at every 64 line items: about 1 % of a worker with the first look. */
const stepNsMax = 200_000;
/** Line items between two looks at the clock. */
const lineItemsAtOnce = 64;

/**
 * Why line items do not come into question, from a sample of requests, beside the bids: the next
 * request after the last sample was done is copied, and between two ticks of the worker a few line
 * items are asked about it. It is asked as explain asks: identifiers are wiped, and the index holds
 * nobody, so that nothing of a person can be in a code. At most 20 requests a second; a request
 * that comes meanwhile costs one comparison.
 */
export class ContextSampler {
  /** True: the next request is taken. */
  idle = false;
  private readonly clock: Clock;
  private readonly parts: DecisionParts;
  private readonly consent = new ConsentCache();
  private readonly post: (sample: ContextSample) => void;
  private readonly body = new Uint8Array(gunzipBytesMax);
  private length = 0;
  private exchange: Exchange | null = null;
  private readonly request = new BidRequest();
  private readonly offers = new Offers();
  private served: ServedWorld | null = null;
  private decision: Decision | null = null;
  private codes = new Uint8Array(0);
  private imp = 0;
  private lineItem = 0;
  private opened = false;

  constructor(clock: Clock, learnt: Learnt | null, post: (sample: ContextSample) => void) {
    this.clock = clock;
    const nobody = { identifierKey: noKey, hold: holdNothing, asking: null };
    this.parts = learnt === null ? nobody : { ...nobody, learnt };
    this.post = post;
  }

  /** A sample that is under way is of another World: it goes. */
  adopt(served: ServedWorld): void {
    this.served = served;
    this.decision = null;
    this.exchange = null;
    this.idle = true;
  }

  /** A decided request; called while `idle`. */
  take(bytes: Uint8Array, length: number, exchange: Exchange): void {
    if (length > this.body.length) return;
    this.body.set(bytes.subarray(0, length));
    this.length = length;
    this.exchange = exchange;
    this.idle = false;
    this.opened = false;
  }

  /** Every tick: goes on with the sample for a moment. */
  step(): void {
    const { exchange, served } = this;
    if (exchange === null || served === null) return;
    this.decision ??= this.decisionOver(served.world);
    if (!this.opened && !this.open(this.decision, exchange)) return;
    const untilNs = this.clock.monotonicNs() + stepNsMax;
    while (this.imp < this.request.impCount) {
      if (!this.considerImp(this.decision, untilNs)) return;
      this.imp++;
      this.lineItem = 0;
    }
    this.finish();
  }

  private decisionOver(world: World): Decision {
    const nobodys = { ...world, index: indexOfNobody(world.index.rowWords) };
    return decisionOf(nobodys, this.request, this.parts);
  }

  /** False: the request as a whole is done with. */
  private open(decision: Decision, exchange: Exchange): boolean {
    const { request, served, offers } = this;
    const { table } = decision;
    const decoded = decodeInto(request, this.body.subarray(0, this.length));
    this.body.fill(0, 0, this.length);
    this.codes = new Uint8Array(table.lineItemId.length);
    if (decoded !== DecodeResult.OK || request.test !== 0 || served === null) {
      this.again();
      return false;
    }
    const now = this.clock.nowMs();
    readConsent(request, served.world.privacy, this.consent, now);
    discardIdentifiers(request);
    const outcome = openRequest(decision, request, exchange, now, offers);
    this.opened = true;
    this.imp = 0;
    this.lineItem = 0;
    if (outcome === Outcome.BID) return true;
    this.codes.fill(outcome);
    this.finish();
    return false;
  }

  /** False: its time is over, and line items are left. */
  private considerImp(decision: Decision, untilNs: number): boolean {
    const { request, codes } = this;
    const { table, scratch } = decision;
    const imp = request.imps[this.imp]!;
    if (imp.usable === 0) return true;
    decision.imp = imp;
    // The stamps of the imp are this sample's own: nobody else writes its scratch.
    if (this.lineItem === 0 && !resolveImp(table, scratch, request, this.imp)) return true;
    while (this.lineItem < codes.length) {
      const last = Math.min(codes.length, this.lineItem + lineItemsAtOnce);
      for (; this.lineItem < last; this.lineItem++) {
        scratch.entryCount = scratch.heapCount = 0;
        const code = codeOf(decision, this.lineItem);
        if (furtherThan(code, codes[this.lineItem]!)) codes[this.lineItem] = code;
      }
      if (this.lineItem < codes.length && this.clock.monotonicNs() >= untilNs) return false;
    }
    return true;
  }

  private finish(): void {
    const { exchange, served, codes } = this;
    if (exchange !== null && served !== null) {
      const { generation } = served.world;
      this.post({ generation, exchange: exchange.id, codes });
    }
    this.again();
  }

  private again(): void {
    this.exchange = null;
    this.idle = true;
  }
}

/** Keeps no identifier: nothing is hashed where nothing is left to hash. */
const noKey = new SipKey(0, 0, 0, 0);

/** Of nobody: whoever could bid for an audience's people comes as far as its audience. */
function codeOf(decision: Decision, lineItem: number): number {
  const outcome = considerLineItem(decision, lineItem);
  if (outcome === Outcome.BID || outcome === Outcome.AUDIENCE) return FunnelCode.ELIGIBLE;
  if (outcome !== Outcome.TARGETING) return outcome;
  const predicate = firstUnmetPredicate(decision.table, decision.scratch, lineItem);
  if (predicate < 0) return outcome;
  const { predDimension, predExclude } = decision.table;
  const excludes = predExclude[predicate] === 1 ? FunnelCode.EXCLUDED : 0;
  return FunnelCode.TARGETING | excludes | predDimension[predicate]!;
}

/** Of several imps the one counts where it came furthest. */
function furtherThan(code: number, than: number): boolean {
  return rankOf(code) > rankOf(than);
}

const rankOf = (code: number): number =>
  code === FunnelCode.ELIGIBLE ? 255 : code >= FunnelCode.TARGETING ? Outcome.TARGETING : code;
