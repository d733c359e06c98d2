import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EchoApp, echoApp } from "../testing/echo-app.js";
import { readAnswers } from "../testing/raw-http.js";
import type { HttpEdge } from "./http-edge.js";
import { uwsDriver } from "./uws-driver.js";

const sample = fileURLToPath(new URL("../../config/nginx.conf", import.meta.url));
const isThere = (command: string, flag: string): boolean =>
  spawnSync(command, [flag], { stdio: "ignore" }).status === 0;
const missing = [
  ...(isThere("nginx", "-v") ? [] : ["nginx"]),
  ...(isThere("openssl", "version") ? [] : ["openssl"]),
];
const title =
  missing.length === 0
    ? "the sample proxy in front of the bidder"
    : `the sample proxy (skipped: ${missing.join(" and ")} not installed here)`;

async function anyPort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function deskPortOf(desk: Server): Promise<number> {
  desk.listen(0, "127.0.0.1");
  await once(desk, "listening");
  return (desk.address() as { port: number }).port;
}

/** The sample with this machine's port, folder and a certificate made for the test. */
function configFor(folder: string, port: number, bidderPort: number, deskPort: number): string {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=bid.example.com", "-days", "2", "-nodes"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", ...subject];
  const made = spawnSync("openssl", [...args, "-keyout", key, "-out", certificate]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr.toString()}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  );
  const changes: readonly (readonly [string, string])[] = [
    ["listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`],
    ["server 127.0.0.1:8080;", `server 127.0.0.1:${bidderPort};`],
    ["proxy_pass http://127.0.0.1:8081;", `proxy_pass http://127.0.0.1:${deskPort};`],
    ["/etc/crowdbid/tls/fullchain.pem", certificate],
    ["/etc/crowdbid/tls/privkey.pem", key],
    ["http {", `http {\n${temporary.join("\n")}`],
    ["error_log stderr crit;", `error_log stderr crit;\npid ${join(folder, "nginx.pid")};`],
  ];
  let text = readFileSync(sample, "utf8");
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  const path = join(folder, "nginx.conf");
  writeFileSync(path, text);
  mkdirSync(join(folder, "logs"));
  return path;
}

describe.skipIf(missing.length > 0)(title, () => {
  let folder: string;
  let app: EchoApp;
  const desk = createHttpServer((request, response) => {
    const { host, "x-forwarded-for": from, "x-forwarded-proto": proto } = request.headers;
    response.end(JSON.stringify({ host, from, proto, url: request.url }));
  });
  let bidder: HttpEdge;
  let nginx: ChildProcess;
  let config: string;
  let port: number;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "crowdbid-nginx-"));
    app = echoApp();
    bidder = await uwsDriver(app, { host: "127.0.0.1", port: 0 });
    port = await anyPort();
    config = configFor(folder, port, bidder.port, await deskPortOf(desk));
    nginx = spawn("nginx", ["-p", folder, "-c", config, "-g", "daemon off;"], { stdio: "ignore" });
    for (let i = 0; i < 100; i++) {
      const up = await ask({ method: "GET", path: "/healthz" }).catch(() => null);
      if (up !== null) return;
      await delay(50);
    }
    throw new Error("nginx did not open its port");
  });
  afterAll(async () => {
    agent.destroy();
    bidder.close();
    desk.close();
    nginx.kill("SIGTERM");
    await once(nginx, "exit");
    rmSync(folder, { recursive: true });
  });

  type Answer = { readonly status: number; readonly body: string; readonly reused: boolean };

  function ask(options: RequestOptions, ...pieces: (string | Uint8Array)[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const all: RequestOptions = { host: "127.0.0.1", port, agent, ...options };
      const sent = request(all, (response) => {
        let body = "";
        response.on("data", (piece: Buffer) => {
          body += piece.toString("latin1");
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body, reused: sent.reusedSocket }),
        );
      });
      sent.on("error", reject);
      for (const piece of pieces) sent.write(piece);
      sent.end();
    });
  }

  /** Sends bytes over TLS as they are; gives the statuses that came back. */
  async function rawStatuses(text: string): Promise<number[]> {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    let got = "";
    socket.on("data", (piece: Buffer) => {
      got += piece.toString("latin1");
    });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write(text);
    await Promise.race([once(socket, "close"), delay(500)]);
    socket.destroy();
    return readAnswers(got).map(({ status }) => status);
  }

  test("the desk is told whom and how the browser asked, whatever that says itself", async () => {
    const headers = { host: "desk.example.com", "x-forwarded-for": "192.0.2.9" };
    const own = { ...headers, "x-forwarded-proto": "http", origin: "https://desk.example.com" };
    for (const url of ["/api/v1/session", "/api/v1/lists"]) {
      const answer = await ask({ method: "GET", path: url, headers: own });
      expect(JSON.parse(answer.body)).toEqual({
        ...{ host: "desk.example.com", from: "127.0.0.1", proto: "https", url },
      });
    }
    expect((await ask({ method: "GET", path: "/metrics", headers })).status).toBe(404);
    const atBidder = { ...headers, host: "bid.example.com" };
    expect((await ask({ method: "GET", path: "/api/v1/session", headers: atBidder })).status).toBe(
      404,
    );
  });

  test("nginx finds the configuration sound", () => {
    const checked = spawnSync("nginx", ["-t", "-p", folder, "-c", config]);
    expect(checked.stderr.toString()).toContain("test is successful");
    expect(checked.stderr.toString()).not.toContain("[warn]");
    expect(checked.status).toBe(0);
  });

  test("a chunked body arrives with a length, and the connection is kept", async () => {
    const post = { method: "POST", path: "/bid/echo" };
    const first = await ask(post, '{"id":', '"1"}');
    expect(first).toMatchObject({ status: 200, body: '{"id":"1"}' });
    const second = await ask(post, "none");
    expect(second).toMatchObject({ status: 204, reused: true });
    const third = await ask(post, "x".repeat(100_000));
    expect(third).toMatchObject({ status: 200, reused: true });
    expect(third.body).toHaveLength(100_000);
  });

  test("credential, coding and query reach the bidder", async () => {
    const secret = { "X-Crowdbid-Secret": "open sesame" };
    const locked = { method: "POST", path: "/bid/locked" };
    expect((await ask({ ...locked, headers: secret }, "{}")).status).toBe(200);
    const bearer = { Authorization: "Bearer open sesame" };
    expect((await ask({ ...locked, headers: bearer }, "{}")).status).toBe(200);
    expect((await ask(locked, "{}")).status).toBe(401);
    const zipped = { method: "POST", path: "/bid/zipped", headers: { "Content-Encoding": "gzip" } };
    expect(await ask(zipped, gzipSync("{}"))).toMatchObject({ status: 200, body: "{}" });
    app.record.notices.length = 0;
    expect((await ask({ method: "GET", path: "/win?t=a%20b&p=1" })).status).toBe(204);
    expect((await ask({ method: "GET", path: "/click?t=c" })).status).toBe(302);
    expect(app.record.notices).toEqual(["1 t=a%20b&p=1", "5 t=c"]);
  });

  test("a request with many headers reaches the bidder with few", async () => {
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x-h${i}`, "1"]));
    expect((await ask({ method: "POST", path: "/bid/echo", headers }, "{}")).status).toBe(200);
  });

  test("what could be read in two ways is refused, and nothing behind it is run", async () => {
    const { bids } = app.record;
    const hidden = "POST /bid/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    const start = "POST /bid/echo HTTP/1.1\r\nHost: a\r\n";
    for (const framing of [
      "Content-Length: 5\r\nContent-Length: 100\r\n\r\nhello",
      "Content-Length:\r\n\r\n",
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
      "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ]) {
      const statuses = await rawStatuses(`${start}${framing}${hidden}`);
      expect(statuses).toHaveLength(1);
      expect([400, 411, 501]).toContain(statuses[0]);
    }
    expect(app.record.bids).toBe(bids);
  });

  test("paths that are not the bidder's, and bodies above its cap, stay outside", async () => {
    expect((await ask({ method: "GET", path: "/metrics" })).status).toBe(404);
    expect((await ask({ method: "GET", path: "/" })).status).toBe(404);
    const body = "x".repeat(131_073);
    const headers = { "Content-Length": body.length };
    const large = ask({ method: "POST", path: "/bid/echo", headers }, body);
    expect((await large).status).toBe(413);
  });

  test("without a bidder a bid request gets 204, a notice an error that is retried", async () => {
    bidder.close();
    expect((await ask({ method: "POST", path: "/bid/echo" }, "{}")).status).toBe(204);
    expect((await ask({ method: "GET", path: "/bill?t=a" })).status).toBe(502);
  });
});
