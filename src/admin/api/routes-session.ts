import { fastifyCookie } from "@fastify/cookie";
import { z } from "zod";
import { roles, sessionMs } from "../store/desk-store.js";
import { type Answer, answer, refuse, storeTrouble, tooMany } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { nameOf } from "./entity-view.js";
import { type FirstRun, inviteFirst } from "./first-run.js";
import { Attempts, networkOf } from "./rates.js";
import { type Ask, agency, open, type Route, route } from "./route.js";
import { digestOf, newSecret, plainCode } from "./secrets.js";
import { cookieNameOf, type SignedIn } from "./signed-in.js";

/** Signing in and out, joining, and the password. */

const login = z.string().min(1).max(128);
/** Longer ones than the policy takes are refused by its words, not by the schema's. */
const password = z.string().max(1024);

export function sessionRoutes(
  desk: Desk,
  signedIn: SignedIn,
  firstRun: FirstRun,
): readonly Route[] {
  const attempts = new Attempts();
  return [
    stateRoute(desk, firstRun),
    route({
      ...{ method: "POST", path: "/session", access: open, reply: "nothing", status: 204 },
      ...{ summary: "Signs in", body: z.strictObject({ login, password }) },
      handler: (ask) => signIn(desk, attempts, ask),
    }),
    route({
      ...{ method: "DELETE", path: "/session", access: open, reply: "nothing", status: 204 },
      summary: "Signs out",
      handler: async ({ caller, session, nowMs, secure }) => {
        if (session !== "") {
          const closed = await desk.store.closeSession(session, nowMs);
          if (caller !== null) signedIn.forget(caller.user);
          if (!closed.ok) return storeTrouble(closed.code === "locked" ? "locked" : "gone");
        }
        return answer(null, 204, { "set-cookie": cookieOf("", secure, 0) });
      },
    }),
    route({
      ...{ method: "POST", path: "/join", access: open, reply: "nothing", status: 204 },
      summary: "Takes a one-time code: the first user's, or an invitation's",
      body: z.strictObject({
        code: z.string().max(64),
        login,
        name: z.string().min(1).max(100),
        password,
      }),
      handler: (ask) => join(desk, attempts, firstRun, ask),
    }),
    passwordRoute(desk, attempts, signedIn),
  ];
}

/** Logins that look the same are one account to the store, and have one count of failures. */
const plainLogin = (text: string): string => text.normalize("NFKC").trim().toLowerCase();

const stateReply = z.object({
  state: z.enum(["first-run", "signed-out", "signed-in"]),
  user: z
    .object({
      ...{ id: z.int(), login: z.string(), name: z.string(), agency: z.string() },
      ...{ agencyName: z.string(), role: z.enum(roles) },
    })
    .optional(),
  ...{ trouble: z.string(), demo: z.boolean() },
});

const stateRoute = (desk: Desk, firstRun: FirstRun): Route =>
  route({
    ...{ method: "GET", path: "/session", access: open, reply: stateReply },
    summary: "Who is signed in, and what troubles the desk",
    handler: ({ caller }) => {
      const { demo } = desk;
      if (caller === null) {
        const state = firstRun.open() ? "first-run" : "signed-out";
        return answer({ state, trouble: "", demo });
      }
      const { user: id, login: own, name, agency: key, role } = caller;
      const record = key === "" ? null : desk.book.get("agency", key);
      const user = { id, login: own, name, agency: key, role };
      const agencyName = record === null ? "" : nameOf(record);
      const trouble = desk.book.trouble();
      return answer({ state: "signed-in", user: { ...user, agencyName }, trouble, demo });
    },
  });

type SigningIn = Ask<unknown, unknown, { login: string; password: string }, unknown>;

async function signIn(desk: Desk, attempts: Attempts, ask: SigningIn): Promise<Answer> {
  const { body, nowMs, actor } = ask;
  const keys = [`login ${plainLogin(body.login)}`, `from ${networkOf(actor.from)}`];
  const wait = attempts.begin(keys, nowMs);
  if (wait > 0) return tooMany(wait);
  let failed = false;
  try {
    const found = await desk.store.userByLogin(body.login);
    if (!found.ok) return storeTrouble(found.code === "locked" ? "locked" : "gone");
    const { user, password: stored } = found.value ?? { user: null, password: null };
    const right = await verified(desk, body.password, stored);
    if (right === null) return tooMany(1000);
    failed = !right || user === null || user.disabled;
    if (user !== null && !failed) return await opened(desk, ask, user.id);
    const who = { user: 0, name: "", from: actor.from };
    const line = { atMs: nowMs, actor: who, agency: user?.agency ?? "", action: "login_failed" };
    await desk.store.note({ ...line, what: user === null ? "" : `user ${user.id}` });
    return refuse(401, "the login or the password is wrong");
  } finally {
    attempts.settle(keys, failed, desk.clock.nowMs());
  }
}

/** null = too many wait. */
const verified = (desk: Desk, text: string, stored: string | null): Promise<boolean | null> =>
  desk.passwords.verifyPassword(text, stored).catch(() => null);

/** A new id each time: what was known before the login opens nothing after it. */
async function opened(desk: Desk, ask: SigningIn, user: number): Promise<Answer> {
  const { store } = desk;
  if (ask.session !== "") await store.closeSession(ask.session, ask.nowMs);
  const id = newSecret(desk.randomBytes);
  const session = await store.openSession(digestOf(id), user, ask.actor.from, ask.nowMs);
  if (!session.ok) return storeTrouble(session.code === "locked" ? "locked" : "gone");
  return answer(null, 204, { "set-cookie": cookieOf(id, ask.secure, sessionMs / 1000) });
}

const cookieOf = (id: string, secure: boolean, maxAge: number): string =>
  fastifyCookie.serialize(cookieNameOf(secure), id, {
    ...{ path: "/", httpOnly: true, sameSite: "strict", secure, maxAge },
  });

type Joining = Ask<
  unknown,
  unknown,
  { code: string; login: string; name: string; password: string },
  unknown
>;

async function join(
  desk: Desk,
  attempts: Attempts,
  firstRun: FirstRun,
  ask: Joining,
): Promise<Answer> {
  const { body, nowMs, actor } = ask;
  const keys = [`join ${networkOf(actor.from)}`];
  const wait = attempts.begin(keys, nowMs);
  if (wait > 0) return tooMany(wait);
  let failed = false;
  try {
    const problem = desk.passwords.passwordProblem(body.password, body.login, body.name);
    if (problem !== "") {
      return refuse(422, "mend what `errors` names", [{ field: "password", message: problem }]);
    }
    const code = digestOf(plainCode(body.code));
    const isFirst = firstRun.take(code);
    if (!isFirst) {
      const known = await desk.store.inviteOf(code, nowMs);
      if (!known.ok) return storeTrouble(known.code === "locked" ? "locked" : "gone");
      failed = known.value === null;
      if (failed) {
        const who = { user: 0, name: "", from: actor.from };
        const line = { atMs: nowMs, actor: who, agency: "", action: "join_failed" };
        await desk.store.note({ ...line, what: "a code that is none" });
        return wrongCode();
      }
    }
    const joined = await redeemed(desk, ask, code, isFirst);
    if (isFirst && joined.status !== 204) firstRun.giveBack();
    return joined;
  } finally {
    attempts.settle(keys, failed, desk.clock.nowMs());
  }
}

const wrongCode = (): Answer =>
  refuse(422, "mend what `errors` names", [
    { field: "code", message: "is wrong, was used, or is over: ask for a new one" },
  ]);

async function redeemed(
  desk: Desk,
  ask: Joining,
  codeDigest: string,
  isFirst: boolean,
): Promise<Answer> {
  const { login: wanted, name, password: text } = ask.body;
  const hashed = await desk.passwords.hashPassword(text).catch(() => null);
  if (hashed === null) return tooMany(1000);
  if (isFirst) {
    const invited = await inviteFirst(desk, codeDigest, ask.nowMs);
    if (!invited.ok) return storeTrouble(invited.code === "locked" ? "locked" : "gone");
  }
  const wish = { codeDigest, login: wanted, name, password: hashed };
  const joined = await desk.store.redeem(wish, ask.nowMs, ask.actor.from);
  if (!joined.ok) return storeTrouble(joined.code === "locked" ? "locked" : "gone");
  if ("user" in joined.value) return opened(desk, { ...ask, body: ask.body }, joined.value.user.id);
  if (joined.value.why === "code") return wrongCode();
  const errors = [{ field: "login", message: "is taken: choose another" }];
  return refuse(422, "mend what `errors` names", errors);
}

const passwordRoute = (desk: Desk, attempts: Attempts, signedIn: SignedIn): Route =>
  route({
    ...{ method: "POST", path: "/password", access: agency("viewer"), status: 204 },
    ...{ summary: "Changes one's password; ends all other sessions", reply: "nothing" },
    body: z.strictObject({ current: password, next: password }),
    handler: async ({ body, caller, actor, session, nowMs }) => {
      if (caller.by !== "session") return refuse(403, "sign in to change a password");
      const keys = [`login ${plainLogin(caller.login)}`];
      const wait = attempts.begin(keys, nowMs);
      if (wait > 0) return tooMany(wait);
      let failed = false;
      try {
        const found = await desk.store.userByLogin(caller.login);
        if (!found.ok) return storeTrouble(found.code === "locked" ? "locked" : "gone");
        const right = await verified(desk, body.current, found.value?.password ?? null);
        if (right === null) return tooMany(1000);
        failed = !right;
        if (failed) {
          const line = { atMs: nowMs, actor, agency: caller.agency, action: "login_failed" };
          await desk.store.note({ ...line, what: `user ${caller.user}: its password` });
        }
        const message = failed
          ? "is wrong"
          : desk.passwords.passwordProblem(body.next, caller.login, caller.name);
        if (message !== "") {
          const field = failed ? "current" : "next";
          return refuse(422, "mend what `errors` names", [{ field, message }]);
        }
        const hashed = await desk.passwords.hashPassword(body.next);
        const kept = await desk.store.setPassword(caller.user, hashed, session, actor, nowMs);
        if (!kept.ok) return storeTrouble(kept.code === "locked" ? "locked" : "gone");
        signedIn.forget(caller.user);
        return answer(null, 204);
      } finally {
        attempts.settle(keys, failed, desk.clock.nowMs());
      }
    },
  });
