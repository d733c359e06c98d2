import { Outcome } from "../src/base/outcome.js";
import { decide } from "../src/bid/decide.js";
import { Offers } from "../src/bid/offer.js";
import type { Exchange } from "../src/campaign/exchange.js";
import { detachOnce } from "../src/runtime/detach-once.js";
import { type InProcess, startInProcess, type TestPerson } from "../src/testing/in-process.js";
import { syntheticPerson } from "../src/testing/synthetic-index.js";
import { readConsent } from "../src/wire/consent.js";
import { ConsentCache } from "../src/wire/consent-cache.js";
import { DecodeResult, decode } from "../src/wire/decode.js";
import { dealName, type MatchingWorld, matchingWorlds } from "./matching-worlds.js";
import { workload } from "./workload.js";

export type MatchingSize = {
  readonly lineItems: readonly number[];
  readonly people: number;
  readonly bodies: number;
  readonly rounds: number;
};
export const matchingFull: MatchingSize = {
  ...{ lineItems: [1000, 10_000, 100_000], people: 20_000, bodies: 400, rounds: 80 },
};
/** Fewer rounds where they take longer. */
const roundsMsMax = 4000;
/** What matching may cost at the most line items in the canonical mix, over the fewest. */
const ratioMax = 2;

/** One bidder's decision over a World, and bodies to be decoded for it one after the other. */
export type Decisions = {
  readonly whole: InProcess;
  readonly bodies: readonly Uint8Array[];
  readonly exchange: Exchange;
  readonly consent: ConsentCache;
  readonly offers: Offers;
};

export async function decisionsOf(
  world: MatchingWorld,
  lineItems: number,
  { people, bodies }: Pick<MatchingSize, "people" | "bodies">,
): Promise<Decisions> {
  detachOnce();
  const book = world.book(lineItems);
  const whole = await startInProcess({
    configFolder: "config/demo",
    now: Date.now(),
    seed: 1,
    places: 2 * lineItems,
    snapshot: { people: peopleOf(people) },
    reading: ({ config, ...rest }) => ({
      ...rest,
      config: config === null ? null : { ...config, book },
    }),
  });
  return {
    ...{ whole, consent: new ConsentCache(), offers: new Offers() },
    exchange: { ...whole.bidder.world.world.exchanges[0]!, maxBidsPerImp: 1 },
    bodies: workload("bid", bodies, people).map((body) => withDeals(body, world.deals ?? 0)),
  };
}

function peopleOf(count: number): readonly TestPerson[] {
  return Array.from({ length: count }, (_, n) => {
    const { identifiers, segments } = syntheticPerson(n + 1);
    return { idfa: identifiers[0]!.value, segments };
  });
}

function withDeals(body: Buffer, deals: number): Buffer {
  if (deals === 0) return body;
  const request = JSON.parse(body.toString()) as { readonly imp: [Record<string, unknown>] };
  const named = Array.from({ length: deals }, (_, n) => ({ id: dealName(n), bidfloor: 0.1 }));
  request.imp[0]["pmp"] = { private_auction: 1, deals: named };
  return Buffer.from(JSON.stringify(request));
}

/**
 * Microseconds a decision without its decoding, the mean of the best round less what looking at the
 * clock costs; and the share of requests that are bid on.
 */
export function decisionUs(
  decisions: Decisions,
  rounds: number,
): { readonly us: number; readonly bids: number } {
  const { whole, bodies } = decisions;
  let bestMs = Number.POSITIVE_INFINITY;
  let lookMs = Number.POSITIVE_INFINITY;
  let bids = 0;
  const began = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round > 1 && performance.now() - began > roundsMsMax) break;
    bids = 0;
    let ms = 0;
    for (const body of bodies) {
      const took = decideMs(decisions, body);
      if (took < 0) ms -= took;
      else {
        ms += took;
        bids++;
      }
    }
    bestMs = Math.min(bestMs, ms / bodies.length);
    let look = 0;
    for (let i = 0; i < bodies.length; i++) look -= performance.now() - performance.now();
    lookMs = Math.min(lookMs, look / bodies.length);
    // Reservations of this round have expired before the next.
    whole.clock.advance(3_600_000);
  }
  return { us: 1000 * (bestMs - lookMs), bids: bids / bodies.length };
}

/** Milliseconds; below zero where there is no bid. */
function decideMs({ whole, exchange, consent, offers }: Decisions, body: Uint8Array): number {
  const { bidder, clock } = whole;
  const { request, decision } = bidder;
  request.bytes.set(body);
  if (decode(request, body.length) !== DecodeResult.OK) throw new Error("a body was refused");
  const now = clock.nowMs();
  readConsent(request, bidder.world.world.privacy, consent, now);
  const started = performance.now();
  const outcome = decide(decision, request, exchange, now, offers);
  const tookMs = performance.now() - started;
  return outcome === Outcome.BID ? tookMs : -tookMs;
}

/** What a decision costs by the number of line items, in the usual mix and the worst of others. */
export async function printMatching(
  size: MatchingSize,
  write: (line: string) => void,
): Promise<boolean> {
  const { lineItems } = size;
  write(`| world | ${lineItems.map((n) => `${n} line items`).join(" | ")} | ratio | bids |`);
  write(`| --- | ${lineItems.map(() => "---").join(" | ")} | --- | --- |`);
  let holds = true;
  for (const world of matchingWorlds) {
    const cells: { us: number; bids: number }[] = [];
    for (const n of lineItems) {
      cells.push(decisionUs(await decisionsOf(world, n, size), size.rounds));
    }
    const ratio = cells.at(-1)!.us / cells[0]!.us;
    if (world === matchingWorlds[0]) holds = ratio <= ratioMax;
    const row = cells.map(({ us }) => `${us.toFixed(2)} us`).join(" | ");
    const bids = cells.map((cell) => cell.bids.toFixed(2)).join(", ");
    write(`| ${world.name} | ${row} | ${ratio.toFixed(1)} | ${bids} |`);
  }
  return holds;
}
