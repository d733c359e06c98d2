import uWS from "uWebSockets.js";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { AnswerSizes } from "./closed-loop.js";
import type { ReferenceKind } from "./scenarios/target.js";

/**
 * What the bidder is compared with: servers that decide nothing and answer as often and as much as
 * it does, started as a child with the kind as argument. Says its port over IPC, takes the
 * `AnswerSizes` before each run and acknowledges it.
 *
 *   echo   bare uWebSockets.js: reads the body, answers bytes that are ready
 *   json   the same, with JSON.parse of the body (unzipped first) and JSON.stringify of an answer:
 *          no server that has these two at its border can cost less, whatever it decides
 *   node   the echo on node:http
 */

let bytes = Buffer.alloc(0);
let sample: object = {};
let share200 = 0;
let debt = 0;

process.on("message", (sizes: AnswerSizes) => {
  bytes = Buffer.alloc(Math.round(sizes.bytes), 0x61);
  sample = sizes.sample === "" ? {} : (JSON.parse(sizes.sample) as object);
  share200 = sizes.share200;
  process.send?.({ ready: true });
});

/** Spread evenly, no chance. */
function isBid(): boolean {
  debt += share200;
  if (debt < 1) return false;
  debt -= 1;
  return true;
}

const echoAnswer = (bid: boolean): Buffer | null => (bid ? bytes : null);

function jsonAnswer(bid: boolean, body: Buffer): string | null {
  const { id } = JSON.parse(body.toString()) as { id: string };
  return bid ? JSON.stringify({ ...sample, id }) : null;
}

type Answer = (bid: boolean, body: Buffer) => Buffer | string | null;

/** `unzips`: bodies that come zipped are read. */
function serveUws(answerOf: Answer, unzips: boolean): void {
  const app = uWS.App().any("/*", (response, request) => {
    const isZipped = unzips && request.getHeader("content-encoding") === "gzip";
    let body = Buffer.alloc(0);
    response.onAborted(() => undefined);
    response.onData((piece, isLast) => {
      const own = Buffer.from(piece);
      body = body.length === 0 && isLast ? own : Buffer.concat([body, own]);
      if (!isLast) return;
      const answer = answerOf(isBid(), isZipped ? gunzipSync(body) : body);
      response.cork(() => {
        if (answer === null) response.writeStatus("204 No Content").endWithoutBody();
        else response.writeHeader("content-type", "application/json").end(answer);
      });
    });
  });
  app.listen("127.0.0.1", 0, (socket: false | object) => {
    if (socket === false) process.exit(1);
    const port: number = (
      uWS as { us_socket_local_port?: (s: object) => number }
    ).us_socket_local_port?.(socket) as number;
    process.send?.({ port });
  });
}

function serveNode(): void {
  const server = createServer((request, response) => {
    request.on("data", () => undefined);
    request.on("end", () => {
      if (isBid()) response.writeHead(200, { "content-type": "application/json" }).end(bytes);
      else response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1", () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
}

const kind = process.argv[2] as ReferenceKind;
if (kind === "node") serveNode();
else serveUws(kind === "json" ? jsonAnswer : echoAnswer, kind === "json");
