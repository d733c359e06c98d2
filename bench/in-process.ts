import { detachOnce } from "../src/runtime/detach-once.js";
import { startInProcess } from "../src/testing/in-process.js";
import { type BookName, benchReading, bookOf } from "./scenarios/books.js";
import { workload } from "./workload.js";

const lineItems = 1000;
const bodiesCount = 2000;

/** A bidder without sockets and threads, asked as its first exchange. */
export type BenchBidder = {
  readonly bid: (body: Uint8Array) => void;
  /** Empties its ring, and lets an hour pass: its reservations have then expired. */
  readonly rest: () => void;
};

export async function benchBidder(name: BookName, count: number): Promise<BenchBidder> {
  detachOnce();
  const book = bookOf(name, count);
  const { bidder, clock, drain } = await startInProcess({
    configFolder: "config/demo",
    now: Date.now(),
    seed: 1,
    reading: (reading) => benchReading(reading, book),
  });
  const [exchange] = bidder.world.world.exchanges;
  if (exchange === undefined) throw new Error("the demo has an exchange");
  return {
    bid: (body) => {
      bidder.bodyBuffer.set(body);
      bidder.bid(exchange, body.length, clock.monotonicNs());
    },
    rest: () => {
      drain();
      clock.advance(3_600_000);
    },
  };
}

/**
 * A bid from bytes to bytes without sockets and threads, microseconds a request: what the decision
 * costs apart from HTTP, and the place to attach a profiler (`node --cpu-prof .bench/bench/main.js
 * --in-process`).
 */
export async function inProcessUs(rounds: number): Promise<number> {
  const { bid, rest } = await benchBidder("synthetic", lineItems);
  const bodies = workload("bid", bodiesCount, 1_000_000);
  let bestUs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint();
    for (const body of bodies) bid(body);
    bestUs = Math.min(bestUs, Number(process.hrtime.bigint() - started) / 1000 / bodies.length);
    rest();
  }
  return bestUs;
}
