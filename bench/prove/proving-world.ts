import type { SipKey } from "../../src/base/hash.js";
import { Hash64, sipKeyFrom } from "../../src/base/hash.js";
import { AskCounts, type Asking, askCountBytes } from "../../src/bid/ask-counts.js";
import { isControl, windowFrom } from "../../src/bid/asking.js";
import { holdNothing, holdOn } from "../../src/bid/hold.js";
import { keyedHashInto } from "../../src/bid/keyed.js";
import { sweepSlots } from "../../src/bid/reserve.js";
import type { CampaignBook } from "../../src/campaign/model.js";
import { Bidder } from "../../src/runtime/bidder.js";
import { readConfig } from "../../src/runtime/read-config.js";
import type { ConfigReading } from "../../src/runtime/world-desk-parts.js";
import { rosterOn } from "../../src/testing/asking-world.js";
import {
  type InProcess,
  startInProcess,
  type TestPerson,
  testIdentifierKey,
  testTokenSecret,
} from "../../src/testing/in-process.js";
import { tokenKeyFrom } from "../../src/wire/token-key.js";
import { TokenWriter } from "../../src/wire/token-writer.js";

/** The demo's config with people of ours, and answers without what differs from bid to bid. */
export type ProvingWorld = {
  readonly whole: InProcess;
  readonly bidder: Bidder;
  readonly asking: Asking;
  /** The answer's text, each token and `bid.id` masked; "" = 204. */
  readonly answer: (exchange: string, request: object) => string;
  /** The clock goes on until every reservation is over: what pended with a cap is free again. */
  readonly expire: () => void;
};

export type ProvingOptions = {
  readonly book?: CampaignBook;
  readonly otherSegments?: readonly string[];
  /** Only the audiences of the day's roster answer; absent: all of them. */
  readonly dayChoice?: boolean;
  /** Money and caps are taken; absent: an answer leaves nothing behind. */
  readonly caps?: boolean;
};

const hash = new Hash64();
const expiryMsMax = 3_700_000;
export const provingNowMs = Date.UTC(2026, 10, 26, 12);
const keyOf = (fill: number): SipKey => sipKeyFrom(new Uint8Array(16).fill(fill));

/** Read once: worlds are built of it by the dozen, and none changes it. */
let demo: ConfigReading | null = null;

function demoReading(): ConfigReading {
  demo ??= readConfig("config/demo", provingNowMs as never);
  return demo;
}

export function demoBook(): CampaignBook {
  const { config } = demoReading();
  if (config === null) throw new Error("the demo's config is broken");
  return config.book;
}

export async function provingWorld(
  people: readonly TestPerson[],
  { book, otherSegments = [], dayChoice = false, caps = false }: ProvingOptions = {},
): Promise<ProvingWorld> {
  const day = Math.floor(provingNowMs / 86_400_000);
  const whole = await startInProcess({
    ...{ configFolder: "config/demo", now: provingNowMs, seed: 1, snapshot: { people } },
    otherSegments,
    ...(dayChoice ? { roster: rosterOn(book ?? demoBook(), day) } : {}),
    read: demoReading(),
    reading: (reading) => {
      const { config } = reading;
      return { ...reading, config: config && { ...config, book: book ?? config.book } };
    },
  });
  const counts = new AskCounts(new SharedArrayBuffer(askCountBytes(2 ** 22)));
  const asking = { key: keyOf(3), holdOutKey: keyOf(5), counts };
  const bidder = new Bidder(
    {
      ...{ clock: whole.clock, identifierKey: testIdentifierKey, counters: null, asking },
      tokens: new TokenWriter(tokenKeyFrom(testTokenSecret), 1, 1),
      hold: caps ? holdOn(whole.state, () => 0) : holdNothing,
    },
    whole.bidder.world,
  );
  const { exchanges } = bidder.world.world;
  const answer = (name: string, request: object): string => {
    const exchange = exchanges.find((one) => one.name === name);
    if (exchange === undefined) throw new Error(`there is no exchange ${name}`);
    const body = Buffer.from(JSON.stringify(request));
    bidder.bodyBuffer.set(body);
    const { status, length } = bidder.bid(exchange, body.length, whole.clock.monotonicNs());
    if (status === 204) return "";
    if (status !== 200) throw new Error(`answered ${status}`);
    return masked(Buffer.from(bidder.answerBuffer.subarray(0, length)).toString());
  };
  const expire = (): void => {
    whole.clock.advance(expiryMsMax);
    const nowSec = Math.floor(whole.clock.nowMs() / 1000);
    sweepSlots(whole.state, nowSec, whole.state.slotsTouched);
  };
  return { whole, bidder, asking, answer, expire };
}

/** A token is 88 characters; `bid.id`, `bidid` and a cache-buster are made of its last 12. */
export const masked = (answer: string): string =>
  answer
    .replaceAll(/t(=|%3D)[\w-]{88}/g, "t$1T")
    .replaceAll(/"(bidid|id)":"[\w-]{12}"/g, '"$1":"B"')
    .replaceAll(/cb=\d{12}/g, "cb=C");

export function idfaOf(n: number): string {
  const hex = n.toString(16).toUpperCase().padStart(12, "0");
  return `5EED0000-0000-4000-A000-${hex}`;
}

/** Whom a request is about, in place of whoever it was made for. */
export function requestOf(request: Readonly<Record<string, unknown>>, idfa: string): object {
  const device = request["device"] as object;
  return { ...request, device: { ...device, os: "iOS", ifa: idfa } };
}

/**
 * The arm of an ordinal: its control groups and its audiences of the day. Equal texts, equal arms.
 */
export function armOf({ bidder, asking }: ProvingWorld, ordinal: number): string {
  const { table, rosterDay } = bidder.world.world;
  keyedHashInto(asking.key, ordinal, 0, hash);
  const windows = Array.from(table.agencyId, (id, agency) =>
    windowFrom(hash, id, rosterDay, table.agencyPlaces[agency]!),
  );
  return `${controlOf({ bidder, asking }, ordinal).join()}|${windows.join()}`;
}

/** Campaigns whose control group the ordinal is in. */
export const controlOf = (
  { bidder, asking }: Pick<ProvingWorld, "bidder" | "asking">,
  ordinal: number,
): readonly number[] =>
  [...new Set(bidder.world.world.table.lineItemCampaign)].filter((id) =>
    isControl(asking.holdOutKey, ordinal, id),
  );
