import { fastifyCookie } from "@fastify/cookie";
import type { FastifyRequest } from "fastify";
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { type AdminFacts, unreadyReasons } from "./admin-facts.js";
import { addRoutes, bodyBytesMax } from "./api/add-routes.js";
import type { Desk } from "./api/desk-parts.js";
import { firstRunOf } from "./api/first-run.js";
import { gateOf } from "./api/gate.js";
import { deskRoutes } from "./api/routes.js";
import { operatorRoutes } from "./api/routes-operator.js";
import { SignedIn } from "./api/signed-in.js";
import { addDescription, addPage, isPageAddress, sendPage } from "./desk-server.js";
import { problemOf, problemType, sendProblem } from "./problem.js";

export type AdminOptions = {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The content of admin.token: opens everything below /api. */
  readonly token: string;
  readonly facts: AdminFacts;
  readonly log: AdminLog;
  /** null = no campaign desk: the operator's routes alone. */
  readonly desk?: Desk | null;
};

/** Failures only: no line a request, and never a body. */
export type AdminLog = { readonly error: (fields: object, message: string) => void };

export type AdminServer = { readonly port: number; readonly close: () => Promise<void> };

const requestMsMax = 10_000;
/** 512 MiB at 1 MB/s; routes end other bodies after ten seconds. */
const uploadMsMax = 600_000;
const keepAliveMs = 5_000;
const hsts = "max-age=31536000";

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
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
  const desk = options.desk ?? null;
  const server = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: desk === null ? requestMsMax : uploadMsMax,
    http: { headersTimeout: requestMsMax },
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    trustProxy: [...(desk?.trustedProxies ?? [])],
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply, problemFor(error));
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(badHttp);
    },
  });
  addParsers(server);
  // The routes check for themselves: their words never quote what was sent.
  server.setValidatorCompiler(() => (value: unknown) => ({ value }));
  server.setSerializerCompiler(() => (value: unknown) => JSON.stringify(value));
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (request.protocol === "https") reply.header("strict-transport-security", hsts);
  });
  void server.register(fastifyCookie);
  addProbes(server, options.facts);
  void server.register(async (scope) => {
    if (desk !== null) await addDescription(scope);
    await addApi(scope, options, desk);
    if (desk !== null && desk.uiFolder !== null) await addPage(scope, desk.uiFolder);
  });
  const hasPage = desk !== null && desk.uiFolder !== null;
  server.setNotFoundHandler((request, reply) =>
    hasPage && isPageAddress(request) ? sendPage(reply) : notFound(server, request, reply),
  );
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemFor(error);
    if (problem.status === 500) {
      options.log.error({ name: error.name, code: error.code }, "an admin request failed");
    }
    return sendProblem(reply, problem);
  });
  return server;
}

/** Bytes or a stream as they are: the routes read them once they know who asks. */
function addParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  server.addContentTypeParser(["text/csv", "text/plain"], (_request, stream, done) =>
    done(null, stream),
  );
}

function addProbes(server: FastifyInstance, facts: AdminFacts): void {
  server.get("/healthz", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => readyAnswer(facts, reply));
  server.get("/metrics", async (_request, reply) => {
    const text = await facts.metrics();
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
  });
}

async function addApi(
  server: FastifyInstance,
  { facts, token }: Omit<AdminOptions, "host" | "port">,
  desk: Desk | null,
): Promise<void> {
  const nowMs = desk?.clock.nowMs ?? (() => 0);
  const signedIn = desk === null ? null : new SignedIn(desk.store, nowMs);
  const gate = gateOf(token, signedIn, nowMs);
  addRoutes(server, operatorRoutes(facts, desk), gate, nowMs);
  if (desk !== null && signedIn !== null) {
    addRoutes(server, deskRoutes(desk, signedIn, await firstRunOf(desk)), gate, nowMs);
    server.get("/api/v1/openapi.json", { schema: { hide: true } }, async () => server.swagger());
  }
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

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

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
  413: "the body is too large",
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
