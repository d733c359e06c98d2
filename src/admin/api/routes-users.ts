import { z } from "zod";
import {
  type Role,
  roles,
  type Stored,
  type StoreRefusal,
  type User,
} from "../store/desk-store.js";
import { type Caller, mayCall, maySee } from "./access.js";
import { type Answer, answer, nothingThere, refuse, storeTrouble } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { agency, type Route, route } from "./route.js";
import { digestOf, newCode, newToken } from "./secrets.js";
import type { SignedIn } from "./signed-in.js";

/** Users, invitations and API tokens. */

const dayMs = 86_400_000;
const invitationMs = 7 * dayMs;
const codeLength = 16;
const name = z.string().trim().min(1).max(100);
const role = z.enum(roles);

const userReply = z.object({
  ...{ id: z.int(), login: z.string(), name: z.string(), agency: z.string(), role },
  ...{ disabled: z.boolean(), createdAt: z.string(), lastSeenAt: z.string().nullable() },
});

const shownUser = ({ createdMs, lastSeenMs, ...user }: User) => ({
  ...{ id: user.id, login: user.login, name: user.name, agency: user.agency, role: user.role },
  ...{ disabled: user.disabled, createdAt: iso(createdMs) },
  lastSeenAt: lastSeenMs === null ? null : iso(lastSeenMs),
});

const iso = (ms: number): string => new Date(ms).toISOString();
export const troubleOf = ({ code }: StoreRefusal): Answer =>
  storeTrouble(code === "locked" ? "locked" : "gone");

/** Nobody gives more than they have. */
const mayGive = (caller: Caller, given: Role): boolean =>
  mayCall({ kind: "agency", role: given }, caller);
const above = (): Answer =>
  refuse(422, "mend what `errors` names", [{ field: "role", message: "is above your own" }]);

export const userRoutes = (desk: Desk, signedIn: SignedIn): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/users", access: agency("admin"), summary: "Who has a login" },
    reply: z.object({ items: z.array(userReply) }),
    handler: async ({ caller }) => {
      const users = await desk.store.users();
      if (!users.ok) return troubleOf(users);
      const items = users.value.filter((one) => maySee(caller, one.agency)).map(shownUser);
      return answer({ items });
    },
  }),
  route({
    ...{ method: "POST", path: "/users", access: agency("admin"), status: 201 },
    summary: "Invites somebody; the code is shown once and good for seven days",
    body: z.strictObject({ name, agency: z.string().max(20).optional(), role }),
    reply: z.object({ id: z.int(), code: z.string(), expiresAt: z.string() }),
    handler: async ({ caller, actor, nowMs, body }) => {
      const of = body.agency ?? caller.agency;
      const isThere = of === "" || desk.book.get("agency", of) !== null;
      if (!maySee(caller, of) || !isThere) {
        const errors = [{ field: "agency", message: "there is no such thing here" }];
        return refuse(422, "mend what `errors` names", errors);
      }
      const code = newCode(desk.randomBytes, codeLength);
      const expiresMs = nowMs + invitationMs;
      const ask = { name: body.name, agency: of, role: body.role, expiresMs };
      const made = await desk.store.invite({ ...ask, codeDigest: digestOf(code) }, actor, nowMs);
      if (!made.ok) return troubleOf(made);
      return answer({ id: made.value.id, code, expiresAt: iso(expiresMs) }, 201);
    },
  }),
  ...invitationRoutes(desk),
  route({
    ...{ method: "PATCH", path: "/users/:id", access: agency("admin"), reply: userReply },
    summary: "Changes somebody's name or role, or shuts them out",
    params: z.object({ id: z.coerce.number().int().min(1) }),
    body: z.strictObject({
      ...{ name: name.optional(), role: role.optional(), disabled: z.boolean().optional() },
    }),
    handler: async ({ caller, actor, nowMs, params: { id }, body }) => {
      const known = await knownUser(desk, caller, id);
      if ("status" in known) return known;
      if (id === caller.user && (body.disabled === true || body.role !== undefined)) {
        return refuse(409, "ask another admin: you would shut yourself out");
      }
      const to = Object.fromEntries(
        Object.entries(body).filter(([, value]) => value !== undefined),
      );
      const changed = await desk.store.changeUser(id, to, actor, nowMs);
      signedIn.forget(id);
      if (!changed.ok) return troubleOf(changed);
      return changed.value === null ? nothingThere() : answer(shownUser(changed.value));
    },
  }),
];

const invitationRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/invitations", access: agency("admin") },
    summary: "Whose code was not used yet",
    reply: z.object({
      items: z.array(
        z.object({
          ...{ id: z.int(), name: z.string(), agency: z.string(), role, expiresAt: z.string() },
        }),
      ),
    }),
    handler: async ({ caller, nowMs }) => {
      const found = await desk.store.invitations(nowMs);
      if (!found.ok) return troubleOf(found);
      const items = found.value
        .filter((one) => maySee(caller, one.agency))
        .map(({ id, expiresMs, ...one }) => {
          return {
            id,
            name: one.name,
            agency: one.agency,
            role: one.role,
            expiresAt: iso(expiresMs),
          };
        });
      return answer({ items });
    },
  }),
  route({
    ...{ method: "DELETE", path: "/invitations/:id", access: agency("admin"), status: 204 },
    ...{ summary: "Takes an invitation back: its code opens nothing more", reply: "nothing" },
    params: z.object({ id: z.coerce.number().int().min(1) }),
    handler: async ({ caller, actor, nowMs, params: { id } }) => {
      const found = await desk.store.invitations(nowMs);
      if (!found.ok) return troubleOf(found);
      const invited = found.value.find((one) => one.id === id);
      if (invited === undefined || !maySee(caller, invited.agency)) return nothingThere();
      const revoked = await desk.store.revokeInvitation(id, actor, nowMs);
      if (!revoked.ok) return troubleOf(revoked);
      return revoked.value ? answer(null, 204) : nothingThere();
    },
  }),
];

async function knownUser(desk: Desk, caller: Caller, id: number): Promise<User | Answer> {
  const users: Stored<readonly User[]> = await desk.store.users();
  if (!users.ok) return troubleOf(users);
  const found = users.value.find((one) => one.id === id);
  return found === undefined || !maySee(caller, found.agency) ? nothingThere() : found;
}

const tokenReply = z.object({
  ...{ id: z.string(), name: z.string(), role, createdAt: z.string(), expiresAt: z.string() },
  lastUsedAt: z.string().nullable(),
});
const tokenDaysMax = 90;

export const tokenRoutes = (desk: Desk, signedIn: SignedIn): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/tokens", access: agency("viewer"), summary: "One's API tokens" },
    reply: z.object({ items: z.array(tokenReply) }),
    handler: async ({ caller }) => {
      const tokens = await desk.store.tokens(caller.user);
      if (!tokens.ok) return troubleOf(tokens);
      const items = tokens.value.map((one) => ({
        ...{ id: one.id, name: one.name, role: one.role },
        ...{ createdAt: iso(one.createdMs), expiresAt: iso(one.expiresMs) },
        lastUsedAt: one.lastUsedMs === null ? null : iso(one.lastUsedMs),
      }));
      return answer({ items });
    },
  }),
  route({
    ...{ method: "POST", path: "/tokens", access: agency("viewer"), status: 201 },
    summary: "Makes an API token, shown once",
    body: z.strictObject({ name, role, days: z.int().min(1).max(tokenDaysMax) }),
    reply: z.object({ id: z.string(), token: z.string(), expiresAt: z.string() }),
    handler: async ({ caller, actor, nowMs, body }) => {
      if (caller.by !== "session") return refuse(403, "sign in to make a token");
      if (!mayGive(caller, body.role)) return above();
      const { id, token } = newToken(desk.randomBytes);
      const expiresMs = nowMs + body.days * dayMs;
      const made = await desk.store.makeToken(
        {
          ...{ id, user: caller.user, name: body.name, role: body.role },
          ...{ createdMs: nowMs, expiresMs, digest: digestOf(token) },
        },
        actor,
      );
      if (!made.ok) return troubleOf(made);
      return answer({ id, token, expiresAt: iso(expiresMs) }, 201);
    },
  }),
  route({
    ...{ method: "DELETE", path: "/tokens/:id", access: agency("viewer"), status: 204 },
    ...{ summary: "Ends one of one's API tokens", reply: "nothing" },
    params: z.object({ id: z.string().max(20) }),
    handler: async ({ caller, actor, nowMs, params: { id } }) => {
      const tokens = await desk.store.tokens(caller.user);
      if (!tokens.ok) return troubleOf(tokens);
      if (!tokens.value.some((one) => one.id === id)) return nothingThere();
      const ended = await desk.store.endToken(id, actor, nowMs);
      signedIn.forget(caller.user);
      return ended.ok ? answer(null, 204) : troubleOf(ended);
    },
  }),
];
