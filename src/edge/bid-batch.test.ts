import type { HttpResponse } from "uWebSockets.js";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { responseBytesMax } from "../base/limits.js";
import { type EchoApp, echoApp, plainExchange } from "../testing/echo-app.js";
import { post, talk, verdictOf } from "../testing/raw-http.js";
import { BidBatch } from "./bid-batch.js";
import type { HttpEdge } from "./http-edge.js";
import { uwsDriver } from "./uws-driver.js";
import { Incoming } from "./uws-incoming.js";

describe("a batch", () => {
  const exchange = plainExchange();
  const owner = { data: () => undefined, release: () => undefined };

  /** A batch whose decisions are bodies doubled; what happens is told in order. */
  function batchOf(decideNs = 0) {
    let nowNs = 1000;
    const told: string[] = [];
    const answers = new Map<Incoming, string>();
    let last = new Uint8Array(0);
    const batch: BidBatch = new BidBatch({
      nowNs: () => nowNs,
      decide: (_incoming, _exchange, body) => {
        nowNs += decideNs;
        const text = Buffer.from(body).toString("latin1");
        told.push(`decide ${text.slice(0, 3)}`);
        if (text.startsWith("bad")) throw new Error("a broken invariant");
        last = Buffer.from(text + text);
        return { status: 200, length: last.length };
      },
      lastAnswer: () => last,
      failed: (incoming) => {
        told.push("failed");
        incoming.res = null;
      },
      free: () => told.push("free"),
    });
    const answer = (incoming: Incoming): void => {
      answers.set(incoming, Buffer.from(batch.answerOf(incoming)).toString("latin1"));
      told.push("send");
    };
    const incoming = (): Incoming => {
      const one = new Incoming({ ...owner, answer });
      one.exchange = exchange;
      one.arrivedNs = nowNs;
      one.res = { cork: (body: () => void) => body() } as unknown as HttpResponse;
      return one;
    };
    return { batch, told, answers, incoming };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("decides on sixteen at most before it answers them, each with its own", async () => {
    const { batch, told, answers, incoming } = batchOf();
    const all = Array.from({ length: 20 }, incoming);
    for (const [i, one] of all.entries()) expect(batch.add(one, Buffer.from(`b${i}`))).toBe(true);
    expect(told).toEqual([]);
    await turn();
    const kinds = told.map((line) => line.split(" ")[0]);
    expect(kinds.slice(0, 16)).toEqual(Array(16).fill("decide"));
    expect(kinds.slice(16, 18)).toEqual(["send", "free"]);
    expect(kinds.filter((kind) => kind === "free")).toHaveLength(20);
    expect([...answers.values()]).toEqual(all.map((_, i) => `b${i}b${i}`));
    expect(all.some(({ gathered }) => gathered)).toBe(false);
  });

  test("lets the loop go on after a millisecond, and tells how long the oldest waits", async () => {
    const { batch, told, answers, incoming } = batchOf(0.6e6);
    const all = Array.from({ length: 10 }, incoming);
    for (const [i, one] of all.entries()) batch.add(one, Buffer.from(`b${i}`));
    expect(batch.waitedNs(5000)).toBe(0);
    await turn();
    expect(told.filter((line) => line.startsWith("decide"))).toHaveLength(2);
    expect(answers.size).toBe(2);
    // what comes meanwhile is decided on behind the others
    all.push(incoming());
    expect(batch.add(all[10]!, Buffer.from("b10"))).toBe(true);
    expect(batch.waitedNs(2.4e6 + 1000)).toBe(2.4e6);
    for (let turns = 2; turns <= 5; turns++) {
      await turn();
      expect(answers.size).toBe(2 * turns);
    }
    await turn();
    expect([...answers.values()]).toEqual(all.map((_, i) => `b${i}b${i}`));
    expect(batch.waitedNs(9e9)).toBe(0);
  });

  test("looks at the clock after four decisions where the first was quick", async () => {
    const { batch, answers, incoming } = batchOf(52_000);
    for (let i = 0; i < 30; i++) batch.add(incoming(), Buffer.from(`b${i}`));
    await turn();
    expect(answers.size).toBe(21);
    await turn();
    expect(answers.size).toBe(30);
  });

  test("has room for so many requests and bytes, and takes none beyond", async () => {
    const { batch, incoming } = batchOf();
    const taken = Array.from({ length: 300 }, () => batch.add(incoming(), Buffer.from("x")));
    expect(taken.filter(Boolean)).toHaveLength(256);
    await turn();
    const large = Buffer.alloc(200 * 1024, "y");
    expect([1, 2, 3].map(() => batch.add(incoming(), large))).toEqual([true, true, false]);
    await turn();
    expect(batch.add(incoming(), large)).toBe(true);
    await turn();
  });

  test("answers what it has when the answers are too long for each other", async () => {
    const { batch, told, answers, incoming } = batchOf();
    const body = Buffer.alloc(Math.floor(responseBytesMax / 5), "z");
    const all = [incoming(), incoming(), incoming(), incoming()];
    const added = all.map((one, i) => batch.add(one, i === 3 ? Buffer.from("end") : body));
    expect(added).toEqual([true, true, true, true]);
    await turn();
    expect(told.map((line) => line.split(" ")[0])).toEqual(
      ["decide", "decide", "decide", "send", "free", "send", "free"].concat([
        "decide",
        "send",
        "free",
        "send",
        "free",
      ]),
    );
    expect([...answers.values()].map(({ length }) => length)).toEqual(
      [body, body, body, "end"].map(({ length }) => 2 * length),
    );
  });

  test("leaves out whose connection is gone and goes on where one fails", async () => {
    const { batch, told, answers, incoming } = batchOf();
    const [gone, bad, good] = [incoming(), incoming(), incoming()];
    batch.add(gone, Buffer.from("gone"));
    batch.add(bad, Buffer.from("bad"));
    batch.add(good, Buffer.from("good"));
    gone.res = null;
    await turn();
    expect(told).toEqual(["decide bad", "failed", "decide goo", "free", "free", "send", "free"]);
    expect([...answers.keys()]).toEqual([good]);
  });
});

describe("the uws driver, for an exchange that waits for its answers", () => {
  let app: EchoApp;
  let edge: HttpEdge;
  beforeAll(async () => {
    app = echoApp();
    edge = await uwsDriver(app, { host: "127.0.0.1", port: 0 });
  });
  afterAll(() => edge.close());

  const ask = async (request: string | Uint8Array, expected = 1) =>
    talk({ port: edge.port, parts: [request], expected, waitMs: 3000 });

  test("answers each of many that come at once with its own, zipped ones too", async () => {
    const bodies = Array.from({ length: 300 }, (_, i) => `${i} `.repeat(1 + (i % 400)));
    const talks = await Promise.all(
      bodies.map((body, i) =>
        i % 2 === 0
          ? ask(post("/bid/gathered", body))
          : ask(post("/bid/gathered-zipped", gzipSync(body), "Content-Encoding: gzip")),
      ),
    );
    expect(talks.map(({ answers }) => answers[0]?.body)).toEqual(bodies);
    expect(edge.pending()).toBe(0);
  });

  test("gives every kind of answer, and serves on", async () => {
    const bodies = ["{}", "none", "bad", "broken", "{}"];
    const talks = await Promise.all(bodies.map((body) => ask(post("/bid/gathered", body))));
    expect(talks.map(verdictOf)).toEqual(["200", "204", "400", "204 close", "200"]);
    const notZipped = post("/bid/gathered-zipped", "no gzip", "Content-Encoding: gzip");
    expect(verdictOf(await ask(notZipped))).toBe("400");
    expect(app.record.failures).toHaveLength(1);
    expect(edge.pending()).toBe(0);
  });

  test("serves a series on one connection, and ends one that does not wait", async () => {
    const parts = Array.from({ length: 30 }, (_, i) => post("/bid/gathered", `{"n":${i}}`));
    const series = await talk({ port: edge.port, parts, gapMs: 8, expected: 30, waitMs: 3000 });
    expect(series.answers.map(({ body }) => body)).toEqual(parts.map((_, i) => `{"n":${i}}`));
    const two = Buffer.concat([post("/bid/gathered", "{}"), post("/bid/gathered", "{}")]);
    expect(verdictOf(await ask(two, Number.POSITIVE_INFINITY))).toBe("close");
    expect(edge.pending()).toBe(0);
  });

  test("has nothing pending after connections that end or break off, and serves on", async () => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(edge.port, "127.0.0.1");
      socket.on("error", () => {});
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.write(post("/bid/gathered", "{}"));
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.end();
    }
    await delay(100);
    expect(edge.pending()).toBe(0);
    expect((await ask(post("/bid/gathered", "{}"))).answers[0]?.status).toBe(200);
  });
});
