import type { FastifyReply } from "fastify";

/** RFC 9457. `errors` names the fields; no text of the asker is ever repeated. */
export type Problem = {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
};

export type FieldError = { readonly field: string; readonly message: string };

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  409: "Conflict",
  412: "Precondition failed",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  428: "Precondition required",
  429: "Too many requests",
  500: "Internal error",
  503: "Not available",
};

export const problemOf = (
  status: number,
  detail: string,
  errors?: readonly FieldError[],
): Problem => ({
  status,
  title: titles[status] ?? "Error",
  detail,
  ...(errors === undefined ? {} : { errors }),
});

export const problemType = "application/problem+json; charset=utf-8";

export const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .code(problem.status)
    .type(problemType)
    .send(JSON.stringify({ type: "about:blank", ...problem }));
