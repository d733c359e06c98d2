import type { Clock } from "../base/clock.js";
import type { SipKey } from "../base/hash.js";
import { NOBODY } from "../base/ids.js";
import {
  cappedAsksAt,
  personAnswersMax,
  repeatedAsksAt,
  responseBytesMax,
} from "../base/limits.js";
import { Outcome } from "../base/outcome.js";
import type { Asking } from "../bid/ask-counts.js";
import { decide } from "../bid/decide.js";
import type { Decision, Ghost, Hold } from "../bid/decision.js";
import { holdNothing } from "../bid/hold.js";
import type { Learnt } from "../bid/learnt.js";
import { Offers } from "../bid/offer.js";
import { BidRequest } from "../bid/request.js";
import { tellWanted } from "../bid/wanted.js";
import type { Exchange } from "../campaign/exchange.js";
import type { BidAnswer } from "../edge/http-edge.js";
import { readConsent } from "../wire/consent.js";
import { ConsentCache } from "../wire/consent-cache.js";
import { DecodeResult, decode } from "../wire/decode.js";
import { Echo } from "../wire/echo.js";
import { encodeInto, noBidInto } from "../wire/encode.js";
import type { TokenWriter } from "../wire/token-writer.js";
import type { ContextSampler } from "./context-sampler.js";
import { AskingNote, type WorkerCounters } from "./counters.js";
import { decisionOf } from "./decision-of.js";
import type { RequestCounts } from "./request-counts.js";
import type { ServedWorld } from "./world-parts.js";

/**
 * What a bidder needs beside a World. `hold` takes the money; tests and replay pass one that keeps
 * nothing.
 */
export type BidderParts = {
  readonly clock: Clock;
  readonly identifierKey: SipKey;
  readonly tokens: TokenWriter;
  readonly hold: Hold;
  /** null = nobody is looked up. */
  readonly asking: Asking | null;
  /** Absent: ghosts are not noted. */
  readonly ghost?: Ghost;
  /** What notices have taught; absent = nothing. */
  readonly learnt?: Learnt;
  /** null = count nothing (replay, explain). */
  readonly counters: WorkerCounters | null;
  /** What reports count; absent = nothing. */
  readonly counts?: RequestCounts;
  /** Takes a request now and then for the funnels of line items; absent = none. */
  readonly sampler?: Pick<ContextSampler, "idle" | "take">;
};

/**
 * From the body's bytes to the answer's, synchronously: decode, consent, decide, encode. One a
 * thread; it owns every buffer that a request needs, so that a request allocates nothing of its
 * own.
 */
export class Bidder {
  readonly request = new BidRequest();
  readonly echo = new Echo(this.request);
  readonly answerBuffer = new Uint8Array(responseBytesMax);
  readonly offers = new Offers();
  /** Why the last request was answered as it was. */
  outcome: Outcome = Outcome.BID;
  private readonly parts: BidderParts;
  private readonly consent = new ConsentCache();
  private readonly answer: BidAnswer = { status: 204, length: 0 };
  private served: ServedWorld;
  private decisionNow: Decision;

  constructor(parts: BidderParts, served: ServedWorld) {
    this.parts = parts;
    this.served = served;
    this.decisionNow = decisionOf(served.world, this.request, parts);
    tellWanted(served.world.table, this.request);
  }

  /** Where the edge puts a body: the request's own bytes, so that nothing is copied twice. */
  get bodyBuffer(): Uint8Array {
    return this.request.bytes;
  }

  get world(): ServedWorld {
    return this.served;
  }

  /**
   * What explain asks after `bid` has run: the values and memos of the last request are still
   * there.
   */
  get decision(): Decision {
    return this.decisionNow;
  }

  /** Between two requests: new memory for memos, one assignment. */
  adopt(served: ServedWorld): void {
    this.decisionNow = decisionOf(served.world, this.request, this.parts);
    this.served = served;
    tellWanted(served.world.table, this.request);
  }

  /**
   * Answers the body in `bodyBuffer[0, length)`, which arrived at `arrivedNs`. The answer is reused
   * by the next call.
   */
  bid(exchange: Exchange, length: number, arrivedNs: number): BidAnswer {
    const { counters, counts, clock } = this.parts;
    counters?.request(exchange.index);
    const decoded = decode(this.request, length);
    if (decoded !== DecodeResult.OK) return this.refuse(exchange);
    const bytes = this.offer(exchange, arrivedNs);
    const { sampler } = this.parts;
    if (sampler?.idle === true) sampler.take(this.request.bytes, length, exchange);
    if (bytes === 0) this.offers.count = 0;
    const { table, now } = this.decisionNow;
    counts?.add(this.request, exchange, this.offers, table, now);
    counters?.latency((clock.monotonicNs() - arrivedNs) / 1000);
    if (bytes > 0) {
      counters?.bids(exchange.index, this.offers.count);
      return this.answerWith(200, bytes);
    }
    counters?.noBid(exchange.index, this.outcome);
    const noBid = noBidInto(this.echo, exchange, this.answerBuffer);
    return this.answerWith(noBid > 0 ? 200 : 204, noBid);
  }

  private offer(exchange: Exchange, arrivedNs: number): number {
    const { request, offers, served, parts, decisionNow } = this;
    const { world, templates } = served;
    const now = parts.clock.nowMs();
    decisionNow.now = now;
    readConsent(request, world.privacy, this.consent, now);
    const tmaxMs = request.tmaxMs === 0 ? exchange.tmaxDefaultMs : request.tmaxMs;
    const waitedMs = (parts.clock.monotonicNs() - arrivedNs) / 1e6;
    if (waitedMs > tmaxMs - exchange.networkMarginMs) {
      this.outcome = Outcome.DEADLINE;
      return 0;
    }
    decisionNow.hold = request.test === 0 ? parts.hold : holdNothing;
    decisionNow.ghost = request.test === 0 ? (parts.ghost ?? null) : null;
    this.outcome = decide(decisionNow, request, exchange, now, offers);
    if (parts.counters !== null) this.noteAsking(exchange, parts.counters);
    if (this.outcome !== Outcome.BID) return 0;
    const { table } = world;
    const { tokens } = parts;
    const { answerBuffer, echo } = this;
    const bytes = encodeInto(echo, offers, exchange, templates, table, tokens, answerBuffer);
    // No template, or no room: reservations of what was left out run to their expiry.
    if (bytes === 0) this.outcome = Outcome.NO_CREATIVE;
    return bytes;
  }

  /**
   * For the alarm on probing alone: no number of these leaves the process. Each note counts a
   * person once a day and exchange, or the alarm's noise would hide nobody.
   */
  private noteAsking(exchange: Exchange, counters: WorkerCounters): void {
    const { person, asked } = this.decisionNow;
    // Who it is comes last: a note is seldom due, and no other branch depends on it. By key, which
    // of the first requests it is: one clean request in front hides no mixed ones.
    if (asked.asked === 1 + (asked.hash.hi & 3) && person.ordinal !== NOBODY) {
      counters.asking(exchange.index, AskingNote.KNOWN);
      if (person.mixed === 1) counters.asking(exchange.index, AskingNote.MIXED);
    }
    const isCapped = asked.asked === cappedAsksAt && asked.answered >= personAnswersMax;
    if (isCapped && person.ordinal !== NOBODY) counters.asking(exchange.index, AskingNote.CAPPED);
    if (asked.asked === repeatedAsksAt && person.ordinal !== NOBODY) {
      counters.asking(exchange.index, AskingNote.REPEATED);
    }
  }

  private refuse(exchange: Exchange): BidAnswer {
    this.parts.counters?.refused(400);
    this.parts.counters?.unreadable(exchange.index);
    return this.answerWith(400, 0);
  }

  private answerWith(status: number, length: number): BidAnswer {
    this.answer.status = status;
    this.answer.length = length;
    return this.answer;
  }
}
