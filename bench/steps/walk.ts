import { demoSegments } from "../../src/bank/generate/demo-segments.js";
import type { ManualClock } from "../../src/base/clock.js";
import { Namespace } from "../../src/base/identifier.js";
import { candidatesMax } from "../../src/base/limits.js";
import type { Decision } from "../../src/bid/decision.js";
import type { Exchange } from "../../src/campaign/exchange.js";
import type { Bidder } from "../../src/runtime/bidder.js";
import { detachOnce } from "../../src/runtime/detach-once.js";
import { syntheticModel } from "../../src/testing/campaigns.js";
import { startInProcess, type TestPerson, testTokenSecret } from "../../src/testing/in-process.js";
import {
  syntheticIdentifier,
  syntheticPerson,
  syntheticSeed,
} from "../../src/testing/synthetic-index.js";
import { ConsentCache } from "../../src/wire/consent-cache.js";
import { tokenKeyFrom } from "../../src/wire/token-key.js";
import { TokenWriter } from "../../src/wire/token-writer.js";
import { type WorkloadKind, workload } from "../workload.js";

/** What the steps of one bid read and leave to each other; the bidder's own, but for the edge. */
export type Walk = {
  readonly bidder: Bidder;
  readonly exchange: Exchange;
  readonly decision: Decision;
  readonly consent: ConsentCache;
  readonly tokens: TokenWriter;
  readonly clock: ManualClock;
  readonly bodies: readonly Buffer[];
  /** Which of the bodies is asked now. */
  body: number;
  /** By body: how many candidates the whole bid looks at. */
  readonly looked: Int32Array;
  /** The candidates that are left in context, and how many they are. */
  readonly left: Uint32Array;
  leftCount: number;
  /** The arm of each of them, -1 = in none of its audiences. */
  readonly arms: Int32Array;
  /** Lets the reservations of a round expire and empties the ring. */
  readonly renew: () => void;
};

/**
 * One step of a bid: does for the current request what the bid does there, with what the steps
 * before it have left.
 */
export type Step = { readonly name: string; readonly run: (walk: Walk) => void };

export type WalkOptions = {
  readonly kind: WorkloadKind;
  readonly lineItems: number;
  readonly people: number;
  readonly bodies: number;
};

/** The bench world of `inProcessUs` with people in it, who are asked about. */
export async function startWalk(options: WalkOptions): Promise<Walk> {
  detachOnce();
  const segments = demoSegments.map(({ name }) => name);
  const book = syntheticModel(1, options.lineItems, { segments, audienceShare: 0.3 });
  const { bidder, clock, drain } = await startInProcess({
    ...{ configFolder: "config/demo", now: Date.now(), seed: 1 },
    snapshot: { people: peopleOf(options.people) },
    reading: ({ config, ...rest }) => ({
      ...rest,
      config: config === null ? null : { ...config, book },
    }),
  });
  const [first] = bidder.world.world.exchanges;
  if (first === undefined) throw new Error("the demo has an exchange");
  const renew = (): void => {
    clock.advance(3_600_000);
    drain();
  };
  return {
    ...{ bidder, clock, renew, exchange: { ...first, maxBidsPerImp: 1 } },
    decision: bidder.decision,
    consent: new ConsentCache(),
    tokens: new TokenWriter(tokenKeyFrom(testTokenSecret), 1, 1),
    bodies: workload(options.kind, options.bodies, options.people),
    looked: new Int32Array(options.bodies),
    left: new Uint32Array(options.lineItems),
    ...{ body: 0, leftCount: 0 },
    arms: new Int32Array(options.lineItems),
  };
}

/** The same World asked for something else. */
export const askedFor = (walk: Walk, { kind, bodies, people }: WalkOptions): Walk => ({
  ...walk,
  bodies: workload(kind, bodies, people),
  looked: new Int32Array(bodies),
  ...{ body: 0, leftCount: 0 },
});

/** Those of the first `count` generated people who have an iOS identifier, as the requests do. */
function peopleOf(count: number): readonly TestPerson[] {
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((n) => {
    const first = syntheticIdentifier(syntheticSeed, n);
    if (first?.namespace !== Namespace.IDFA) return [];
    return [{ idfa: first.value, segments: syntheticPerson(n).segments }];
  });
}

/** The whole bid, which the steps together should cost. */
export function askWhole({ bidder, exchange, bodies, body, clock, looked }: Walk): number {
  const bytes = bodies[body]!;
  bidder.bodyBuffer.set(bytes);
  const { length } = bidder.bid(exchange, bytes.length, clock.monotonicNs());
  looked[body] = candidatesMax - bidder.decision.scratch.candidatesLeft;
  return length;
}
