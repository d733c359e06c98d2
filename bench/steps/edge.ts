import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import type { EdgeApp } from "../../src/edge/http-edge.js";
import { UwsRequests } from "../../src/edge/uws-requests.js";
import { mayAsk, QueryRate } from "../../src/runtime/admission.js";
import { realClock } from "../../src/runtime/real-clock.js";
import { LoadShedder } from "../../src/runtime/shedding.js";
import { benchSecret, benchSecretSha256 } from "../bench-secret.js";
import type { Step, Walk } from "./walk.js";

const answerBytes = 1000;

/** What the driver's JavaScript calls, without sockets: what the core costs the echo pays too. */
class Socketless {
  private onChunk: (chunk: ArrayBuffer, isLast: boolean) => void = () => {};
  private readonly path: string;
  private readonly headers: readonly (readonly [string, string])[];
  written = 0;

  constructor(path: string, headers: readonly (readonly [string, string])[]) {
    this.path = path;
    this.headers = headers;
  }
  getMethod(): string {
    return "post";
  }
  getCaseSensitiveMethod(): string {
    return "POST";
  }
  getUrl(): string {
    return this.path;
  }
  getQuery(): string {
    return "";
  }
  getHeader(name: string): string {
    return this.headers.find(([known]) => known === name)?.[1] ?? "";
  }
  forEach(see: (name: string, value: string) => void): void {
    for (const [name, value] of this.headers) see(name, value);
  }
  onAborted(_gone: () => void): this {
    return this;
  }
  onData(take: (chunk: ArrayBuffer, isLast: boolean) => void): this {
    this.onChunk = take;
    return this;
  }
  writeStatus(status: string): this {
    this.written += status.length;
    return this;
  }
  writeHeader(name: string, value: string): this {
    this.written += name.length + value.length;
    return this;
  }
  cork(write: () => void): this {
    write();
    return this;
  }
  end(body: Uint8Array | string): this {
    this.written += body.length;
    return this;
  }
  endWithoutBody(): this {
    return this;
  }
  bring(chunk: ArrayBuffer): void {
    this.onChunk(chunk, true);
  }
}

/** From a request's head to its body in the bidder's buffer, and the answer's head back. */
export function edgeStepOf(walk: Walk): Step {
  const { bidder, bodies } = walk;
  // On the spot: one request at a time, no turn of a loop between.
  const exchange = { ...walk.exchange, secretSha256: benchSecretSha256, pipelining: true as const };
  const answer = { status: 200, length: answerBytes };
  const shedder = new LoadShedder();
  const rate = new QueryRate(1);
  const app: EdgeApp = {
    clock: realClock,
    exchangeOf: (name) => (name === exchange.name ? exchange : null),
    mayAsk,
    admit: (one, waitedMs) => !shedder.sheds(waitedMs) && rate.admit(one, realClock.nowMs),
    bodyBuffer: bidder.bodyBuffer,
    answerBuffer: bidder.answerBuffer,
    bid: () => answer,
    notice: () => {},
    refused: () => {},
    failed: (error) => {
      throw error;
    },
    draining: () => false,
  };
  const requests = new UwsRequests(app);
  const headersOf = (body: Buffer): readonly (readonly [string, string])[] => [
    ["content-type", "application/json"],
    ["x-openrtb-version", "2.6"],
    ["x-crowdbid-secret", benchSecret],
    ["host", "127.0.0.1:8080"],
    ["connection", "keep-alive"],
    ["content-length", String(body.length)],
  ];
  const path = `/bid/${exchange.name}`;
  const sockets = bodies.map((body) => new Socketless(path, headersOf(body)));
  const chunks = bodies.map((body) => new Uint8Array(body).buffer);
  return {
    name: "edge",
    run: ({ body }) => {
      const socket = sockets[body]!;
      const native = socket as unknown as HttpResponse & HttpRequest;
      requests.handle(native, native);
      socket.bring(chunks[body]!);
      if (socket.written === 0) throw new Error("the edge answers");
    },
  };
}
