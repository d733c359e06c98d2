import { isMainThread, workerData } from "node:worker_threads";
import { Outcome } from "../src/base/outcome.js";
import { decide } from "../src/bid/decide.js";
import type { Decision } from "../src/bid/decision.js";
import { holdNothing } from "../src/bid/hold.js";
import { Bidder, type BidderParts } from "../src/runtime/bidder.js";
import type { ServedWorld } from "../src/runtime/world-parts.js";
import { readConsent } from "../src/wire/consent.js";
import type { ConsentCache } from "../src/wire/consent-cache.js";
import { jsonAnswer } from "./json-answer.js";
import { fillFromJson, type JsonRequest } from "./json-request.js";

/**
 * Loaded before an edge worker's own entry, makes our server one with JSON.parse and JSON.stringify
 * at its border: the same edge, World, decision, money and counters. It reads the members that the
 * banner requests of the bench have, and answers one bid.
 */
type Inner = {
  readonly parts: BidderParts;
  readonly consent: ConsentCache;
  readonly served: ServedWorld;
  readonly decisionNow: Decision;
};

export function putJsonAtTheBorder(): void {
  Bidder.prototype.bid = function bidByJson(exchange, length, arrivedNs) {
    const { parts, consent, served, decisionNow } = this as unknown as Inner;
    const { request, offers, answerBuffer } = this;
    const { counters, counts, clock } = parts;
    counters?.request(exchange.index);
    const bytes = Buffer.from(request.bytes.buffer, 0, length);
    fillFromJson(request, JSON.parse(bytes.toString()) as JsonRequest, length);
    const now = clock.nowMs();
    decisionNow.now = now;
    readConsent(request, served.world.privacy, consent, now);
    decisionNow.hold = request.test === 0 ? parts.hold : holdNothing;
    decisionNow.ghost = request.test === 0 ? (parts.ghost ?? null) : null;
    this.outcome = decide(decisionNow, request, exchange, now, offers);
    const answer =
      this.outcome === Outcome.BID
        ? jsonAnswer(request, offers, exchange, served, parts.tokens)
        : null;
    if (answer === null) offers.count = 0;
    counts?.add(request, exchange, offers, decisionNow.table, now);
    counters?.latency((clock.monotonicNs() - arrivedNs) / 1000);
    if (answer === null) {
      counters?.noBid(exchange.index, this.outcome);
      return { status: 204, length: 0 };
    }
    counters?.bids(exchange.index, offers.count);
    const out = Buffer.from(answerBuffer.buffer);
    return { status: 200, length: out.write(JSON.stringify(answer)) };
  };
}

const data = workerData as object | null;
if (!isMainThread && data !== null && "generations" in data) putJsonAtTheBorder();
