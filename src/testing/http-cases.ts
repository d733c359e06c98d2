import { gzipSync } from "node:zlib";
import { get, post } from "./raw-http.js";

/**
 * Requests that a driver must answer, refuse or drop, with the verdict of each driver: "200 204" =
 * two answers, "400 close" = answered and ended, "close" = ended without an answer, "silence" =
 * neither yet (the core's own 10 s limit ends it).
 */
export type HttpCase = {
  readonly name: string;
  readonly parts: readonly (string | Uint8Array)[];
  readonly uws: string;
  /** Where node:http legitimately differs. */
  readonly node?: string;
  readonly gapMs?: number;
};

const host = "Host: bid.example";
const head = (...lines: string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const one = (name: string, text: string | Uint8Array, uws: string, node?: string): HttpCase =>
  node === undefined ? { name, parts: [text], uws } : { name, parts: [text], uws, node };
const refused = (name: string, text: string | Uint8Array): HttpCase =>
  one(name, text, "close", "400 close");

const manyHeaders = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `x-h${i}: ${i}`);
const smuggled = get("/healthz");
/** A POST whose head ends in the lines given, with what comes behind it. */
const posted = (behind: string, ...lines: string[]): string =>
  head("POST /bid/echo HTTP/1.1", host, ...lines) + behind;
const chunked = "Transfer-Encoding: chunked";

/** Framing: what must never be read as a second request, or as another length than it has. */
const framing: readonly HttpCase[] = [
  refused(
    "two different lengths, a request behind",
    posted(`hello${smuggled}`, "Content-Length: 5", "Content-Length: 60"),
  ),
  refused("two equal lengths", posted("hello", "Content-Length: 5", "Content-Length: 5")),
  refused("an empty length, a request behind", posted(smuggled, "Content-Length:")),
  refused("a signed length", posted("hello", "Content-Length: +5")),
  refused("a negative length", head("POST /bid/echo HTTP/1.1", host, "Content-Length: -5")),
  refused("a hex length", posted("hello", "Content-Length: 0x5")),
  refused("a length with a leading zero", posted("hello", "Content-Length: 05")),
  refused("a length list", posted("hello", "Content-Length: 5, 5")),
  refused("a length and chunks", posted(`0\r\n\r\n${smuggled}`, "Content-Length: 5", chunked)),
  one("chunks alone", posted("5\r\nhello\r\n0\r\n\r\n", chunked), "close", "411 close"),
  one(
    "chunks with a bad end and a request behind",
    posted(`5\r\nhelloXX0\r\n\r\n${smuggled}`, chunked),
    "close",
    "411 close",
  ),
  one(
    "an unknown transfer coding",
    posted("hello", "Transfer-Encoding: xchunked"),
    "close",
    "411 close",
  ),
  one("no length at all", head("POST /bid/echo HTTP/1.1", host), "411 close"),
  one(
    "an empty header name in front of the length",
    posted("hello", ": x", "Content-Length: 5"),
    "411 close",
    "400 close",
  ),
  refused("a GET with a body", `${head("GET /healthz HTTP/1.1", host, "Content-Length: 5")}hello`),
  one("a GET that states no body", head("GET /healthz HTTP/1.1", host, "Content-Length: 0"), "200"),
];

const heads: readonly HttpCase[] = [
  one("no host", head("GET /healthz HTTP/1.1"), "silence", "400 close"),
  refused("two hosts", head("GET /healthz HTTP/1.1", host, "Host: other.example")),
  refused("an empty host", head("GET /healthz HTTP/1.1", "Host:")),
  one("40 headers", head("GET /healthz HTTP/1.1", host, ...manyHeaders(39)), "200"),
  refused("41 headers", head("GET /healthz HTTP/1.1", host, ...manyHeaders(40))),
  one(
    "60 headers",
    head("GET /healthz HTTP/1.1", host, ...manyHeaders(59)),
    "silence",
    "400 close",
  ),
  one(
    "a bracket in a header name",
    head("GET /healthz HTTP/1.1", host, "a(b: c"),
    "silence",
    "400 close",
  ),
  one(
    "a space in a header name",
    head("GET /healthz HTTP/1.1", host, "a b: c"),
    "silence",
    "400 close",
  ),
  one(
    "a NUL in a header value",
    head("GET /healthz HTTP/1.1", host, "a: b\0c"),
    "silence",
    "400 close",
  ),
  one(
    "a head of 9 KiB",
    head("GET /healthz HTTP/1.1", host, `a: ${"b".repeat(9216)}`),
    "close",
    "400 close",
  ),
  one("a lower-case method", head("get /healthz HTTP/1.1", host), "close", "400 close"),
  one("an unknown method", head("BREW /healthz HTTP/1.1", host), "close", "400 close"),
  one("HEAD", head("HEAD /healthz HTTP/1.1", host), "405"),
  one("OPTIONS", head("OPTIONS /bid/echo HTTP/1.1", host), "405"),
  one("DELETE", head("DELETE /win HTTP/1.1", host), "405"),
  refused("a byte above ASCII in the path", Buffer.from(get("/bid/\xe9"), "latin1")),
  one("HTTP/1.0 with a host", head("GET /healthz HTTP/1.0", host), "silence", "200 close"),
  one("HTTP/2.0 in the request line", head("GET /healthz HTTP/2.0", host), "silence", "400 close"),
  one("no HTTP at all", "hello world\r\n\r\n", "silence", "400 close"),
  one(
    "a TLS hello",
    Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 3, 13, 10, 13, 10]),
    "silence",
    "400 close",
  ),
  one("half a head", "GET /healthz HTTP/1.1\r\nHo", "silence"),
  one(
    "a body that stays away",
    head("POST /bid/echo HTTP/1.1", host, "Content-Length: 5"),
    "silence",
  ),
];

const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, "a"));
const zipped = gzipSync("{}");

const bodies: readonly HttpCase[] = [
  one("a bid", post("/bid/echo", "{}"), "200"),
  one("an empty body", post("/bid/echo", ""), "200"),
  one("no bid", post("/bid/echo", "none"), "204"),
  one("a malformed bid request keeps the connection", post("/bid/echo", "bad"), "400"),
  one("a broken invariant", post("/bid/echo", "broken"), "204 close"),
  one("a body at the cap", post("/bid/echo", "x".repeat(131_072)), "200"),
  one("a body above the cap", post("/bid/echo", "x".repeat(131_073)), "413 close"),
  one(
    "a length far above the cap",
    head("POST /bid/echo HTTP/1.1", host, "Content-Length: 999999999"),
    "413 close",
  ),
  refused(
    "a length of ten digits",
    head("POST /bid/echo HTTP/1.1", host, "Content-Length: 9999999999"),
  ),
  one("protobuf", post("/bid/echo", "x", "Content-Type: application/x-protobuf"), "415"),
  one("octets", post("/bid/echo", "x", "Content-Type: application/octet-stream"), "415"),
  one(
    "json with a charset",
    post("/bid/echo", "{}", "Content-Type: application/json; charset=utf-8"),
    "200",
  ),
  one(
    "json with a charset and no space",
    post("/bid/echo", "{}", "content-type: application/json;charset=utf-8"),
    "200",
  ),
  one("json under another label", post("/bid/echo", "{}", "Content-Type: text/plain"), "200"),
  one("br", post("/bid/zipped", "x", "Content-Encoding: br"), "415"),
  one(
    "two codings",
    post("/bid/zipped", zipped, "Content-Encoding: gzip", "Content-Encoding: gzip"),
    "415",
  ),
  one("gzip where it was not agreed", post("/bid/echo", zipped, "Content-Encoding: gzip"), "415"),
  one("gzip where it was agreed", post("/bid/zipped", zipped, "Content-Encoding: gzip"), "200"),
  one("x-gzip in capitals", post("/bid/zipped", zipped, "Content-Encoding: X-GZIP"), "200"),
  one("the identity coding", post("/bid/echo", "{}", "Content-Encoding: identity"), "200"),
  one("a gzip bomb", post("/bid/zipped", bomb, "Content-Encoding: gzip"), "413"),
  one("gzip garbage", post("/bid/zipped", "\x1f\x8b garbage", "Content-Encoding: gzip"), "400"),
  one(
    "half a gzip body",
    post("/bid/zipped", zipped.subarray(0, 12), "Content-Encoding: gzip"),
    "400",
  ),
  one("gzip announced, plain sent", post("/bid/zipped", "{}", "Content-Encoding: gzip"), "400"),
  one("an empty gzip body", post("/bid/zipped", "", "Content-Encoding: gzip"), "400"),
];

const roads: readonly HttpCase[] = [
  one("the health page", get("/healthz"), "200"),
  one("no such path", get("/"), "404"),
  one("no such path, posted", post("/nothing", "12345"), "404"),
  one("no such exchange", post("/bid/nobody", "{}"), "404"),
  one("an exchange's name with more behind", post("/bid/echo/", "{}"), "404"),
  one("the bid path alone", post("/bid/", "{}"), "404"),
  one("GET on a bid path", get("/bid/echo"), "405"),
  one("PUT on a bid path", head("PUT /bid/echo HTTP/1.1", host), "405"),
  one("a bid without the credential", post("/bid/locked", "{}"), "401"),
  one("a wrong credential", post("/bid/locked", "{}", "x-crowdbid-secret: sesame"), "401"),
  one(
    "the credential in its header",
    post("/bid/locked", "{}", "X-Crowdbid-Secret: open sesame"),
    "200",
  ),
  one(
    "the credential as a bearer token",
    post("/bid/locked", "{}", "Authorization: Bearer open sesame"),
    "200",
  ),
  one("an address on the list", post("/bid/local", "{}"), "200"),
  one("an address that is not on the list", post("/bid/far", "{}"), "401"),
  one("above the queries a second", post("/bid/full", "{}"), "204"),
  one("a notice", get("/win?t=abc&now"), "204"),
  one("a notice that answers later", get("/bill?t=abc"), "204"),
  one("a click", get("/click?t=abc"), "302"),
  one(
    "a notice in a form",
    post("/loss", "t=abc", "Content-Type: application/x-www-form-urlencoded"),
    "204",
  ),
  one("a notice with an empty body", post("/impression?t=abc", ""), "204"),
  one("a notice that breaks an invariant", get("/win?broken"), "503 close"),
  one("a notice of 5 KiB", post("/win", "x".repeat(5120)), "413 close"),
  one("a notice as gzip", post("/win", zipped, "Content-Encoding: gzip"), "415"),
];

const eight = Buffer.concat(Array.from({ length: 8 }, (_, i) => post("/bid/echo", `{"n":${i}}`)));
const mixed = Buffer.concat([
  post("/bid/nobody", "12345"),
  post("/bid/locked", "12345"),
  post("/bid/full", "12345"),
  post("/bid/echo", "none"),
  post("/bid/echo", "{}"),
]);
const [slowHead, slowBody] = [head("POST /bid/echo HTTP/1.1", host, "Content-Length: 6"), "abcdef"];

const streams: readonly HttpCase[] = [
  one("8 requests at once", eight, Array(8).fill("200").join(" ")),
  one("refused and answered requests at once", mixed, "404 401 204 204 200"),
  { name: "a body a byte at a time", parts: [slowHead, ...slowBody], uws: "200", gapMs: 10 },
  {
    name: "a body whose last byte comes with the next request",
    parts: [`${slowHead}abcde`, Buffer.concat([Buffer.from("f"), post("/bid/echo", "none")])],
    uws: "200 204",
  },
  {
    name: "a refused body that comes late, and a next request",
    parts: [
      head("POST /bid/nobody HTTP/1.1", host, "Content-Length: 6"),
      "abcdef",
      get("/healthz"),
    ],
    uws: "404 200",
  },
  {
    name: "a body in pieces of 1 KiB",
    parts: chunksOf(post("/bid/echo", "y".repeat(20_000)), 1024),
    uws: "200",
  },
  // The core closes a connection on which a request comes before the last one is answered.
  one("two late notices at once", `${get("/win?a")}${get("/win?b")}`, "close", "204 204"),
];

function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

export const httpCases: readonly HttpCase[] = [
  ...framing,
  ...heads,
  ...bodies,
  ...roads,
  ...streams,
];
