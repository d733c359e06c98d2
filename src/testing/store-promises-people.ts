import { expect } from "vitest";
import { type DeskStore, type Role, sessionIdleMs, sessionMs } from "../admin/store/desk-store.js";
import { got, type StorePromise } from "./store-engines.js";

/** What the store promises about users, invitations, sessions and tokens. */
const operator = { user: 0, name: "operator", from: "" };
const atMs = Date.UTC(2026, 10, 26, 12);
const hourMs = 3_600_000;

const invitation = (code: string, to: { agency?: string; role?: Role } = {}) => ({
  ...{ name: "Anna Meier", agency: "1", role: "trader" as Role, codeDigest: `digest of ${code}` },
  ...{ expiresMs: atMs + hourMs },
  ...to,
});

const answer = (code: string, login: string) => ({
  ...{ codeDigest: `digest of ${code}`, login, name: "Anna Meier", password: `scrypt$${login}` },
});

async function joined(store: DeskStore, login: string, to: Parameters<typeof invitation>[1] = {}) {
  await store.invite(invitation(login, to), operator, atMs);
  const end = got(await store.redeem(answer(login, login), atMs, "192.0.2.1"));
  if ("why" in end) throw new Error(end.why);
  return end.user;
}

const actions = async (store: DeskStore) =>
  got(await store.audit({ limit: 100 })).map(({ action, what }) => `${action}: ${what}`);

export const peoplePromises: readonly StorePromise[] = [
  [
    "a code makes one user, once and in its time",
    async ({ store }) => {
      const { id } = got(await store.invite(invitation("c1"), operator, atMs));
      expect(got(await store.users())).toEqual([]);
      const asked = { name: "Anna Meier", agency: "1", role: "trader" };
      expect(got(await store.inviteOf("digest of c1", atMs))).toEqual(asked);
      expect(got(await store.inviteOf("digest of c1", atMs + hourMs))).toBeNull();
      const late = await store.redeem(answer("c1", "anna"), atMs + hourMs, "");
      expect(got(late)).toEqual({ why: "code" });
      const user = {
        ...{ id, login: "Anna", name: "Anna Meier", agency: "1", role: "trader" },
        ...{ disabled: false, createdMs: atMs, lastSeenMs: null },
      };
      expect(got(await store.redeem(answer("c1", "Anna"), atMs, ""))).toEqual({ user });
      expect(got(await store.users())).toEqual([user]);
      expect(got(await store.redeem(answer("c1", "otto"), atMs, ""))).toEqual({ why: "code" });
      // Logins that look the same are the same; the code is kept for another try.
      await store.invite(invitation("c2"), operator, atMs);
      for (const login of ["ANNA", " anna ", "\uff21nna", ""]) {
        expect(got(await store.redeem(answer("c2", login), atMs, ""))).toEqual({ why: "login" });
      }
      expect(got(await store.userByLogin("aNNa"))).toEqual({ user, password: "scrypt$Anna" });
      expect(got(await store.userByLogin("otto"))).toBeNull();
      expect(got(await store.redeem(answer("c2", "otto"), atMs, ""))).toHaveProperty("user");
    },
  ],
  [
    "invitations that wait are listed, and one that is revoked opens nothing",
    async ({ store }) => {
      await joined(store, "anna");
      const { id } = got(await store.invite(invitation("c1"), operator, atMs));
      const kept = got(await store.invite(invitation("c2", { agency: "2" }), operator, atMs));
      const ids = async (ms: number) => got(await store.invitations(ms)).map((one) => one.id);
      expect(got(await store.invitations(atMs))[0]).toEqual({
        ...{ id, name: "Anna Meier", agency: "1", role: "trader", expiresMs: atMs + hourMs },
      });
      expect(await ids(atMs)).toEqual([id, kept.id]);
      expect(await ids(atMs + hourMs)).toEqual([]);
      expect(got(await store.revokeInvitation(id, operator, atMs))).toBe(true);
      expect(got(await store.revokeInvitation(id, operator, atMs))).toBe(false);
      expect(await ids(atMs)).toEqual([kept.id]);
      expect(got(await store.redeem(answer("c1", "otto"), atMs, ""))).toEqual({ why: "code" });
      expect((await actions(store))[0]).toBe(`invitation_revoked: user ${id}`);
    },
  ],
  [
    "before there is a user only the newest code opens, afterwards each does",
    async ({ store }) => {
      for (const code of ["c1", "c2"]) await store.invite(invitation(code), operator, atMs);
      expect(got(await store.inviteOf("digest of c1", atMs))).toBeNull();
      expect(got(await store.redeem(answer("c2", "anna"), atMs, ""))).toHaveProperty("user");
      for (const code of ["c3", "c4"]) await store.invite(invitation(code), operator, atMs);
      for (const code of ["c3", "c4"]) {
        expect(got(await store.inviteOf(`digest of ${code}`, atMs))).not.toBeNull();
      }
    },
  ],
  [
    "a session ends when it is idle, old, closed, or its user is disabled",
    async ({ store }) => {
      const user = await joined(store, "anna");
      const open = (id: string) => store.openSession(id, user.id, "192.0.2.1", atMs);
      const isOpen = async (id: string, ms: number) => got(await store.session(id, ms)) !== null;
      for (const id of ["s1", "s2", "s3", "s4"]) await open(id);
      expect(got(await store.session("s1", atMs))).toEqual({
        ...{ user: { ...user, lastSeenMs: atMs }, createdMs: atMs, seenMs: atMs },
      });
      expect(await isOpen("nobody's", atMs)).toBe(false);
      expect(await isOpen("s1", atMs + sessionIdleMs - 1)).toBe(true);
      expect(await isOpen("s2", atMs + sessionIdleMs)).toBe(false);
      // Kept awake to the end of its life.
      const step = sessionIdleMs - 1;
      for (let ms = atMs; ms < atMs + sessionMs; ms += step) {
        expect(await isOpen("s3", ms)).toBe(true);
      }
      expect(await isOpen("s3", atMs + sessionMs)).toBe(false);
      await store.closeSession("s4", atMs);
      expect(await isOpen("s4", atMs)).toBe(false);
      await open("s5");
      const disabled = await store.changeUser(user.id, { disabled: true }, operator, atMs);
      expect(got(disabled)).toMatchObject({ disabled: true, role: "trader" });
      await store.changeUser(user.id, { disabled: false }, operator, atMs);
      expect(await isOpen("s5", atMs)).toBe(false);
    },
  ],
  [
    "a session is read while another program writes",
    async ({ store, hold }) => {
      const user = await joined(store, "anna");
      await store.openSession("s1", user.id, "", atMs);
      const release = await hold();
      const seen = await store.session("s1", atMs + 10 * 60_000);
      expect(got(seen)).toMatchObject({ user: { id: user.id } });
      await release();
    },
  ],
  [
    "a new password ends the user's other sessions",
    async ({ store }) => {
      const [anna, otto] = [await joined(store, "anna"), await joined(store, "otto")];
      await store.openSession("a1", anna.id, "", atMs);
      await store.openSession("a2", anna.id, "", atMs);
      await store.openSession("o1", otto.id, "", atMs);
      await store.setPassword(anna.id, "scrypt$new", "a1", operator, atMs);
      const open = await Promise.all(["a1", "a2", "o1"].map((id) => store.session(id, atMs)));
      expect(open.map((one) => got(one) !== null)).toEqual([true, false, true]);
      expect(got(await store.userByLogin("anna"))?.password).toBe("scrypt$new");
    },
  ],
  [
    "a token holds for its time, never above its user, and not for who is disabled",
    async ({ store }) => {
      const user = await joined(store, "anna", { role: "admin" });
      const token = {
        ...{ id: "t1", user: user.id, name: "nightly", role: "approver" as Role },
        ...{ createdMs: atMs, expiresMs: atMs + hourMs },
      };
      await store.makeToken({ ...token, digest: "d1" }, operator);
      const by = async (ms: number) => got(await store.tokenBy("d1", ms))?.token ?? null;
      expect(await by(atMs)).toEqual({ ...token, lastUsedMs: atMs });
      expect(await by(atMs + hourMs)).toBeNull();
      expect(got(await store.tokenBy("d2", atMs))).toBeNull();
      expect(got(await store.tokens(user.id))).toEqual([{ ...token, lastUsedMs: atMs }]);
      expect(got(await store.tokens(user.id + 1))).toEqual([]);
      expect(got(await store.tokens(null))).toHaveLength(1);
      await store.changeUser(user.id, { role: "viewer" }, operator, atMs);
      expect((await by(atMs))?.role).toBe("viewer");
      await store.changeUser(user.id, { disabled: true }, operator, atMs);
      expect(await by(atMs)).toBeNull();
      await store.changeUser(user.id, { disabled: false }, operator, atMs);
      expect(got(await store.endToken("t1", operator, atMs))).toBe(true);
      expect(got(await store.endToken("t1", operator, atMs))).toBe(false);
      expect(await by(atMs)).toBeNull();
    },
  ],
  [
    "each of these leaves one line in the audit log, and no secret",
    async ({ store }) => {
      const { id } = await joined(store, "anna");
      await store.openSession("secret-session", id, "192.0.2.1", atMs);
      await store.changeUser(id, { role: "admin", name: "A", disabled: true }, operator, atMs);
      await store.changeUser(id, { disabled: false }, operator, atMs);
      await store.setPassword(id, "secret-password", "", operator, atMs);
      await store.openSession("secret-session", id, "192.0.2.1", atMs);
      await store.closeSession("secret-session", atMs);
      const token = { id: "t1", user: id, name: "secret-name", role: "viewer" as Role };
      const life = { createdMs: atMs, expiresMs: atMs + hourMs };
      await store.makeToken({ ...token, ...life, digest: "secret-token" }, operator);
      await store.endToken("t1", operator, atMs);
      const line = { atMs, actor: operator, agency: "1", action: "login_failed", what: "anna" };
      await store.note(line);
      const lines = await actions(store);
      expect(lines.toReversed()).toEqual([
        `invited: user ${id} as trader`,
        `joined: user ${id} as trader`,
        `login: user ${id}`,
        `user_changed: user ${id}: renamed, trader to admin, disabled`,
        `user_changed: user ${id}: enabled`,
        `password_set: user ${id}`,
        `login: user ${id}`,
        `logout: user ${id}`,
        "token_made: token t1 as viewer until 2026-11-26T13:00:00.000Z",
        "token_ended: token t1",
        "login_failed: anna",
      ]);
      expect(lines.join()).not.toContain("secret");
      const login = got(await store.audit({ limit: 1, before: 8 }));
      expect(login).toMatchObject([{ n: 7, actor: { user: id, name: "A", from: "192.0.2.1" } }]);
      expect(got(await store.audit({ limit: 100, agency: "2" }))).toEqual([]);
    },
  ],
];
