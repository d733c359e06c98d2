import type { Entity, Listing, Problem, SessionAnswer } from "./answers.js";
import { agencyShown, ended, session, trouble, unreachable } from "./session.js";

/** Calls of /api/v1. Answers are values: a page shows what went wrong, it never catches. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly status: number }
  | { readonly ok: false; readonly problem: Problem };

export type Send = {
  readonly body?: unknown;
  /** The version that a change was made from: If-Match. */
  readonly version?: number;
  /** The same key again does nothing twice: a try again after a lost answer. */
  readonly once?: string;
  /** In place of JSON: `text/csv`, `text/plain`. */
  readonly type?: string;
  /** What is asked for in place of JSON: `text/csv`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
};
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const gone: Problem = {
  status: 0,
  title: "No answer",
  detail: "The program does not answer. Nothing was changed by this page; try again in a moment.",
};

/** A key for one press of a button; tries of the same press share it. */
export const onceKey = (): string => crypto.randomUUID();

function headersOf(
  method: Method,
  { body, version, once, type, accept }: Send,
): Record<string, string> {
  const headers: Record<string, string> = { accept: accept ?? "application/json" };
  if (method !== "GET") headers["x-crowdbid"] = "1";
  if (body !== undefined) headers["content-type"] = type ?? "application/json";
  if (version !== undefined) headers["if-match"] = `"${version}"`;
  if (once !== undefined) headers["idempotency-key"] = once;
  return headers;
}

async function problemOf(response: Response): Promise<Problem> {
  const bare = {
    status: response.status,
    title: response.statusText,
    detail: `The answer was ${response.status}, without a reason.`,
  };
  try {
    return { ...bare, ...((await response.json()) as Problem) };
  } catch {
    return bare;
  }
}

function noteProblem(problem: Problem): void {
  if (problem.status === 401 && session.value?.state === "signed-in") {
    const { user, ...rest } = session.value;
    ended.value = user ?? null;
    session.value = { ...rest, state: "signed-out" };
  }
  if (problem.status === 503) {
    trouble.value = problem.detail || "The store is locked: saving waits, bidding goes on.";
  }
}

/** One call. Rejects only when `signal` ended it. */
export async function call<T>(method: Method, path: string, send: Send = {}): Promise<Answer<T>> {
  const { body, signal } = send;
  const raw = send.type !== undefined;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: headersOf(method, send),
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    unreachable.value = true;
    return { ok: false, problem: gone };
  }
  unreachable.value = false;
  if (!response.ok) {
    const problem = await problemOf(response);
    noteProblem(problem);
    return { ok: false, problem };
  }
  if (method !== "GET") trouble.value = "";
  const json = response.headers.get("content-type")?.includes("json") === true;
  const value = (json ? await response.json() : await response.text()) as T;
  return { ok: true, value, status: response.status };
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<Answer<T>> =>
  call<T>("GET", path, signal === undefined ? {} : { signal });
export const post = <T>(path: string, body: unknown, once?: string): Promise<Answer<T>> =>
  call<T>("POST", path, once === undefined ? { body } : { body, once });

/** Asks who is signed in and whether the store answers. */
export async function askSession(): Promise<void> {
  const answer = await get<SessionAnswer>("/session");
  if (!answer.ok) return;
  const { user } = answer.value;
  // Somebody else: nothing of the one before may stay on the screen.
  if (user !== undefined && ended.value !== null && ended.value.id !== user.id) location.reload();
  if (user !== undefined) ended.value = null;
  if (user !== undefined && user.agency !== "") agencyShown.value = "";
  session.value = answer.value;
  trouble.value = answer.value.trouble;
}

/** An address with those of the parts that say something. */
export function withQuery(
  path: string,
  parts: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

export const listPath = (
  kind: string,
  parts: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string => withQuery(`/${kind}`, parts);
export type Entities = Listing<Entity>;
