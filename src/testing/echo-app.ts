import type { ExchangeId } from "../base/ids.js";
import { gunzipBytesMax } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { type CurrencyCode, type MonotonicNs, packAlpha3, type UnixMs } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import type { EdgeApp } from "../edge/http-edge.js";

/** An exchange as plain as can be; tests change what they are about. */
export function plainExchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    id: 1 as ExchangeId,
    index: 0,
    name: "echo",
    version: "2.6",
    atDefault: 1,
    currency: packAlpha3("USD") as CurrencyCode,
    identityOrder: [],
    maxBidsPerImp: 1,
    maxBids: 1,
    noBid: "204",
    gzipRequests: false,
    pipelining: true,
    networkMarginMs: 20,
    tmaxDefaultMs: 100,
    queriesPerSecMax: 0,
    seatRequired: false,
    priceMacro: "",
    clickMacro: "",
    notices: [NoticeKind.WIN],
    billsBy: NoticeKind.BILL,
    schainRequired: false,
    sellersBlocked: [],
    sellersAllowed: [],
    expDefaultSec: 60,
    secretSha256: "",
    addresses: [],
    dialect: 0,
    ...changes,
  };
}

/** Answered with the others of a turn of the loop. */
const { pipelining: _, ...gathered } = plainExchange();
const exchanges = new Map(
  [
    plainExchange(),
    plainExchange({ name: "old", version: "2.5" }),
    plainExchange({ name: "zipped", gzipRequests: true }),
    plainExchange({ name: "locked", secretSha256: "set" }),
    plainExchange({ name: "local", addresses: ["127.0.0.1"] }),
    plainExchange({ name: "far", addresses: ["192.0.2.1"] }),
    plainExchange({ name: "full", queriesPerSecMax: 1 }),
    { ...gathered, name: "gathered" },
    { ...gathered, name: "gathered-zipped", gzipRequests: true },
  ].map((exchange) => [exchange.name, exchange]),
);

/** What an `EchoApp` saw and did. */
export type EchoRecord = {
  bids: number;
  readonly refused: number[];
  readonly failures: unknown[];
  readonly notices: string[];
};

export type EchoApp = EdgeApp & { readonly record: EchoRecord; draining: () => boolean };

const words = { none: "none", bad: "bad", broken: "broken" } as const;

/**
 * The program behind an edge in tests: answers a body with itself. Bodies that start with "none"
 * get 204, "bad" 400, "broken" breaks an invariant. Notices answer 5 ms later; with "now" in the
 * query at once, with "broken" not at all; clicks redirect.
 */
export function echoApp(): EchoApp {
  const record: EchoRecord = { bids: 0, refused: [], failures: [], notices: [] };
  const bodyBuffer = new Uint8Array(gunzipBytesMax);
  const answerBuffer = new Uint8Array(gunzipBytesMax);
  const answer = { status: 200, length: 0 };
  return {
    record,
    clock: {
      nowMs: () => Date.now() as UnixMs,
      monotonicNs: () => (performance.now() * 1e6) as MonotonicNs,
    },
    exchangeOf: (name) => exchanges.get(name) ?? null,
    mayAsk: (exchange, secret, address) =>
      (exchange.secretSha256 === "" || secret === "open sesame") &&
      (exchange.addresses.length === 0 || exchange.addresses.includes(address)),
    admit: (exchange) => exchange.queriesPerSecMax === 0,
    bodyBuffer,
    answerBuffer,
    bid: (_exchange, length) => {
      record.bids += 1;
      const text = Buffer.from(bodyBuffer.buffer, 0, Math.min(length, 8)).toString("latin1");
      if (text.startsWith(words.broken)) throw new Error("a broken invariant");
      answer.status = text.startsWith(words.none) ? 204 : text.startsWith(words.bad) ? 400 : 200;
      answerBuffer.set(bodyBuffer.subarray(0, length));
      answer.length = length;
      return answer;
    },
    notice: (kind, query, done) => {
      if (query.includes(words.broken)) throw new Error("a broken invariant");
      record.notices.push(`${kind} ${query}`);
      const finish = (): void => {
        if (kind === NoticeKind.CLICK) done(302, "https://landing.example/?a=1");
        else done(204, "");
      };
      if (query.includes("now")) finish();
      else setTimeout(finish, 5);
    },
    refused: (status) => record.refused.push(status),
    failed: (error) => record.failures.push(error),
    draining: () => false,
  };
}
