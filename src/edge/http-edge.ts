import type { Clock } from "../base/clock.js";
import type { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";

/** What a driver answers to a bid request. */
export type BidAnswer = {
  /** 200, 204 or 400; the body below belongs to 200 only. */
  status: number;
  /** Bytes of `body` that are the answer. */
  length: number;
};

/**
 * What an HTTP driver (uws, node) asks of the program behind it. Everything but `notice` is
 * synchronous; the driver owns sockets, header guard, body cap, gunzip with output cap, and answers
 * each request exactly once.
 */
export type EdgeApp = {
  /** Times of arrival come from here; `bid` and whoever measures must read the same clock. */
  readonly clock: Clock;
  /** The exchange of `/bid/{name}`, null = 404. */
  readonly exchangeOf: (name: string) => Exchange | null;
  /**
   * Credential check: `secret` is the x-crowdbid-secret header or bearer token ("" = none),
   * `address` the peer's, given only where the exchange has a list of addresses.
   */
  readonly mayAsk: (exchange: Exchange, secret: string, address: string) => boolean;
  /**
   * False = above the exchange's queries a second or shedding: answer 204 without reading on.
   * `waitedMs`: how long the oldest request has waited that is not decided on.
   */
  readonly admit: (exchange: Exchange, waitedMs: number) => boolean;
  /**
   * Where the driver puts the (gunzipped) body before `bid`; at least `gunzipBytesMax` bytes. Valid
   * until `bid` returns:
   * a driver whose bodies interleave keeps its own copy per connection and copies here at the end.
   */
  readonly bodyBuffer: Uint8Array;
  /** Where the answer is after `bid`: copied into the socket before the next request. */
  readonly answerBuffer: Uint8Array;
  /** One bid: `length` bytes of bodyBuffer, arrived at `arrivedNs` (monotonic). */
  readonly bid: (exchange: Exchange, length: number, arrivedNs: number) => BidAnswer;
  /**
   * One notice. `query` is the raw query string (no "?"), a posted form behind it. `done` is called
   * exactly once, maybe later: 204, 503, or 302 with a location for clicks.
   */
  readonly notice: (
    kind: NoticeKind,
    query: string,
    done: (status: number, location: string) => void,
  ) => void;
  /** The driver refused by itself: 401, 404, 405, 411, 413, 415; 400 = guard, or not gzip. */
  readonly refused: (status: number) => void;
  /** `bid` or `notice` threw (a broken invariant): the driver answers 204 or 503 and goes on. */
  readonly failed: (error: unknown) => void;
  readonly draining: () => boolean;
};

export type ListenOptions = { readonly host: string; readonly port: number };

/** A running driver. */
export type HttpEdge = {
  readonly port: number;
  /** Requests that have arrived and are not answered yet. */
  readonly pending: () => number;
  /**
   * Stops accepting; answers carry `Connection: close`; resolves when the last request is answered
   * and sockets are closed, at the latest `deadlineMs` from now.
   */
  readonly drain: (deadlineMs: number) => Promise<void>;
  /** Closes everything now. */
  readonly close: () => void;
};
export type HttpEdgeDriver = (app: EdgeApp, options: ListenOptions) => Promise<HttpEdge>;
