import type { ExplainInput } from "../admin/explain.js";
import type { UnixMs } from "../base/units.js";
import { AskCounts, askCountBytes } from "../bid/ask-counts.js";
import { holdNothing } from "../bid/hold.js";
import type { LoadedConfig } from "../campaign/load.js";
import { Bidder } from "../runtime/bidder.js";
import type { ServedWorld } from "../runtime/world-parts.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenWriter } from "../wire/token-writer.js";
import type { TestPerson } from "./in-process.js";
import { startInProcess, testAsking, testIdentifierKey, testTokenSecret } from "./in-process.js";

/** A Monday, noon in Shanghai. */
export const explainNow = Date.parse("2026-11-23T04:00:00Z") as UnixMs;

/** A config folder's World with people, and what explain asks of it. */
export type ExplainWorld = {
  readonly served: ServedWorld;
  readonly config: LoadedConfig;
  readonly input: (
    exchange: string,
    request: object | Uint8Array,
    segments?: readonly string[] | null,
    now?: UnixMs,
  ) => ExplainInput;
};

export async function explainWorld(
  configFolder: string,
  people: readonly TestPerson[] = [],
): Promise<ExplainWorld> {
  const whole = await startInProcess({
    ...{ configFolder, now: explainNow, seed: 1 },
    snapshot: { people },
  });
  const served = whole.bidder.world;
  return {
    served,
    config: whole.config,
    input: (exchange, request, segments = null, now = explainNow) => ({
      ...{ world: served.world, config: whole.config, places: whole.people.places, exchange, now },
      ...{ request: request instanceof Uint8Array ? request : bytesOf(request), segments },
    }),
  };
}

export const bytesOf = (request: object): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(request));

/** A bidder on the World that takes no money: what explain must agree with. */
export function bidderOn(served: ServedWorld, nowMs: () => UnixMs): Bidder {
  return new Bidder(
    {
      clock: { nowMs, monotonicNs: () => 0 as never },
      identifierKey: testIdentifierKey,
      tokens: new TokenWriter(tokenKeyFrom(testTokenSecret), 0, 1),
      hold: holdNothing,
      asking: testAsking({ asks: new AskCounts(new SharedArrayBuffer(askCountBytes(4096))) }),
      counters: null,
    },
    served,
  );
}

/**
 * What a bidder offers on a body: imp (from 1), line item id, deal's place (-1 = open), price in
 * micros.
 */
export function offersOf(bidder: Bidder, exchange: string, body: Uint8Array): string[] {
  const found = bidder.world.world.exchanges.find(({ name }) => name === exchange);
  if (found === undefined) throw new Error(`there is no exchange ${exchange}`);
  bidder.bodyBuffer.set(body);
  if (bidder.bid(found, body.length, 0).status !== 200) return [];
  const { table } = bidder.world.world;
  return bidder.offers.items
    .slice(0, bidder.offers.count)
    .map(
      ({ impIndex, lineItem, creative, priceMicros }) =>
        `imp ${impIndex + 1} line item ${table.lineItemId[lineItem]!} ` +
        `creative ${table.creativeId[creative]!} at ${priceMicros / 1e6}`,
    );
}
