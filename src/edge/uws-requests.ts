import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { assert } from "../base/assert.js";
import { gunzipBytesMax } from "../base/limits.js";
import type { Exchange } from "../campaign/exchange.js";
import { BidBatch } from "./bid-batch.js";
import { unfinishedBytesMax } from "./body-store.js";
import {
  allowedMethods,
  bidHead,
  endsConnection,
  healthBody,
  safeLocation,
  statusLine,
  textType,
} from "./fixed-answers.js";
import { HeaderGuard } from "./header-guard.js";
import type { BidAnswer, EdgeApp } from "./http-edge.js";
import { inflateInto } from "./inflate.js";
import { addressText } from "./peer-address.js";
import { Route } from "./routes.js";
import { GO_ON, isFormBody, noticeQuery, Screening } from "./screening.js";
import { Incoming } from "./uws-incoming.js";

const pooledMax = 1024;
/** Answers below this length have a view that is kept: at most 0.4 MB. */
const viewsMax = 4096;

/** Answers without a body. A 204 states no length (RFC 9110 8.6) unless it ends the connection. */
function answerEmpty(res: HttpResponse, status: number, close: boolean): void {
  res.writeStatus(statusLine(status));
  if (status === 204 && !close) res.endWithoutBody();
  else res.end("", close);
}

/** What the uWS driver does with requests: screens heads, gathers bodies, answers exactly once. */
export class UwsRequests {
  draining = false;
  pending = 0;
  lastArrivalNs = 0;
  private unfinishedBytes = 0;
  private readonly app: EdgeApp;
  private readonly guard = new HeaderGuard();
  private readonly screening: Screening;
  private readonly pool: Incoming[] = [];
  private readonly batch: BidBatch;
  private readonly refusal: BidAnswer = { status: 0, length: 0 };
  private readonly views = new Array<Uint8Array | null>(viewsMax).fill(null);
  /** What the views show. */
  private viewed: Uint8Array | null = null;
  /** The response whose peer `peerAddress` gives: set while its head is screened. */
  private screened: HttpResponse | null = null;

  constructor(app: EdgeApp) {
    assert(app.bodyBuffer.length >= gunzipBytesMax, "the body buffer holds any inflated body");
    this.app = app;
    // Read a moment ago: the head that is screened has just arrived.
    const waitedMs = (): number => this.batch.waitedNs(this.lastArrivalNs) / 1e6;
    this.screening = new Screening(app, this.guard, waitedMs);
    this.batch = new BidBatch({
      nowNs: () => app.clock.monotonicNs(),
      decide: (incoming, exchange, body) => this.decide(incoming, exchange, body),
      lastAnswer: (length) => this.answerOf(length),
      failed: (incoming, error) => this.failed(incoming, error),
      free: (incoming) => this.pool.length < pooledMax && this.pool.push(incoming),
    });
  }

  /** The one handler. Nothing may be thrown to the core: it would end the process. */
  readonly handle = (res: HttpResponse, req: HttpRequest): void => {
    const incoming = this.pool.pop() ?? new Incoming(this);
    res.onAborted(incoming.onAborted);
    incoming.res = res;
    incoming.shed = false;
    this.pending += 1;
    try {
      this.screen(incoming, res, req);
    } catch (error) {
      this.failed(incoming, error);
    }
  };

  private screen(incoming: Incoming, res: HttpResponse, req: HttpRequest): void {
    const { app, guard, screening } = this;
    incoming.arrivedNs = app.clock.monotonicNs();
    this.lastArrivalNs = incoming.arrivedNs;
    guard.reset();
    req.forEach(guard.see);
    // The T build gives undefined where there is no query.
    const query = req.getQuery() ?? "";
    this.screened = res;
    const status = screening.of(
      req.getCaseSensitiveMethod(),
      req.getUrl(),
      query,
      this.peerAddress,
    );
    if (status !== GO_ON) {
      this.refuse(incoming, status);
    } else if (screening.route === Route.BID) {
      incoming.exchange = screening.exchange;
      incoming.expectedBytes = screening.bodyBytes;
      incoming.gzip = screening.gzip;
      res.onData(incoming.onData);
    } else if (screening.route === Route.NOTICE) {
      incoming.noticeKind = screening.noticeKind;
      incoming.query = query;
      incoming.expectedBytes = screening.bodyBytes;
      incoming.formBody = isFormBody(guard.contentType);
      if (screening.bodyBytes > 0) res.onData(incoming.onData);
      else this.notice(incoming);
    } else {
      res.writeHeader("content-type", textType).end(healthBody, this.closing());
      this.release(incoming);
    }
  }

  private readonly peerAddress = (): string =>
    this.screened === null ? "" : addressText(new Uint8Array(this.screened.getRemoteAddress()));

  private refuse(incoming: Incoming, status: number): void {
    const { res } = incoming;
    if (status !== 204) this.app.refused(status);
    if (res === null) return;
    if (status === 400 || (status === 411 && this.guard.framingIsUnsafe)) {
      // An answer would let the core run what it takes for the next request: only closing stops it.
      res.close();
      return;
    }
    const close = endsConnection(status) || this.closing();
    if (status === 405) {
      res.writeStatus(statusLine(405)).writeHeader("allow", allowedMethods).end("", close);
    } else {
      answerEmpty(res, status, close);
    }
    this.release(incoming);
  }

  /** Called by the core for each piece of a body, the last one marked. */
  data(incoming: Incoming, chunk: ArrayBuffer, isLast: boolean): void {
    try {
      if (incoming.res === null) return;
      const piece = new Uint8Array(chunk);
      if (isLast && incoming.body.length === 0) {
        this.complete(incoming, piece);
        return;
      }
      this.store(incoming, piece);
      if (isLast) this.complete(incoming, incoming.body.view());
    } catch (error) {
      this.failed(incoming, error);
    }
  }

  /** Keeps a piece; beyond what all bodies may hold together the request is shed at its end. */
  private store(incoming: Incoming, piece: Uint8Array): void {
    if (incoming.shed) return;
    const before = incoming.body.capacity;
    incoming.body.add(piece, incoming.expectedBytes);
    incoming.storedBytes += incoming.body.capacity - before;
    this.unfinishedBytes += incoming.body.capacity - before;
    if (this.unfinishedBytes > unfinishedBytesMax) {
      incoming.shed = true;
      this.dropBody(incoming);
    }
  }

  private complete(incoming: Incoming, body: Uint8Array): void {
    const { exchange } = incoming;
    if (exchange === null) {
      if (incoming.formBody) {
        incoming.query = noticeQuery(incoming.query, Buffer.from(body).toString("latin1"));
      }
      this.notice(incoming);
    } else if (incoming.shed) {
      this.answerBid(incoming, exchange, 204, null);
    } else if (exchange.pipelining === true || !this.batch.add(incoming, body)) {
      // The core ends a connection whose next request is there before this one's answer.
      const { status, length } = this.decide(incoming, exchange, body);
      this.answerBid(incoming, exchange, status, status === 200 ? this.answerOf(length) : null);
    }
  }

  private decide(incoming: Incoming, exchange: Exchange, body: Uint8Array): BidAnswer {
    const { app, refusal } = this;
    let length = body.length;
    if (incoming.gzip) {
      length = inflateInto(body, app.bodyBuffer);
      if (length < 0) {
        app.refused(-length);
        refusal.status = -length;
        return refusal;
      }
    } else {
      app.bodyBuffer.set(body);
    }
    return app.bid(exchange, length, incoming.arrivedNs);
  }

  /** Called by the core while it gathers what a batch's request is answered with. */
  answer(incoming: Incoming): void {
    const { exchange, status } = incoming;
    if (exchange === null) return;
    const bytes = status === 200 ? this.batch.answerOf(incoming) : null;
    this.answerBid(incoming, exchange, status, bytes);
  }

  /** `bytes` belong to a 200. */
  private answerBid(
    incoming: Incoming,
    exchange: Exchange,
    status: number,
    bytes: Uint8Array | null,
  ): void {
    const { res } = incoming;
    if (res === null) return;
    if (bytes !== null) {
      res.writeStatus(bidHead(exchange.version));
      res.end(bytes, this.closing());
    } else {
      // The body is read to its end: the connection can go on, whatever was wrong inside.
      answerEmpty(res, status, this.closing());
    }
    this.release(incoming);
  }

  /**
   * The answer's bytes. A view of each usual length is made once and kept: making one took 0.2 us,
   * and the collector's time on top (EPYC, Node 20.20.2, 2026-11).
   */
  private answerOf(length: number): Uint8Array {
    const { answerBuffer } = this.app;
    if (answerBuffer !== this.viewed) {
      this.viewed = answerBuffer;
      this.views.fill(null);
    }
    if (length >= viewsMax) return answerBuffer.subarray(0, length);
    const known = this.views[length];
    if (known) return known;
    const view = answerBuffer.subarray(0, length);
    this.views[length] = view;
    return view;
  }

  /** The app answers now or once the journal holds it; an aborted request takes no answer. */
  private notice(incoming: Incoming): void {
    const { res, noticeKind } = incoming;
    assert(res !== null && noticeKind !== 0);
    this.app.notice(noticeKind, incoming.query, (status, location) => {
      if (incoming.res !== res) return;
      res.cork(() => this.answerNotice(incoming, res, status, location));
    });
  }

  private answerNotice(
    incoming: Incoming,
    res: HttpResponse,
    status: number,
    location: string,
  ): void {
    const target = safeLocation(location);
    if (status === 302 && target !== "") {
      res.writeStatus(statusLine(302)).writeHeader("location", target).end("", this.closing());
    } else {
      answerEmpty(res, status === 302 ? 204 : status, this.closing());
    }
    this.release(incoming);
  }

  /** After the answer, or by the core when the connection is gone. */
  release(incoming: Incoming): void {
    if (incoming.res === null) return;
    this.pending -= 1;
    this.dropBody(incoming);
    incoming.res = null;
    incoming.exchange = null;
    // A notice's `done` may still come: its object is not used again.
    if (incoming.noticeKind !== 0 || incoming.gathered) return;
    if (this.pool.length < pooledMax) this.pool.push(incoming);
  }

  private dropBody(incoming: Incoming): void {
    this.unfinishedBytes -= incoming.storedBytes;
    incoming.storedBytes = 0;
    incoming.body.clear();
  }

  private failed(incoming: Incoming, error: unknown): void {
    this.app.failed(error);
    const { res } = incoming;
    if (res === null) return;
    try {
      res.cork(() => answerEmpty(res, incoming.exchange === null ? 503 : 204, true));
      this.release(incoming);
    } catch {
      // Half an answer may be out: the connection is of no use.
      res.close();
    }
  }

  private closing(): boolean {
    return this.draining || this.app.draining();
  }
}
