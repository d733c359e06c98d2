import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { echoApp } from "../testing/echo-app.js";
import { get, post, readAnswers, talk, verdictOf } from "../testing/raw-http.js";
import { runSize } from "../testing/run-size.js";
import type { HttpEdgeDriver } from "./http-edge.js";
import { nodeDriver } from "./node-driver.js";
import { uwsDriver } from "./uws-driver.js";

const mutationsCount = runSize(8_000, 20_000);
const connectionsAtOnce = 64;
/** All that a driver may say, whatever it is sent; 408 and 431 are node:http's own. */
const allowed = new Set([200, 204, 302, 400, 401, 404, 405, 408, 411, 413, 415, 431, 503]);

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

const seeds: readonly Buffer[] = [
  post("/bid/echo", '{"id":"1","imp":[{"id":"1"}]}', "Content-Type: application/json"),
  post("/bid/zipped", gzipSync('{"id":"1"}'), "Content-Encoding: gzip"),
  post("/bid/locked", "{}", "x-crowdbid-secret: open sesame"),
  post("/loss", "t=abc&now", "Content-Type: application/x-www-form-urlencoded"),
  bytesOf(get("/win?t=abc&now", "Accept: */*", "User-Agent: x")),
  bytesOf(get("/click?t=abc&now")),
  bytesOf(get("/healthz", "Connection: keep-alive")),
  bytesOf(
    "POST /bid/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
  ),
  Buffer.concat([post("/bid/echo", "{}"), post("/bid/echo", "none")]),
];

const tokens: readonly Buffer[] = [
  ...["\r\n", "\r\n\r\n", "\n", "\r", "\0", ": ", ":", " ", "\t", "\x80", "\xff", "%00", "?", "/"],
  ...["Content-Length: 5\r\n", "Content-Length:\r\n", "Transfer-Encoding: chunked\r\n"],
  ...["Host: b\r\n", ": x\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n"],
  ...["Upgrade: websocket\r\nConnection: upgrade\r\n", "HTTP/1.0", "HTTP/9.9", "99999999999"],
  ...["GET / HTTP/1.1\r\n\r\n", "__proto__: x\r\n", "a".repeat(5000), "0\r\n\r\n", "-1"],
].map(bytesOf);

/** One to four edits of a seed: flip, cut out, insert a token, repeat a piece, cut off, splice. */
function mutate(random: SeededRandom): Buffer {
  let bytes = Buffer.from(random.pick(seeds));
  for (let edits = 1 + random.below(4); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + random.below(16));
    const [before, piece, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, end),
      bytes.subarray(end),
    ];
    const edit = random.below(6);
    if (edit === 0 && bytes.length > 0) bytes[at % bytes.length] = random.below(256);
    else if (edit === 1) bytes = Buffer.concat([before, after]);
    else if (edit === 2) bytes = Buffer.concat([before, random.pick(tokens), piece, after]);
    else if (edit === 3) bytes = Buffer.concat([before, piece, piece, after]);
    else if (edit === 4 && random.below(4) === 0) bytes = Buffer.from(before);
    else if (edit === 5) bytes = Buffer.concat([before, random.pick(seeds).subarray(at)]);
  }
  return bytes;
}

/** Sends bytes, half-closes, gives what came back. A connection without an end counts as "". */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(15_000, finish);
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
    });
    socket.on("end", finish).on("error", finish);
    socket.end(bytes);
  });
}

const drivers: readonly (readonly [name: string, driver: HttpEdgeDriver])[] = [
  ["uws", uwsDriver],
  ["node", nodeDriver],
];

test.each(drivers)(
  `the %s driver takes ${mutationsCount} mutated requests and serves on`,
  async (_name, driver) => {
    const seed = 0x0b1d;
    const random = new SeededRandom(seed);
    const app = echoApp();
    const edge = await driver(app, { host: "127.0.0.1", port: 0 });
    const seen = new Map<number, number>();
    let left = mutationsCount;
    let strange = "";
    const worker = async (): Promise<void> => {
      while (left > 0 && strange === "") {
        left -= 1;
        const bytes = mutate(random);
        for (const { status } of readAnswers(await exchange(edge.port, bytes))) {
          seen.set(status, (seen.get(status) ?? 0) + 1);
          if (!allowed.has(status))
            strange = `${status} to ${JSON.stringify(bytes.toString("latin1"))}`;
        }
      }
    };
    await Promise.all(Array.from({ length: connectionsAtOnce }, worker));
    expect(strange, `seed ${seed}`).toBe("");
    expect(app.record.failures, `seed ${seed}`).toEqual([]);
    // Enough of them got through to the program, and enough were refused.
    expect(seen.get(200) ?? 0).toBeGreaterThan(mutationsCount / 20);
    expect(app.record.refused.length).toBeGreaterThan(mutationsCount / 20);
    const good = await talk({ port: edge.port, parts: [post("/bid/echo", "{}")], expected: 1 });
    expect(verdictOf(good)).toBe("200");
    expect(edge.pending()).toBe(0);
    edge.close();
  },
);
