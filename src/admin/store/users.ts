import type { AuditPen } from "./audit-log.js";
import { cleanText } from "./clean-text.js";
import type { Actor, DeskStore, Role, User } from "./desk-store.js";
import { takeIds } from "./entities.js";
import type { Run } from "./store-run.js";
import type { Tx, UserRow } from "./tables.js";

export const userOf = (row: UserRow): User => ({
  id: row.id,
  login: row.login,
  name: row.name,
  agency: row.agency,
  role: row.role as Role,
  disabled: row.disabled === 1,
  createdMs: row.created_ms,
  lastSeenMs: row.last_seen_ms,
});

export const actorOf = (user: User, from: string): Actor => ({
  ...{ user: user.id, name: user.name, from },
});

/** Logins that look the same are the same. */
export const loginKey = (login: string): string => login.normalize("NFKC").trim().toLowerCase();

const nameMax = 200;

type Users = Pick<
  DeskStore,
  | ("users" | "userByLogin" | "invite" | "inviteOf" | "redeem" | "changeUser" | "setPassword")
  | ("invitations" | "revokeInvitation")
>;

export const usersOver = (run: Run, audit: AuditPen): Users => ({
  users: () =>
    run.read(async (tx) => {
      const rows = await tx.selectFrom("users").selectAll().orderBy("id").execute();
      return rows.map(userOf);
    }),
  userByLogin: (login) =>
    run.read(async (tx) => {
      const row = await rowByLogin(tx, login);
      return row === undefined ? null : { user: userOf(row), password: row.password };
    }),
  invite: (ask, actor, atMs) => run.write((tx) => invite(tx, audit, { ask, actor, atMs })),
  inviteOf: (codeDigest, atMs) =>
    run.read(async (tx) => {
      const row = await invitationOf(tx, codeDigest, atMs);
      if (row === undefined) return null;
      return { name: row.name, agency: row.agency, role: row.role as Role };
    }),
  invitations: (atMs) =>
    run.read(async (tx) => {
      const rows = await tx
        .selectFrom("invitations")
        .selectAll()
        .where("expires_ms", ">", atMs)
        .orderBy("id")
        .execute();
      return rows.map(({ id, name, agency, role, expires_ms: expiresMs }) => ({
        ...{ id, name, agency, role: role as Role, expiresMs },
      }));
    }),
  revokeInvitation: (id, actor, atMs) =>
    run.write((tx) => revokeInvitation(tx, audit, { id, actor, atMs })),
  redeem: (ask, atMs, from) => run.write((tx) => redeem(tx, audit, { ask, atMs, from })),
  changeUser: (id, to, actor, atMs) =>
    run.write((tx) => changeUser(tx, audit, { id, to, actor, atMs })),
  setPassword: (id, password, keepSession, actor, atMs) =>
    run.write(async (tx) => {
      const row = await rowById(tx, id);
      if (row === undefined) return null;
      await tx.updateTable("users").set({ password }).where("id", "=", id).execute();
      await tx
        .deleteFrom("sessions")
        .where("user_id", "=", id)
        .where("id_digest", "!=", keepSession)
        .execute();
      const { agency } = row;
      await audit.append(tx, { atMs, actor, agency, action: "password_set", what: `user ${id}` });
      return null;
    }),
});

const rowById = (tx: Tx, id: number): Promise<UserRow | undefined> =>
  tx.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();

const rowByLogin = (tx: Tx, login: string): Promise<UserRow | undefined> =>
  tx
    .selectFrom("users")
    .selectAll()
    .where("login_key", "=", loginKey(cleanText(login, nameMax)))
    .executeTakeFirst();

const invitationOf = (tx: Tx, codeDigest: string, atMs: number) =>
  tx
    .selectFrom("invitations")
    .selectAll()
    .where("code_digest", "=", codeDigest)
    .where("expires_ms", ">", atMs)
    .executeTakeFirst();

async function invite(
  tx: Tx,
  audit: AuditPen,
  call: { ask: Parameters<DeskStore["invite"]>[0]; actor: Actor; atMs: number },
): Promise<{ id: number }> {
  const { ask, actor, atMs } = call;
  const anybody = await tx.selectFrom("users").select("id").limit(1).executeTakeFirst();
  const over = tx.deleteFrom("invitations");
  await (anybody === undefined ? over : over.where("expires_ms", "<=", atMs)).execute();
  const id = await takeIds(tx, "user", 1, 1);
  const { agency, role } = ask;
  await tx
    .insertInto("invitations")
    .values({
      ...{ id, agency, role, name: cleanText(ask.name, nameMax) },
      ...{ code_digest: ask.codeDigest, expires_ms: ask.expiresMs },
    })
    .execute();
  const what = `user ${id} as ${role}`;
  await audit.append(tx, { atMs, actor, agency, action: "invited", what });
  return { id };
}

async function revokeInvitation(
  tx: Tx,
  audit: AuditPen,
  { id, actor, atMs }: { id: number; actor: Actor; atMs: number },
): Promise<boolean> {
  const row = await tx
    .selectFrom("invitations")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx.deleteFrom("invitations").where("id", "=", id).execute();
  const { agency } = row;
  const what = `user ${id}`;
  await audit.append(tx, { atMs, actor, agency, action: "invitation_revoked", what });
  return true;
}

async function redeem(
  tx: Tx,
  audit: AuditPen,
  call: { ask: Parameters<DeskStore["redeem"]>[0]; atMs: number; from: string },
): Promise<{ user: User } | { why: "code" | "login" }> {
  const { ask, atMs, from } = call;
  const found = await invitationOf(tx, ask.codeDigest, atMs);
  if (found === undefined) return { why: "code" };
  const login = cleanText(ask.login, nameMax).trim();
  if (loginKey(login) === "" || (await rowByLogin(tx, login)) !== undefined) {
    return { why: "login" };
  }
  const { id, agency, role } = found;
  const name = cleanText(ask.name, nameMax) || found.name;
  const row: UserRow = {
    ...{ id, login, login_key: loginKey(login), name, agency, role, disabled: 0 },
    ...{ created_ms: atMs, last_seen_ms: null, password: ask.password },
  };
  await tx.insertInto("users").values(row).execute();
  await tx.deleteFrom("invitations").where("id", "=", id).execute();
  const user = userOf(row);
  const actor = actorOf(user, from);
  await audit.append(tx, { atMs, actor, agency, action: "joined", what: `user ${id} as ${role}` });
  return { user };
}

async function changeUser(
  tx: Tx,
  audit: AuditPen,
  call: {
    id: number;
    to: Parameters<DeskStore["changeUser"]>[1];
    actor: Actor;
    atMs: number;
  },
): Promise<User | null> {
  const { id, to, actor, atMs } = call;
  const now = await rowById(tx, id);
  if (now === undefined) return null;
  const row: UserRow = {
    ...now,
    name: to.name === undefined ? now.name : cleanText(to.name, nameMax),
    role: to.role ?? now.role,
    disabled: to.disabled === undefined ? now.disabled : Number(to.disabled),
  };
  const { name, role, disabled, agency } = row;
  await tx.updateTable("users").set({ name, role, disabled }).where("id", "=", id).execute();
  if (disabled === 1) await tx.deleteFrom("sessions").where("user_id", "=", id).execute();
  const changed = [
    ...(name === now.name ? [] : ["renamed"]),
    ...(role === now.role ? [] : [`${now.role} to ${role}`]),
    ...(disabled === now.disabled ? [] : [disabled === 1 ? "disabled" : "enabled"]),
  ];
  const what = `user ${id}: ${changed.join(", ") || "unchanged"}`;
  await audit.append(tx, { atMs, actor, agency, action: "user_changed", what });
  return userOf(row);
}
