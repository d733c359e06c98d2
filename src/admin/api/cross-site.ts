import type { FastifyRequest } from "fastify";
import { type Answer, refuse } from "./answer.js";
import type { Route } from "./route.js";

/**
 * Changes with a cookie come from our own page alone: a header that no form can send, and what
 * browsers say of the page that asks. The cookie is SameSite=Strict besides.
 */
export function crossSiteProblem(
  { method, access }: Pick<Route, "method" | "access">,
  request: FastifyRequest,
  by: string,
): Answer | null {
  if (method === "GET" || by === "operator" || by === "token") return null;
  const { origin, "x-crowdbid": mark, "sec-fetch-site": site } = request.headers;
  const foreign = refuse(403, "this request does not come from the page of this server");
  if (site !== undefined && site !== "same-origin") return foreign;
  if (origin !== undefined && origin !== `${request.protocol}://${request.host}`) return foreign;
  if (by === "session" || (access.kind === "open" && request.headers.cookie !== undefined)) {
    if (mark !== "1") return refuse(403, "send the header `x-crowdbid: 1`");
    if (origin === undefined && site === undefined) return foreign;
  }
  return null;
}
