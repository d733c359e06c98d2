import { type FieldError, problemOf, problemType } from "../problem.js";

/** What a route answers: a value, never a thrown error. */
export type Answer = {
  readonly status: number;
  /** Sent as JSON unless it is text; null = nothing. */
  readonly body: unknown;
  /** The content type, where it is not JSON. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
};

export const answer = (body: unknown, status = 200, headers: Answer["headers"] = {}): Answer => ({
  ...{ status, body, headers },
});

/** `more` stands beside the problem's own members, such as `current`. */
export const refuse = (
  status: number,
  detail: string,
  errors?: readonly FieldError[],
  more: Readonly<Record<string, unknown>> = {},
): Answer => ({
  status,
  body: { type: "about:blank", ...problemOf(status, detail, errors), ...more },
  type: problemType,
});

export const withHeaders = (given: Answer, headers: Answer["headers"]): Answer => ({
  ...given,
  headers: { ...given.headers, ...headers },
});

/** The same words for what is not there and for what is another agency's. */
export const nothingThere = (): Answer => refuse(404, "there is no such thing here");

export const storeTrouble = (code: "locked" | "gone"): Answer =>
  withHeaders(
    refuse(
      503,
      code === "locked"
        ? "the store is locked: nothing was changed, try again; bidding and stops go on"
        : "the store does not answer: nothing was changed; bidding and stops go on. Try again " +
            "later: it is used again by itself. The operator finds the cause in the log",
    ),
    { "retry-after": "1" },
  );

export const tooMany = (waitMs: number): Answer =>
  withHeaders(refuse(429, "too many requests: wait as long as `retry-after` says"), {
    "retry-after": String(Math.max(1, Math.ceil(waitMs / 1000))),
  });
