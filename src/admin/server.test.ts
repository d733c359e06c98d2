import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminFacts, ExplainAsk, Readiness } from "./admin-facts.js";
import { adminServer, startAdmin } from "./server.js";
import type { AdminStatus } from "./status.js";

const token = "T0ken-of-the-admin-for-tests-4242424242424242";
const ready: Readiness = {
  ...{ generation: 3, epoch: 2, epochAgeSeconds: 60, journal: "ok", draining: false },
};
const status = { generation: 3, audiences: [] } as unknown as AdminStatus;

let readiness: Readiness = ready;
let asked: ExplainAsk | null = null;
let published = true;
let broken = false;
const logged: string[] = [];
const facts: AdminFacts = {
  readiness: () => readiness,
  metrics: async () => "crowdbid_generation 3\n",
  status: () => status,
  spend: () => ({ campaigns: [], ledger: "balanced" }),
  explain: (ask) => {
    if (broken) throw new Error("secret words of the body");
    asked = ask;
    if (!published) return null;
    if (ask.exchange === "none") {
      return { status: 404, outcome: "unknown_exchange", reason: "known: openrtb26" };
    }
    return { status: 400, outcome: "bad_request", reason: "`id` is missing" };
  },
  forget: {
    ...{ open: false, kinds: [], words: "", state: () => null },
    take: async () => ({ kind: "busy" }),
  },
  holds: { release: (campaign, exchange) => campaign === 12 && exchange === "openrtb26" },
};
const log = {
  error: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
};

let server: FastifyInstance;
beforeAll(() => {
  server = adminServer({ token, facts, log });
});
afterAll(() => server.close());

const bearer = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const post = (payload: string, headers: Record<string, string> = bearer) =>
  server.inject({ method: "POST", url: "/api/v1/explain", headers, payload });

describe("health", () => {
  it("says ok as long as it answers", async () => {
    const answer = await server.inject("/healthz");
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: "ok" }]);
  });

  it("is ready with what it serves", async () => {
    const answer = await server.inject("/readyz");
    const { draining: _, ...shown } = ready;
    expect([answer.statusCode, answer.json()]).toEqual([200, shown]);
  });

  it("is ready on epoch 0, which has no age", async () => {
    readiness = { ...ready, epoch: 0, epochAgeSeconds: null };
    const answer = await server.inject("/readyz");
    expect([answer.statusCode, answer.json().epochAgeSeconds]).toEqual([200, null]);
    readiness = ready;
  });

  it.each([
    [{ ...ready, generation: 0 }, "no World is published"],
    [{ ...ready, journal: "failing" as const }, "the journal cannot be written"],
    [{ ...ready, draining: true }, "draining"],
  ])("is not ready without a World, a journal or while draining (%#)", async (state, reason) => {
    readiness = state;
    const answer = await server.inject("/readyz");
    expect([answer.statusCode, answer.json().reasons]).toEqual([503, [reason]]);
    readiness = ready;
  });

  it("prints the metrics as text", async () => {
    const answer = await server.inject("/metrics");
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect([answer.statusCode, answer.body]).toEqual([200, "crowdbid_generation 3\n"]);
  });
});

describe("the API below /api", () => {
  it.each([
    ["nothing", undefined],
    ["an empty one", "Bearer "],
    ["another token", `Bearer ${token.slice(0, -1)}x`],
    ["a longer one", `Bearer ${token}x`],
    ["another scheme", `Basic ${token}`],
  ])("is closed to %s", async (_what, authorization) => {
    asked = null;
    const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
    for (const answer of [
      await post('{"request":{}}', headers),
      await server.inject({ url: "/api/v1/status", headers }),
    ]) {
      expect(answer.statusCode).toBe(401);
      expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      expect(answer.body).not.toContain(token.slice(0, -1));
    }
    expect(asked).toBeNull();
  });

  it("shows the status to who holds the token", async () => {
    const answer = await server.inject({ url: "/api/v1/status", headers: bearer });
    expect([answer.statusCode, answer.json()]).toEqual([200, status]);
  });

  it("hands an object's request over as bytes, with segments and line items", async () => {
    await post('{"exchange":"a","request":{"id":"1"},"segments":["x.y"],"lineItems":[7]}');
    expect(asked).toEqual({
      ...{ exchange: "a", segments: ["x.y"], lineItems: [7] },
      request: new TextEncoder().encode('{"id":"1"}'),
    });
  });

  it("hands a text over as it is, broken or not", async () => {
    await post(JSON.stringify({ request: '{"id":1,' }));
    expect(asked).toMatchObject({ exchange: null, segments: null, lineItems: null });
    expect(new TextDecoder().decode(asked?.request)).toBe('{"id":1,');
  });

  it.each([
    ["{", "body", undefined],
    ["[]", "not what explain asks for", "body"],
    ['{"exchange":"a"}', "not what explain asks for", "request"],
    ['{"request":7}', "not what explain asks for", "request"],
    ['{"request":{},"segments":["has space"]}', "not what explain asks for", "segments.0"],
    ['{"request":{},"segments":"all"}', "not what explain asks for", "segments"],
    ['{"request":{},"lineItems":[1.5]}', "not what explain asks for", "lineItems.0"],
    ['{"request":{},"exchange":"none"}', "cannot be explained", "exchange"],
    ['{"request":{}}', "cannot be explained", "request"],
    [`{"request":{"a":${"[".repeat(60_000)}${"]".repeat(60_000)}}}`, "", "request"],
  ])("refuses %.50s with the field's name", async (payload, detail, field) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain(detail);
    expect(answer.json().errors?.[0]?.field).toBe(field);
  });

  it("never repeats what it was sent, neither in an error nor in the log", async () => {
    const secret = "6D92078A-8246-4BA4-AE5B-76104861E7DC";
    const bodies = [
      JSON.stringify({ [secret]: 1, request: {} }),
      JSON.stringify({ request: {}, exchange: secret.repeat(3) }),
      JSON.stringify({ request: {}, segments: [` ${secret}`] }),
      JSON.stringify({ request: { device: { ifa: secret } } }),
      `{"request": ${secret}`,
    ];
    broken = true;
    for (const body of bodies) expect((await post(body)).body).not.toContain(secret);
    broken = false;
    expect(logged.join()).not.toContain(secret);
    expect(logged.join()).not.toContain("secret words");
  });

  it("answers 500 without words of the failure, and logs its name", async () => {
    broken = true;
    const answer = await post('{"request":{}}');
    broken = false;
    expect([answer.statusCode, answer.body.includes("secret")]).toEqual([500, false]);
    expect(logged.at(-1)).toContain('"name":"Error"');
  });

  it("says 503 while there is no World, 413 above the cap, 415 to another type", async () => {
    published = false;
    expect((await post('{"request":{}}')).statusCode).toBe(503);
    published = true;
    const large = await post(`{"request":"${"x".repeat(700_000)}"}`);
    const text = await post("{}", { ...bearer, "content-type": "text/plain" });
    expect([large.statusCode, text.statusCode]).toEqual([413, 415]);
    for (const { headers } of [large, text]) {
      expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    }
  });
});

describe("every answer", () => {
  it("carries the security headers and no name of a server", async () => {
    const urls = ["/healthz", "/readyz", "/metrics", "/api/v1/status", "/nothing"];
    for (const url of urls) {
      const { headers } = await server.inject(url);
      expect(headers).toMatchObject({
        ...{ "x-content-type-options": "nosniff", "cache-control": "no-store" },
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      });
      expect(headers["server"] ?? headers["x-powered-by"]).toBeUndefined();
    }
  });

  it("to an unknown address is 404, to another method 405, without an echo", async () => {
    const unknown = await server.inject("/api/v2/secret-words?a=secret-words");
    expect([unknown.statusCode, unknown.body.includes("secret-words")]).toEqual([404, false]);
    const method = await server.inject({ method: "DELETE", url: "/healthz" });
    expect([method.statusCode, method.headers["allow"]]).toEqual([405, "GET"]);
    const broken = await server.inject("/%zz");
    expect([broken.statusCode, broken.headers["content-type"]]).toEqual([
      ...[400, "application/problem+json; charset=utf-8"],
    ]);
  });
});

describe("on a socket", () => {
  it("answers what is no HTTP with 400, and closes with an idle connection open", async () => {
    const { port, close } = await startAdmin({ host: "127.0.0.1", port: 0, token, facts, log });
    const alive = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect([alive.status, await alive.json()]).toEqual([200, { status: "ok" }]);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => void socket.write("no http\r\n\r\n"));
      const got: Buffer[] = [];
      socket.on("data", (piece: Buffer) => void got.push(piece));
      socket.on("close", () => resolve(Buffer.concat(got).toString()));
      socket.on("error", reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
    expect(text).not.toContain("no http");
    const idle = connect(port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const started = performance.now();
    await close();
    expect(performance.now() - started).toBeLessThan(20_000);
    idle.destroy();
  });

  it("rejects where the port is taken", async () => {
    const first = await startAdmin({ host: "127.0.0.1", port: 0, token, facts, log });
    const second = startAdmin({ host: "127.0.0.1", port: first.port, token, facts, log });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
    await first.close();
  });
});

describe("a held campaign", () => {
  const release = (payload: string, headers: Record<string, string> = bearer) =>
    server.inject({ method: "POST", url: "/api/v1/holds/release", headers, payload });

  it("is let go by somebody with the token, where it is held", async () => {
    const body = JSON.stringify({ campaign: 12, exchange: "openrtb26" });
    expect((await release(body, { "content-type": "application/json" })).statusCode).toBe(401);
    const answer = await release(body);
    expect([answer.statusCode, answer.json().state]).toEqual([202, "released"]);
    const other = await release(JSON.stringify({ campaign: 13, exchange: "openrtb26" }));
    expect(other.statusCode).toBe(404);
    for (const bad of ["", "{", "[]", "null", '{"campaign":"12","exchange":"openrtb26"}']) {
      expect((await release(bad)).statusCode, bad).toBe(400);
    }
  });
});
