import { bodyBytesMax } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import type { HeaderGuard } from "./header-guard.js";
import type { EdgeApp } from "./http-edge.js";
import { bidPrefix, noticeKindOf, Route, routeOf } from "./routes.js";

/** A notice carries a token of 84 characters and some macros: more is no notice. */
export const noticeBytesMax = 4096;

/** What `Screening.of` answers when the request may go on. */
export const GO_ON = 0;

/** Everything else is read as JSON, whatever its label says: it gets 400 where it is none. */
const binaryType = /protobuf|^application\/octet-stream/i;
const formType = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;

export const isFormBody = (contentType: string): boolean =>
  contentType === "" || formType.test(contentType);

/** RFC 9110 8.4.1.3: x-gzip is gzip. */
const isGzip = (coding: string): boolean => /^(?:x-)?gzip$/i.test(coding);

/**
 * What both drivers decide from a request's head alone, in one order: guard, path, method,
 * exchange, credential, media type, length, load. One per driver; its fields describe the last one.
 */
export class Screening {
  route: Route = Route.NONE;
  exchange: Exchange | null = null;
  noticeKind: NoticeKind = NoticeKind.WIN;
  /** Bytes of body that the head announces. */
  bodyBytes = 0;
  gzip = false;
  private readonly app: EdgeApp;
  private readonly guard: HeaderGuard;
  private readonly waitedMs: () => number;

  /** `waitedMs`: how long the oldest request waits that the driver has gathered. */
  constructor(app: EdgeApp, guard: HeaderGuard, waitedMs: () => number = () => 0) {
    this.app = app;
    this.guard = guard;
    this.waitedMs = waitedMs;
  }

  /** GO_ON, or the status to answer at once. `method` in upper case, `address` gives the peer's. */
  of(method: string, path: string, query: string, address: () => string): number {
    const isPost = method === "POST";
    const verdict = this.guard.verdict(isPost, path, query);
    if (verdict !== GO_ON) return verdict;
    this.route = routeOf(path);
    this.bodyBytes = Math.max(0, this.guard.contentLength);
    this.gzip = false;
    switch (this.route) {
      case Route.BID:
        return isPost ? this.bid(path, address) : this.notFoundOr405(path);
      case Route.NOTICE:
        return this.notice(method, path);
      case Route.HEALTH:
        return method === "GET" ? GO_ON : 405;
      default:
        return 404;
    }
  }

  private notFoundOr405(path: string): number {
    return this.app.exchangeOf(path.slice(bidPrefix.length)) === null ? 404 : 405;
  }

  private bid(path: string, address: () => string): number {
    const { app, guard } = this;
    const exchange = app.exchangeOf(path.slice(bidPrefix.length));
    this.exchange = exchange;
    if (exchange === null) return 404;
    // Only an exchange that is known by its secret alone is not asked where it calls from.
    const bySecret = exchange.addresses.length === 0 && exchange.secretSha256 !== "";
    const peer = bySecret ? "" : address();
    if (!app.mayAsk(exchange, guard.secret, peer)) return 401;
    const type = guard.contentType;
    if (type !== "application/json" && type !== "" && binaryType.test(type)) return 415;
    const coding = guard.contentEncoding;
    if (coding !== "" && coding !== "identity") {
      if (!isGzip(coding) || !exchange.gzipRequests) return 415;
      this.gzip = true;
    }
    if (this.bodyBytes > bodyBytesMax) return 413;
    return app.admit(exchange, this.waitedMs()) ? GO_ON : 204;
  }

  private notice(method: string, path: string): number {
    if (method !== "GET" && method !== "POST") return 405;
    this.noticeKind = noticeKindOf(path) ?? NoticeKind.WIN;
    if (this.guard.contentEncoding !== "" && this.bodyBytes > 0) return 415;
    return this.bodyBytes > noticeBytesMax ? 413 : GO_ON;
  }
}

/** The query of a notice: the URL's, and a form's behind it. */
export function noticeQuery(query: string, form: string): string {
  if (query === "" || form === "") return query + form;
  return `${query}&${form}`;
}
