import "@fastify/cookie";
import type { FastifyRequest } from "fastify";
import { type Caller, mayCall } from "./access.js";
import { type Answer, refuse, storeTrouble, tooMany, withHeaders } from "./answer.js";
import { crossSiteProblem } from "./cross-site.js";
import { MinuteRate, networkOf } from "./rates.js";
import type { Route } from "./route.js";
import { digestOf, isToken, sameDigest } from "./secrets.js";
import { cookieNameOf, type SignedIn } from "./signed-in.js";

/** Who asks, once the gate let the request in. */
export type Entered = {
  readonly caller: Caller | null;
  /** Of the session's cookie, also of one that is over; "" = none was sent. */
  readonly session: string;
};

export const operator: Caller = {
  ...{ user: 0, name: "operator", login: "", agency: "" },
  ...{ role: "admin", by: "operator" },
};

export type Gate = (
  route: Pick<Route, "access" | "method">,
  request: FastifyRequest,
) => Promise<Entered | Answer>;

const unknownToken = (): Answer =>
  withHeaders(
    refuse(
      401,
      "sign in, or send `authorization: Bearer` with an API token or the content of admin.token " +
        "in the data folder",
    ),
    { "www-authenticate": "Bearer" },
  );

const perMinute = { token: 600, session: 1200, wrong: 60 };

/** `signedIn` null = there is no desk: the operator alone enters. */
export function gateOf(token: string, signedIn: SignedIn | null, nowMs: () => number): Gate {
  const operatorDigest = digestOf(token);
  const rates = {
    token: new MinuteRate(perMinute.token),
    session: new MinuteRate(perMinute.session),
    wrong: new MinuteRate(perMinute.wrong),
  };
  const callerOf = async (request: FastifyRequest, session: string) => {
    const bearer = bearerOf(request);
    if (bearer !== null) {
      const digest = digestOf(bearer);
      if (sameDigest(digest, operatorDigest)) return { caller: operator, key: "", by: "operator" };
      const wrong = (): Answer => {
        const wait = rates.wrong.take(networkOf(request.ip), nowMs());
        return wait > 0 ? tooMany(wait) : unknownToken();
      };
      if (signedIn === null || !isToken(bearer)) return wrong();
      const found = await signedIn.token(digest);
      if ("code" in found) return storeTrouble(found.code);
      if (found.caller === null) return wrong();
      return { caller: found.caller, key: digest, by: "token" };
    }
    if (signedIn === null || session === "") return { caller: null, key: "", by: "nobody" };
    const found = await signedIn.session(session);
    if ("code" in found) return storeTrouble(found.code);
    return { caller: found.caller, key: session, by: "session" };
  };
  return async (route, request) => {
    const session = sessionOf(request);
    const found = await callerOf(request, session);
    if ("status" in found) {
      // Whoever signs in or asks for the page's state is not kept out by a store that is gone.
      return route.access.kind === "open" ? { caller: null, session } : found;
    }
    const { caller, key, by } = found;
    if (by === "token" || (by === "session" && caller !== null)) {
      const wait = rates[by].take(key, nowMs());
      if (wait > 0) return tooMany(wait);
    }
    const crossSite = crossSiteProblem(route, request, by);
    if (crossSite !== null) return crossSite;
    if (caller === null && route.access.kind !== "open") return unknownToken();
    if (!mayCall(route.access, caller)) return refuse(403, "your role does not allow this");
    return { caller, session };
  };
}

/** null = none was sent; "" = something that is no bearer token. */
function bearerOf({ headers }: FastifyRequest): string | null {
  if (headers.authorization === undefined) return null;
  return /^Bearer +(\S+)$/i.exec(headers.authorization)?.[1] ?? "";
}

function sessionOf(request: FastifyRequest): string {
  const id = request.cookies[cookieNameOf(request.protocol === "https")] ?? "";
  return /^[A-Za-z0-9_-]{43}$/.test(id) ? digestOf(id) : "";
}
