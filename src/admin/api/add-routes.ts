import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { FieldError } from "../problem.js";
import { type Answer, refuse } from "./answer.js";
import type { Entered, Gate } from "./gate.js";
import { describedBy } from "./openapi.js";
import { type Ask, addressOf, type Route } from "./route.js";
import { readStrictJson } from "./strict-json.js";

export const bodyBytesMax = 1024 * 1024;

/** Adds the routes behind the gate; a route without access stops the start. */
export function addRoutes(
  server: FastifyInstance,
  routes: readonly Route[],
  gate: Gate,
  nowMs: () => number,
): void {
  const entered = new WeakMap<FastifyRequest, Waited>();
  for (const one of routes) {
    const kind: unknown = one.access?.kind;
    if (kind !== "open" && kind !== "agency" && kind !== "house") {
      throw new Error(`the route ${one.method} ${one.path} does not say who may call it`);
    }
    server.route({
      method: one.method,
      url: addressOf(one),
      schema: describedBy(one),
      bodyLimit: one.bodyBytesMax ?? bodyBytesMax,
      onRequest: async (request, reply) => {
        const result = await gate(one, request);
        if ("status" in result) return send(reply, result);
        const isWatched = one.body !== undefined && one.takes !== "stream";
        const bodyIsIn = isWatched ? endWhenSlow(request) : () => {};
        entered.set(request, { ...result, bodyIsIn });
        return undefined;
      },
      handler: async (request, reply) => {
        const who = entered.get(request) ?? { caller: null, session: "", bodyIsIn: () => {} };
        return send(reply, await answerOf(one, request, who, nowMs()));
      },
    });
  }
}

type Waited = Entered & { readonly bodyIsIn: () => void };

/** So long may a body take that is no upload. */
const bodyMsMax = 10_000;

/** Ends the connection of a body that comes too slowly; what it gives back stops the watch. */
function endWhenSlow({ raw }: FastifyRequest): () => void {
  const timer = setTimeout(() => raw.destroy(), bodyMsMax).unref();
  const stop = (): void => clearTimeout(timer);
  raw.once("close", stop);
  return stop;
}

async function answerOf(
  one: Route,
  request: FastifyRequest,
  { caller, session, bodyIsIn }: Waited,
  nowMs: number,
): Promise<Answer> {
  const body = await bodyOf(one, request);
  bodyIsIn();
  if (!body.ok) return body.refused;
  const checked = checkedParts(one, request, body.value);
  if ("status" in checked) return checked;
  const from = request.ip;
  const ask: Ask<unknown, unknown, unknown, Caller> = {
    ...{ caller, session, nowMs, ...checked, headers: request.headers },
    actor: { user: caller?.user ?? 0, name: caller?.name ?? "", from },
    digest: digestOf(one, request, body.bytes),
    secure: request.protocol === "https",
  };
  return one.handler(ask);
}

type Caller = Entered["caller"];
type Body =
  | { readonly ok: true; readonly value: unknown; readonly bytes: Uint8Array | null }
  | { readonly ok: false; readonly refused: Answer };

const mediaOf = (request: FastifyRequest): string =>
  (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
const json = "application/json";
const texts = ["text/csv", "text/plain"];

async function bodyOf(one: Route, request: FastifyRequest): Promise<Body> {
  if (one.body === undefined) return { ok: true, value: undefined, bytes: null };
  const takes = one.takes ?? "json";
  const wanted = takes === "json" || takes === "any json" ? [json] : texts;
  if (request.body !== undefined && !wanted.includes(mediaOf(request))) {
    const detail = `send \`content-type: ${wanted.join("` or `")}\``;
    return { ok: false, refused: refuse(415, detail) };
  }
  if (takes === "stream") return { ok: true, value: request.body, bytes: null };
  if (takes === "text") return textOf(request.body as Readable | undefined);
  const bytes = Buffer.isBuffer(request.body) ? request.body : new Uint8Array(0);
  if (takes === "any json") return { ok: true, value: looselyParsed(bytes), bytes };
  const read = readStrictJson(bytes);
  return read.ok
    ? { ok: true, value: read.value, bytes }
    : { ok: false, refused: refuse(400, read.detail) };
}

/** undefined = no JSON. */
function looselyParsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

async function textOf(stream: Readable | undefined): Promise<Body> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of (stream ?? []) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bodyBytesMax) return { ok: false, refused: tooLarge(bodyBytesMax) };
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  try {
    const value = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { ok: true, value, bytes };
  } catch {
    return { ok: false, refused: refuse(400, "the body is not text in UTF-8") };
  }
}

export const tooLarge = (bytesMax: number): Answer =>
  refuse(413, `the body is larger than ${bytesMax} bytes`);

function checkedParts(one: Route, request: FastifyRequest, body: unknown) {
  const parts = { params: request.params, query: request.query, body };
  const errors: FieldError[] = [];
  const checked = { params: undefined as unknown, query: undefined as unknown, body: undefined };
  for (const part of ["params", "query", "body"] as const) {
    const schema = one[part];
    if (schema === undefined) continue;
    const result = schema.safeParse(parts[part]);
    if (result.success) checked[part] = result.data as undefined;
    else errors.push(...result.error.issues.map((issue) => fieldError(part, issue)));
  }
  return errors.length === 0 ? checked : refuse(400, "mend what `errors` names", errors);
}

/** zod's own words name types and limits; keys that it does not know are not repeated. */
const fieldError = (part: string, issue: z.core.$ZodIssue): FieldError => ({
  field: fieldOf(issue.path) || part,
  message: issue.code === "unrecognized_keys" ? "has a key that is not known" : issue.message,
});

/** `creatives[0].id`, as the findings of forms name fields. */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((step, i) =>
      typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`,
    )
    .join("");

function digestOf(one: Route, request: FastifyRequest, bytes: Uint8Array | null): string {
  if (request.headers["idempotency-key"] === undefined) return "";
  const hash = createHash("sha256").update(`${one.method} ${request.url}\n`);
  return hash.update(bytes ?? new Uint8Array(0)).digest("hex");
}

function send(reply: FastifyReply, { status, body, type, headers }: Answer): FastifyReply {
  for (const [name, value] of Object.entries(headers ?? {})) void reply.header(name, value);
  void reply.code(status);
  if (body === null) return reply.send();
  if (type !== undefined) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return reply.type(type).send(text);
  }
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}
