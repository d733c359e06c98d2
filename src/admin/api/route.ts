import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import type { Actor } from "../store/desk-store.js";
import type { Access, Caller } from "./access.js";
import type { Answer } from "./answer.js";

/** What a handler gets of a request; all checked. */
export type Ask<P, Q, B, C = Caller> = {
  readonly caller: C;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  readonly actor: Actor;
  readonly nowMs: number;
  /** Of method, address and body: what an idempotency key stands for. */
  readonly digest: string;
  /** Of the session's id, "" = none. */
  readonly session: string;
  /** The request came by https. */
  readonly secure: boolean;
};

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How a body comes: JSON by a schema, JSON as it is, text in memory, a stream. */
export type Takes = "json" | "any json" | "text" | "stream";

type CallerOf<A extends Access> = A extends { readonly kind: "open" } ? Caller | null : Caller;

export type RouteSpec<
  A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
> = {
  readonly method: Method;
  /** Without the prefix of the API, in fastify's form: `/users/:id`. */
  readonly path: string;
  /** True: the path stands alone, not under /api/v1. */
  readonly bare?: boolean;
  readonly access: A;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly takes?: Takes;
  readonly bodyBytesMax?: number;
  /** Of the success: for the description and for tests. */
  readonly reply: z.ZodType | "text/csv" | "text/html" | "nothing" | "JSON";
  readonly status?: number;
  readonly handler: (
    ask: Ask<z.output<P>, z.output<Q>, z.output<B>, CallerOf<A>>,
  ) => Answer | Promise<Answer>;
};

/** A route with its types forgotten: what the server adds and the tests walk. */
export type Route = Omit<RouteSpec<Access, z.ZodType, z.ZodType, z.ZodType>, "handler"> & {
  readonly handler: (
    ask: Ask<unknown, unknown, unknown, Caller | null>,
  ) => Answer | Promise<Answer>;
};

/** Ties a handler's types to its schemas. */
export const route = <
  A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
>(
  spec: RouteSpec<A, P, Q, B>,
): Route => spec as unknown as Route;

export const apiPrefix = "/api/v1";
export const addressOf = ({ path, bare }: Pick<Route, "path" | "bare">): string =>
  bare === true ? path : apiPrefix + path;

export const open = { kind: "open" } as const;
export const agency = (role: Extract<Access, { kind: "agency" }>["role"]) =>
  ({ kind: "agency", role }) as const;
export const house = (role: Extract<Access, { kind: "house" }>["role"]) =>
  ({ kind: "house", role }) as const;
