import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EchoApp, echoApp } from "../testing/echo-app.js";
import { httpCases } from "../testing/http-cases.js";
import { get, post, readAnswers, talk, verdictOf } from "../testing/raw-http.js";
import type { HttpEdge, HttpEdgeDriver } from "./http-edge.js";
import { nodeDriver } from "./node-driver.js";
import { uwsDriver } from "./uws-driver.js";

const drivers: readonly (readonly [name: "uws" | "node", driver: HttpEdgeDriver])[] = [
  ["uws", uwsDriver],
  ["node", nodeDriver],
];

describe.each(drivers)("the %s driver", (name, driver) => {
  let app: EchoApp;
  let edge: HttpEdge;

  beforeAll(async () => {
    app = echoApp();
    edge = await driver(app, { host: "127.0.0.1", port: 0 });
  });
  afterAll(() => edge.close());

  const answersOf = async (text: string | Uint8Array) => {
    const talked = await talk({ port: edge.port, parts: [text], expected: 1, waitMs: 2000 });
    return talked.answers;
  };
  const isServing = async (): Promise<void> => {
    const [answer] = await answersOf(post("/bid/echo", '{"id":"1"}'));
    expect(answer).toMatchObject({ status: 200, body: '{"id":"1"}' });
  };

  test.each(httpCases)("gives $name its verdict and serves on", async (entry) => {
    const { parts, uws, node = uws, gapMs = 2 } = entry;
    const verdict = name === "uws" ? uws : node;
    const isFinal = verdict === "silence" || verdict.endsWith("close");
    const expected = isFinal ? Number.POSITIVE_INFINITY : verdict.split(" ").length;
    const waitMs = verdict === "silence" ? 200 : 2000;
    const talked = await talk({ port: edge.port, parts, gapMs, expected, waitMs });
    expect(verdictOf(talked)).toBe(verdict);
    await isServing();
    expect(edge.pending()).toBe(0);
  });

  test("tells what the answer is, and nothing of the server", async () => {
    const [bid] = await answersOf(post("/bid/echo", "{}"));
    expect(bid?.headers.get("content-type")).toBe("application/json");
    expect(bid?.headers.get("x-openrtb-version")).toBe("2.6");
    expect(bid?.headers.get("content-length")).toBe("2");
    const [old] = await answersOf(post("/bid/old", "{}"));
    expect(old?.headers.get("x-openrtb-version")).toBe("2.5");
    const [none] = await answersOf(post("/bid/echo", "none"));
    expect(none?.headers.has("content-length")).toBe(false);
    const [click] = await answersOf(get("/click?t=abc"));
    expect(click?.headers.get("location")).toBe("https://landing.example/?a=1");
    const [wrong] = await answersOf(get("/bid/echo"));
    expect(wrong?.headers.get("allow")).toBe("GET, POST");
  });

  test("sends a fixed set of headers for each status, whoever asks about whom", async () => {
    const length = "content-length";
    const sets: readonly (readonly [string | Uint8Array, status: number, ...ours: string[]])[] = [
      [post("/bid/echo", "{}"), 200, "content-type", "x-openrtb-version", length],
      [post("/bid/echo", "none"), 204],
      [post("/bid/echo", "bad"), 400, length],
      [post("/bid/locked", "{}"), 401, length],
      [post("/bid/nobody", "{}"), 404, length],
      [get("/bid/echo"), 405, "allow", length],
      [get("/click?t=abc"), 302, "location", length],
      [get("/win?t=abc"), 204],
      [get("/healthz"), 200, "content-type", length],
    ];
    // What the cores add themselves: the time of day, or how long the connection stays open.
    const added = name === "uws" ? ["date"] : ["connection", "keep-alive"];
    const marks = "Cookie: id=5a4ca1af\r\nX-Forwarded-For: 192.0.2.7\r\nUser-Agent: marked-agent";
    for (const [request, status, ...ours] of sets) {
      const text = Buffer.from(request).toString("latin1");
      const marked = text.replace("\r\n", `\r\n${marks}\r\nIf-None-Match: "x"\r\n`);
      const [plain, asked] = [...(await answersOf(text)), ...(await answersOf(marked))];
      expect(plain?.status).toBe(status);
      expect([...(plain?.headers.keys() ?? [])].sort()).toEqual([...ours, ...added].sort());
      const values = (answer: typeof plain) =>
        [...(answer?.headers ?? [])].filter(([header]) => header !== "date");
      expect(values(asked)).toEqual(values(plain));
      expect(asked?.body).toBe(plain?.body);
    }
  });

  test("hands the whole body over, also inflated and in pieces", async () => {
    const text = JSON.stringify({ id: "1", pad: "z".repeat(60_000) });
    const [plain] = await answersOf(post("/bid/echo", text));
    expect(plain?.body).toBe(text);
    const zipped = post("/bid/zipped", gzipSync(text), "Content-Encoding: gzip");
    const parts = [zipped.subarray(0, 150), zipped.subarray(150, 300), zipped.subarray(300)];
    const talked = await talk({ port: edge.port, parts, expected: 1, waitMs: 2000 });
    expect(talked.answers[0]?.body).toBe(text);
  });

  test("keeps the bodies of connections apart that send at the same time", async () => {
    const talks = Array.from({ length: 16 }, (_, i) => {
      const body = `${i}`.padStart(2, "0").repeat(3000);
      const bytes = post("/bid/echo", body);
      const parts = [0, 2000, 4000].map((at) => bytes.subarray(at, at === 4000 ? 7000 : at + 2000));
      return talk({ port: edge.port, parts, gapMs: 5, expected: 1, waitMs: 3000 }).then(
        ({ answers }) => expect(answers[0]?.body).toBe(body),
      );
    });
    await Promise.all(talks);
  });

  test("answers a request whose bytes come in two pieces, wherever it is cut", async () => {
    const bytes = post("/bid/echo?x=1", '{"id":"1"}', "Content-Type: application/json");
    const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
    const verdicts: string[] = [];
    while (cuts.length > 0) {
      const talks = cuts.splice(0, 32).map((cut) => {
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
        return talk({ port: edge.port, parts, gapMs: 5, expected: 1, waitMs: 3000 });
      });
      verdicts.push(...(await Promise.all(talks)).map(verdictOf));
    }
    expect([...new Set(verdicts)]).toEqual(["200"]);
  });

  test("passes a notice's query on, and a form's behind it", async () => {
    app.record.notices.length = 0;
    const form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";
    await answersOf(get("/win?t=a&now"));
    await answersOf(post("/loss?t=b&now", "reason=102", form));
    await answersOf(post("/bill", "t=c&now"));
    await answersOf(post("/impression?t=d&now", "{}", "Content-Type: application/json"));
    expect(app.record.notices).toEqual([
      "1 t=a&now",
      "3 t=b&now&reason=102",
      "2 t=c&now",
      "4 t=d&now",
    ]);
  });

  test("counts what it refuses, and shed requests not", async () => {
    app.record.refused.length = 0;
    await answersOf(post("/bid/nobody", "{}"));
    await answersOf(post("/bid/locked", "{}"));
    await answersOf(post("/bid/full", "{}"));
    await talk({ port: edge.port, parts: [get("/healthz", "Host: twice.example")], waitMs: 2000 });
    expect(app.record.refused).toEqual([404, 401, 400]);
  });

  test("drops a body and a notice whose connection ends before the answer", async () => {
    const { bids } = app.record;
    const half = post("/bid/echo", "x".repeat(5000)).subarray(0, 3000);
    for (const parts of [[half], [get("/win?t=gone")]]) {
      const socket = connect(edge.port, "127.0.0.1");
      socket.on("error", () => {});
      for (const part of parts) socket.write(part);
      await delay(30);
      socket.resetAndDestroy();
    }
    await delay(60);
    expect(edge.pending()).toBe(0);
    expect(app.record.bids).toBe(bids);
    await isServing();
  });

  test("answers a long series on one connection", async () => {
    const socket = connect(edge.port, "127.0.0.1");
    let text = "";
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
    });
    for (let i = 0; i < 200; i++) {
      socket.write(post(i % 5 === 0 ? "/bid/nobody" : "/bid/echo", `{"n":${i}}`));
      if (i % 20 === 0) await delay(1);
    }
    for (let i = 0; i < 100 && readAnswers(text).length < 200; i++) await delay(20);
    socket.destroy();
    const expected = Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? "" : `{"n":${i}}`));
    expect(readAnswers(text).map(({ body }) => body)).toEqual(expected);
  });
});

describe.each(drivers)("the %s driver, draining", (_name, driver) => {
  test("ends used connections with an answer, idle ones after, and loses no notice", async () => {
    const edge = await driver(echoApp(), { host: "127.0.0.1", port: 0 });
    const idle = connect(edge.port, "127.0.0.1");
    const used = connect(edge.port, "127.0.0.1");
    let text = "";
    used.on("data", (piece) => {
      text += piece.toString("latin1");
    });
    const idleClosed = new Promise<void>((resolve) => idle.once("close", () => resolve()));
    const usedClosed = new Promise<void>((resolve) => used.once("close", () => resolve()));
    used.write(post("/bid/echo", "{}"));
    idle.write(get("/healthz"));
    idle.resume();
    await delay(50);
    const drained = edge.drain(5000);
    await delay(20);
    used.write(get("/bill?t=late"));
    await Promise.all([drained, idleClosed, usedClosed]);
    const [before, after] = readAnswers(text);
    expect(before?.headers.get("connection")).not.toBe("close");
    expect(after).toMatchObject({ status: 204 });
    expect(after?.headers.get("connection")?.toLowerCase()).toBe("close");
    const refused = await talk({ port: edge.port, parts: [get("/healthz")] });
    expect(verdictOf(refused)).toBe("close");
  });

  test("gives up on a body that stays away when its time is over", async () => {
    const app = echoApp();
    const edge = await driver(app, { host: "127.0.0.1", port: 0 });
    const socket = connect(edge.port, "127.0.0.1");
    socket.on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(post("/bid/echo", "12345").subarray(0, -1));
    await delay(50);
    expect(edge.pending()).toBe(1);
    const before = performance.now();
    await edge.drain(400);
    await closed;
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(app.record.bids).toBe(0);
  });
});
