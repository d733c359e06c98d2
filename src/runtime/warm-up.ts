import type { Clock } from "../base/clock.js";
import { RingReader, RingWriter } from "../base/ring.js";
import { sweepSlots } from "../bid/reserve.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { BidAnswer } from "../edge/http-edge.js";
import { inflateInto } from "../edge/inflate.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenWriter } from "../wire/token-writer.js";
import { type Bidding, openBidding } from "./bidding.js";
import { ContextSampler } from "./context-sampler.js";
import { newCounters, WorkerCounters } from "./counters.js";
import { detachOnce } from "./detach-once.js";
import { giveWay } from "./slices.js";
import type { WarmUpRequest } from "./warm-up-requests.js";
import { type WarmUpOrder, warmUpPlaces } from "./warm-up-world.js";
import { servedWorldFrom } from "./world-parts.js";

const slots = 2 ** 14;
const allowanceNanos = 10n ** 15n;
/** Beyond every reservation of the warm-up. */
const foreverSec = 1_000_000;

/**
 * A second worker inside of the thread, whole and for nobody: it bids on the made-up World with
 * allowances, reservations, caps, counts, counters, a ring and keys of its own, by the same code
 * and with objects of the same shapes. Nothing of it is shared with another thread.
 */
export class Rehearsal {
  readonly bidding: Bidding;
  readonly state: SharedState;
  readonly requests: readonly WarmUpRequest[];
  private readonly clock: Clock;
  private readonly sampler: ContextSampler;
  private readonly read: RingReader;

  constructor(order: WarmUpOrder, clock: Clock) {
    const buffers = createSharedBuffers({
      ...{ workers: 1, places: warmUpPlaces, slots, capEntries: 4096, ringRecords: 4096 },
    });
    const state = sharedStateFrom(buffers, 0);
    state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    const ring = buffers.rings[0]!;
    const served = servedWorldFrom(order.parts);
    this.sampler = new ContextSampler(clock, state.learnt, () => undefined);
    this.sampler.adopt(served);
    const counters = new WorkerCounters(newCounters());
    counters.useSlots(Uint8Array.from(served.world.exchanges.keys()));
    const { identifierKey } = order;
    this.bidding = openBidding(
      clock,
      { identifierKey, askingKey: identifierKey, holdOutKey: identifierKey },
      new TokenWriter(tokenKeyFrom(order.tokenSecret), 0, 0),
      { state, ring: new RingWriter(ring, state.wakeWord()), counters, sampler: this.sampler },
      served,
    );
    this.clock = clock;
    this.state = state;
    this.read = new RingReader(ring);
    this.requests = order.requests;
    this.restore();
  }

  /** The answer's bytes are in the bidder's buffer until the next call. */
  ask({ exchange, gzip, body }: WarmUpRequest): BidAnswer {
    const { bidder } = this.bidding;
    const at = bidder.world.world.exchanges[exchange]!;
    let length = body.length;
    if (gzip) length = inflateInto(body, bidder.bodyBuffer);
    else bidder.bodyBuffer.set(body);
    return bidder.bid(at, length, this.clock.monotonicNs());
  }

  /** What a round has taken is given back, so that the next one bids as the first did. */
  restore(): void {
    const { state, clock, read } = this;
    const nowSec = Math.floor(clock.nowMs() / 1000);
    this.sampler.step();
    this.bidding.counts.flush();
    read.consumeTo(read.published());
    sweepSlots(state, nowSec + foreverSec, slots);
    state.sums.fill(0n);
    state.caps.fill(0);
    state.asks.words.fill(0);
    state.allowances.fill(allowanceNanos);
    state.setCell(Cell.HEARTBEAT_SEC, nowSec);
    state.setCell(Cell.LEASED_SEC, nowSec + foreverSec);
  }
}

/** When a warm-up has done enough. */
export type WarmUpBounds = {
  readonly nsMax: number;
  /** False: the worker is to end, nothing more is worth its time. */
  readonly goesOn: () => boolean;
};
export type WarmUpEnd = { readonly rounds: number; readonly tookNs: number };

/** A round is cheaper than the best so far where it takes less than this share of its time. */
const cheaperShare = 0.97;
/**
 * Rounds in a row that were not: V8 compiles beside the thread, and nothing may happen for some. A
 * round of 288 requests took 142 ms at first, 20 after a second and 10 to 12 from the fortieth on.
 */
const idleRounds = 24;
/** The loop has its turn so often: what was compiled meanwhile is put in place, timers run. */
const sliceNs = 10e6;

/**
 * Bids on the made-up requests round after round until that gets no cheaper, so that the first
 * real ones meet compiled code. Awaits between slices: the caller's thread goes on with other work.
 */
export async function rehearse(
  rehearsal: Pick<Rehearsal, "requests" | "ask" | "restore">,
  { monotonicNs }: Pick<Clock, "monotonicNs">,
  { nsMax, goesOn }: WarmUpBounds,
): Promise<WarmUpEnd> {
  detachOnce();
  const startNs = monotonicNs();
  let [rounds, bestNs, idle] = [0, Number.POSITIVE_INFINITY, 0];
  let nowNs: number = startNs;
  while (idle < idleRounds && goesOn() && nowNs - startNs < nsMax) {
    let roundNs = 0;
    let sliceStartNs = nowNs;
    for (const request of rehearsal.requests) {
      rehearsal.ask(request);
      nowNs = monotonicNs();
      if (nowNs - sliceStartNs < sliceNs) continue;
      roundNs += nowNs - sliceStartNs;
      if (!goesOn() || nowNs - startNs >= nsMax) break;
      await giveWay();
      sliceStartNs = nowNs = monotonicNs();
    }
    roundNs += nowNs - sliceStartNs;
    rehearsal.restore();
    // Rounds become shorter than a slice.
    await giveWay();
    rounds++;
    idle = roundNs < cheaperShare * bestNs ? 0 : idle + 1;
    bestNs = Math.min(bestNs, roundNs);
    nowNs = monotonicNs();
  }
  return { rounds, tookNs: nowNs - startNs };
}
