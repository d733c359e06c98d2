import type { MessagePort } from "node:worker_threads";
import { assert } from "../base/assert.js";
import { type SipKey, sipKeyPosted } from "../base/hash.js";
import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import { sweepSlots } from "../bid/reserve.js";
import { type SharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import type { Exchange } from "../campaign/exchange.js";
import type { BidAnswer, EdgeApp } from "../edge/http-edge.js";
import { NoticeParameters, parseNotice } from "../wire/notice.js";
import { landingPageOf } from "../wire/template.js";
import { TokenFields } from "../wire/token-format.js";
import { type TokenSecret, tokenKeyFrom } from "../wire/token-key.js";
import { TokenReader } from "../wire/token-reader.js";
import { TokenWriter } from "../wire/token-writer.js";
import { mayAsk, QueryRate } from "./admission.js";
import type { Bidder } from "./bidder.js";
import { type Bidding, openBidding } from "./bidding.js";
import { ContextSampler } from "./context-sampler.js";
import { NoticeResult, Single, WorkerCounters } from "./counters.js";
import { edgeWorkerData, postToMain, startEdgeWorker } from "./edge-shell.js";
import { exchangeNow } from "./exchange-now.js";
import { createLog } from "./log.js";
import { clearingOf, NoticeDesk } from "./notice-desk.js";
import type { ExchangePriceKeys } from "./price-key-files.js";
import { realClock } from "./real-clock.js";
import { LoadShedder } from "./shedding.js";
import { Rehearsal, rehearse } from "./warm-up.js";
import type { WarmUp } from "./warm-up-world.js";
import { reasonOf } from "./worker-messages.js";
import { type ServedWorld, servedWorldFrom, type WorldParts } from "./world-parts.js";

/** What main gives each edge worker at its start. */
export type EdgeWorkerOwn = {
  readonly buffers: SharedBuffers;
  readonly workers: number;
  readonly boot: number;
  readonly identifierKey: SipKey;
  readonly askingKey: SipKey;
  readonly holdOutKey: SipKey;
  readonly tokenSecrets: readonly TokenSecret[];
  readonly counters: SharedArrayBuffer;
  /** null: the port opens at once, and the first seconds of a full load are shed. */
  readonly warmUp: WarmUp | null;
};
/** A World as main posts it, with the counters' places of its exchanges. */
export type EdgeWorld = {
  readonly parts: WorldParts;
  readonly slots: Uint8Array;
  readonly priceKeys: readonly ExchangePriceKeys[];
};
/** Posted once, before the port opens. */
export type EdgePorts = { readonly money: MessagePort };

const tickMs = 50;
/** Slots looked at in one tick: a part of 2^22 slots in about 21 s, 0.1 ms of each tick. */
const sweepSlotsPerTick = 10_000;

const { index, own } = edgeWorkerData();
const { buffers, workers, boot, tokenSecrets, ...posted } = own as EdgeWorkerOwn;
const { counters: cells, warmUp } = posted;
const clock = realClock;
const state = sharedStateFrom(buffers, index);
const counters = new WorkerCounters(cells);
const log = createLog({ part: `worker-${index}`, level: "warn" });
const desk = new NoticeDesk(state, buffers);
const shedder = new LoadShedder();
const queryRate = new QueryRate(workers);
const tokenKeys = tokenSecrets.map(tokenKeyFrom);
assert(tokenKeys.length > 0, "a token key is needed");
const reader = new TokenReader(tokenKeys);
const token = new TokenFields();
const said = new NoticeParameters();
const sampler = new ContextSampler(clock, state.learnt, postToMain);
const sinks = { state, ring: desk.ring, counters, sampler };
const keys = {
  identifierKey: sipKeyPosted(posted.identifierKey),
  askingKey: sipKeyPosted(posted.askingKey),
  holdOutKey: sipKeyPosted(posted.holdOutKey),
};

let served: ServedWorld | null = null;
let bidding: Bidding | null = null;
let draining = false;
let priceKeys: readonly ExchangePriceKeys[] = [];

function adopt(payload: unknown): void {
  const { parts: world, slots, priceKeys: priceKeysNow } = payload as EdgeWorld;
  priceKeys = priceKeysNow;
  counters.useSlots(slots);
  served = servedWorldFrom(world);
  sampler.adopt(served);
  bidding?.bidder.adopt(served);
}

/**
 * The bidder is made after the warm-up: fields that have held a fraction by then are laid out in
 * another way, and an object of before would throw compiled code away at its first use.
 */
async function beforeListening(): Promise<void> {
  if (warmUp !== null) await warmedUp(warmUp);
  assert(served !== null, "a World comes before the port");
  bidding = openBidding(clock, keys, new TokenWriter(tokenKeys[0]!, index, boot), sinks, served);
}

/** Whatever is wrong here costs speed alone. */
async function warmedUp({ order, msMax }: WarmUp): Promise<void> {
  const identifierKey = sipKeyPosted(order.identifierKey);
  try {
    const rehearsal = new Rehearsal({ ...order, identifierKey }, clock);
    await rehearse(rehearsal, clock, { nsMax: msMax * 1e6, goesOn: () => !draining });
  } catch (error) {
    log.error({ reason: reasonOf(error) }, "the warm-up failed: this worker starts cold");
  }
}

/** The edge opens its port after the first World only. */
function serving(): Bidder {
  assert(bidding !== null, "a World comes before the port");
  return bidding.bidder;
}

const notice: EdgeApp["notice"] = (kind, query, done) => {
  parseNotice(kind, query, "", said);
  if (!reader.read(said.token, token)) {
    counters.notice(kind, NoticeResult.FORGED);
    done(204, "");
    return;
  }
  const nowMs = clock.nowMs();
  const { templates } = serving().world;
  const landing = kind === NoticeKind.CLICK ? landingPageOf(templates, token.creative) : "";
  if (nowMs / 1000 - token.timeSec > tokenLifeSec) {
    counters.notice(kind, NoticeResult.EXPIRED);
    done(landing === "" ? 204 : 302, landing);
    return;
  }
  const facts = {
    kind,
    lossCode: said.lossCode,
    clearingMicros: clearingOf(said, token, priceKeys),
    minToWinMicros: said.minToWinMicros,
  };
  desk.take(token, facts, landing, nowMs, (status, location) => {
    counters.notice(kind, status === 503 ? NoticeResult.UNAVAILABLE : NoticeResult.COUNTED);
    done(status, location);
  });
};

/** To an exchange that the config had at the head of a request and no longer has. */
const stranger: BidAnswer = { status: 204, length: 0 };

/** A class, because an object literal with getters is a hash table to the compiler. */
class EdgeProgram implements EdgeApp {
  readonly clock = clock;
  readonly mayAsk = mayAsk;
  readonly notice = notice;
  get bodyBuffer(): Uint8Array {
    return serving().bodyBuffer;
  }
  get answerBuffer(): Uint8Array {
    return serving().answerBuffer;
  }
  exchangeOf(name: string): Exchange | null {
    return serving().world.world.exchanges.find((exchange) => exchange.name === name) ?? null;
  }
  admit(exchange: Exchange, waitedMs: number): boolean {
    if (shedder.sheds(waitedMs)) {
      counters.add(Single.SHED);
      return false;
    }
    if (queryRate.admit(exchange, clock.nowMs)) return true;
    counters.request(exchange.index);
    counters.noBid(exchange.index, Outcome.EXCHANGE_QPS);
    return false;
  }
  bid(exchange: Exchange, length: number, arrivedNs: number): BidAnswer {
    const serves = serving();
    const now = exchangeNow(serves.world.world.exchanges, exchange);
    return now === null ? stranger : serves.bid(now, length, arrivedNs);
  }
  refused(status: number): void {
    counters.refused(status);
  }
  failed(error: unknown): void {
    counters.add(Single.FAILED);
    log.error({ reason: reasonOf(error) }, "a request failed");
  }
  draining(): boolean {
    return draining;
  }
}
const app: EdgeApp = new EdgeProgram();

const ticks = setInterval(() => {
  const nowMs = clock.nowMs();
  desk.tick(nowMs);
  bidding?.counts.tick(nowMs);
  counters.setLevel(Single.COUNTS_LOST, bidding?.counts.lost ?? 0);
  sampler.step();
  sweepSlots(state, Math.floor(nowMs / 1000), sweepSlotsPerTick);
}, tickMs);

/** Every notice that was taken gets its answer, every count its record, before the worker ends. */
async function drained(): Promise<void> {
  draining = true;
  const until = clock.nowMs() + 3000;
  while ((bidding?.counts.flush() === false || desk.waiting > 0) && clock.nowMs() < until) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    desk.acknowledge();
    desk.tick(clock.nowMs());
  }
  desk.giveUp();
  clearInterval(ticks);
  moneyPort?.close();
}

let moneyPort: MessagePort | null = null;
function listenToMoney(payload: unknown): void {
  moneyPort = (payload as EdgePorts).money;
  moneyPort.on("message", () => desk.acknowledge());
}

startEdgeWorker({
  app,
  adopt,
  beforeListening,
  message: listenToMoney,
  drained,
  shedder,
  counters,
});
