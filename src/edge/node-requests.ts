import type { IncomingMessage, ServerResponse } from "node:http";
import { assert } from "../base/assert.js";
import { gunzipBytesMax } from "../base/limits.js";
import type { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import { BodyStore, unfinishedBytesMax } from "./body-store.js";
import {
  allowedMethods,
  endsConnection,
  healthBody,
  jsonType,
  safeLocation,
  textType,
  versionHeader,
} from "./fixed-answers.js";
import { HeaderGuard } from "./header-guard.js";
import type { EdgeApp } from "./http-edge.js";
import { inflateInto } from "./inflate.js";
import { plainAddress } from "./peer-address.js";
import { Route } from "./routes.js";
import { GO_ON, isFormBody, noticeQuery, Screening } from "./screening.js";

type Headers = Readonly<Record<string, string | number>>;

/** One request between head and answer. */
type Incoming = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly arrivedNs: number;
  readonly body: BodyStore;
  open: boolean;
  storedBytes: number;
  shed: boolean;
};

/** The same road as `UwsRequests`, on node:http: the reference of the contract tests. */
export class NodeRequests {
  draining = false;
  pending = 0;
  lastArrivalNs = 0;
  private unfinishedBytes = 0;
  private readonly app: EdgeApp;
  private readonly guard = new HeaderGuard();
  private readonly screening: Screening;
  private readonly ended = new WeakSet<object>();

  constructor(app: EdgeApp) {
    assert(app.bodyBuffer.length >= gunzipBytesMax, "the body buffer holds any inflated body");
    this.app = app;
    this.screening = new Screening(app, this.guard);
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const arrivedNs = this.app.clock.monotonicNs();
    const body = new BodyStore();
    const incoming: Incoming = {
      ...{ req, res, arrivedNs, body },
      ...{ open: true, storedBytes: 0, shed: false },
    };
    this.lastArrivalNs = arrivedNs;
    this.pending += 1;
    res.sendDate = false;
    res.on("error", () => this.release(incoming));
    res.on("close", () => this.release(incoming));
    try {
      this.screen(incoming);
    } catch (error) {
      this.failed(incoming, 503, error);
    }
  };

  /** The connection's last request was answered with `Connection: close`. */
  hasRefused(socket: object): boolean {
    return this.ended.has(socket);
  }

  private screen(incoming: Incoming): void {
    const { guard, screening } = this;
    const { req } = incoming;
    const { rawHeaders } = req;
    guard.reset();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      guard.see(rawHeaders[i]?.toLowerCase() ?? "", rawHeaders[i + 1] ?? "");
    }
    const url = req.url ?? "";
    const cut = url.indexOf("?");
    const path = cut === -1 ? url : url.slice(0, cut);
    const query = cut === -1 ? "" : url.slice(cut + 1);
    const peer = (): string => plainAddress(req.socket.remoteAddress);
    const isOurs = req.httpVersionMajor === 1;
    const status = isOurs ? screening.of(req.method ?? "", path, query, peer) : 400;
    const { exchange, noticeKind, gzip } = screening;
    if (status !== GO_ON) {
      this.refuse(incoming, status);
    } else if (screening.route === Route.BID && exchange !== null) {
      this.gather(incoming, screening.bodyBytes, () => this.bid(incoming, exchange, gzip));
    } else if (screening.route === Route.NOTICE) {
      const isForm = isFormBody(guard.contentType);
      this.gather(incoming, screening.bodyBytes, () => {
        const form = isForm ? Buffer.from(incoming.body.view()).toString("latin1") : "";
        this.notice(incoming, noticeKind, noticeQuery(query, form));
      });
    } else {
      this.answer(incoming, 200, { "content-type": textType }, healthBody);
    }
  }

  private refuse(incoming: Incoming, status: number): void {
    if (status !== 204) this.app.refused(status);
    if (endsConnection(status)) {
      this.ended.add(incoming.req.socket);
      this.answer(incoming, status, { connection: "close" });
    } else {
      // The rest of the body is read and dropped, so that the connection can go on.
      incoming.req.resume();
      this.answer(incoming, status, status === 405 ? { allow: allowedMethods } : {});
    }
  }

  private gather(incoming: Incoming, expectedBytes: number, whole: () => void): void {
    const { req, body } = incoming;
    req.on("error", () => this.release(incoming));
    req.on("data", (piece: Buffer) => {
      if (!incoming.open || incoming.shed) return;
      const before = body.capacity;
      body.add(piece, expectedBytes);
      incoming.storedBytes += body.capacity - before;
      this.unfinishedBytes += body.capacity - before;
      if (this.unfinishedBytes <= unfinishedBytesMax) return;
      incoming.shed = true;
      this.dropBody(incoming);
    });
    req.on("end", () => {
      if (incoming.open) whole();
    });
  }

  private bid(incoming: Incoming, exchange: Exchange, gzip: boolean): void {
    try {
      if (incoming.shed) this.answer(incoming, 204, {});
      else this.decide(incoming, exchange, gzip);
    } catch (error) {
      this.failed(incoming, 204, error);
    }
  }

  private decide(incoming: Incoming, exchange: Exchange, gzip: boolean): void {
    const { app } = this;
    const body = incoming.body.view();
    const length = gzip ? inflateInto(body, app.bodyBuffer) : body.length;
    if (length < 0) {
      app.refused(-length);
      this.answer(incoming, -length, {});
      return;
    }
    if (!gzip) app.bodyBuffer.set(body);
    const answer = app.bid(exchange, length, incoming.arrivedNs);
    if (answer.status !== 200) {
      this.answer(incoming, answer.status, {});
      return;
    }
    const headers = { "content-type": jsonType, [versionHeader]: exchange.version };
    // node:http may write later, when the buffer holds the next answer: it gets its own copy.
    const bytes = Buffer.from(app.answerBuffer.subarray(0, answer.length));
    this.answer(incoming, 200, headers, bytes);
  }

  private notice(incoming: Incoming, kind: NoticeKind, query: string): void {
    try {
      this.app.notice(kind, query, (status, location) => {
        const target = safeLocation(location);
        if (status === 302 && target !== "") this.answer(incoming, 302, { location: target });
        else this.answer(incoming, status === 302 ? 204 : status, {});
      });
    } catch (error) {
      this.failed(incoming, 503, error);
    }
  }

  private answer(
    incoming: Incoming,
    status: number,
    headers: Headers,
    body?: Buffer | string,
  ): void {
    if (!incoming.open) return;
    const { res } = incoming;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    const closing = this.draining || this.app.draining();
    const framing: Headers = status === 204 ? {} : { "content-length": length };
    const connection: Headers = closing ? { connection: "close" } : {};
    res.writeHead(status, { ...headers, ...framing, ...connection });
    res.end(body);
    this.release(incoming);
  }

  private release(incoming: Incoming): void {
    if (!incoming.open) return;
    incoming.open = false;
    this.pending -= 1;
    this.dropBody(incoming);
  }

  private dropBody(incoming: Incoming): void {
    this.unfinishedBytes -= incoming.storedBytes;
    incoming.storedBytes = 0;
    incoming.body.clear();
  }

  private failed(incoming: Incoming, status: number, error: unknown): void {
    this.app.failed(error);
    if (incoming.res.headersSent) incoming.res.destroy();
    else this.answer(incoming, status, { connection: "close" });
  }
}
