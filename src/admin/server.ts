import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { type AdminFacts, unreadyReasons } from "./admin-facts.js";
import { readExplainBody } from "./explain-body.js";
import { addForgetRoutes } from "./forget-routes.js";
import { addHoldRoutes } from "./hold-routes.js";
import { problemOf, problemType, sendProblem } from "./problem.js";

export type AdminOptions = {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The content of admin.token: opens everything below /api. */
  readonly token: string;
  readonly facts: AdminFacts;
  readonly log: AdminLog;
};

/** Failures only: no line a request, and never a body. */
export type AdminLog = { readonly error: (fields: object, message: string) => void };

export type AdminServer = { readonly port: number; readonly close: () => Promise<void> };

/** A bid request of 256 KiB as text inside JSON, where a character may take two bytes. */
const bodyBytesMax = 600 * 1024;
const requestMsMax = 10_000;
const keepAliveMs = 5_000;

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Listens; rejects where the port is taken. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const server = adminServer(options);
  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return { port, close: () => server.close() };
}

/** The routes without a socket: what tests inject into. */
export function adminServer(options: Omit<AdminOptions, "host" | "port">): FastifyInstance {
  const { facts } = options;
  const server = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply, problemFor(error));
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(badHttp);
    },
  });
  server.removeAllContentTypeParsers();
  // Bytes as they are; the route parses them, so that a parser's words never quote the body.
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  server.addHook("onRequest", async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  server.get("/healthz", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => readyAnswer(facts, reply));
  server.get("/metrics", async (_request, reply) => {
    const text = await facts.metrics();
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
  });
  addApi(server, options);
  server.setNotFoundHandler((request, reply) => notFound(server, request, reply));
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemFor(error);
    if (problem.status === 500) {
      options.log.error({ name: error.name, code: error.code }, "an admin request failed");
    }
    return sendProblem(reply, problem);
  });
  return server;
}

function addApi(
  server: FastifyInstance,
  { facts, token }: Omit<AdminOptions, "host" | "port">,
): void {
  const guard = bearerGuard(token);
  addForgetRoutes(server, facts.forget, guard, parsed);
  addHoldRoutes(server, facts.holds, guard, parsed);
  server.get("/api/v1/status", { onRequest: guard }, async () => facts.status());
  server.get("/api/v1/spend", { onRequest: guard }, async () => facts.spend());
  server.post("/api/v1/explain", { onRequest: guard }, async (request, reply) => {
    const value = parsed(request.body);
    if (value === undefined) {
      return sendProblem(reply, problemOf(400, "the body is not JSON"));
    }
    const read = readExplainBody(value);
    if (!read.ok) {
      return sendProblem(
        reply,
        problemOf(400, "the body is not what explain asks for", read.errors),
      );
    }
    const result = facts.explain(read.ask);
    if (result === null) return sendProblem(reply, problemOf(503, "no World is published"));
    if (result.status === 200) return result;
    const field = result.status === 404 ? "exchange" : "request";
    const errors = [{ field, message: result.reason }];
    return sendProblem(reply, problemOf(400, "this request cannot be explained", errors));
  });
}

function readyAnswer(facts: AdminFacts, reply: FastifyReply): FastifyReply {
  const readiness = facts.readiness();
  const { generation, epoch, epochAgeSeconds, journal } = readiness;
  const reasons = unreadyReasons(readiness);
  const body = { generation, epoch, epochAgeSeconds, journal };
  return reasons.length === 0
    ? reply.code(200).send(body)
    : reply.code(503).send({ ...body, reasons });
}

/**
 * Compares digests, which have one length: neither the token's length nor its text shows in the
 * time.
 */
function bearerGuard(token: string) {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const wanted = digest(token);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (timingSafeEqual(digest(given), wanted)) return;
    reply.header("www-authenticate", "Bearer");
    const detail =
      "send `authorization: Bearer` with the content of admin.token in the data folder";
    await sendProblem(reply, problemOf(401, detail));
  };
}

/** undefined = no JSON. */
function parsed(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

const methods = ["GET", "POST"] as const;

async function notFound(
  server: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = request.url.split("?")[0] ?? "";
  const allowed = methods.filter((method) => server.hasRoute({ method, url: path }));
  if (allowed.length === 0) return sendProblem(reply, problemOf(404, "there is nothing here"));
  reply.header("allow", allowed.join(", "));
  return sendProblem(reply, problemOf(405, `this address takes ${allowed.join(", ")}`));
}

const problemsByStatus: Readonly<Record<number, string>> = {
  400: "the request is malformed",
  413: `the body is larger than ${bodyBytesMax} bytes`,
  415: "send `content-type: application/json`",
};

function problemFor({ statusCode = 500 }: FastifyError) {
  const status = statusCode >= 400 && statusCode < 500 ? statusCode : 500;
  const detail = problemsByStatus[status] ?? "the request could not be answered";
  return problemOf(status, detail);
}

const badBody = JSON.stringify({ type: "about:blank", ...problemOf(400, "this is no HTTP") });
const badHttp =
  `HTTP/1.1 400 Bad Request\r\ncontent-type: ${problemType}\r\n` +
  `content-length: ${Buffer.byteLength(badBody)}\r\nconnection: close\r\n\r\n${badBody}`;
