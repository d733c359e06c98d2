import type { AuditPen } from "./audit-log.js";
import { cleanText } from "./clean-text.js";
import {
  type ApiToken,
  type DeskStore,
  type Role,
  roles,
  sessionIdleMs,
  sessionMs,
  type User,
} from "./desk-store.js";
import type { Run } from "./store-run.js";
import type { SessionRow, TokenRow, Tx, UserRow } from "./tables.js";
import { actorOf, userOf } from "./users.js";

/**
 * Seen marks are written so seldom at most: to read a session must not cost a commit. A session may
 * therefore be idle for a minute less than it may.
 */
const markEveryMs = 60_000;

type Sessions = Pick<
  DeskStore,
  "openSession" | "session" | "closeSession" | "makeToken" | "tokenBy" | "tokens" | "endToken"
>;

export const sessionsOver = (run: Run, audit: AuditPen): Sessions => ({
  openSession: (idDigest, user, from, atMs) =>
    run.write(async (tx) => {
      const row = await userRow(tx, user);
      if (row === undefined) return null;
      await tx
        .deleteFrom("sessions")
        .where((or) =>
          or.or([
            or("seen_ms", "<=", atMs - sessionIdleMs),
            or("created_ms", "<=", atMs - sessionMs),
          ]),
        )
        .execute();
      const address = cleanText(from, 100);
      await tx
        .insertInto("sessions")
        .values({ id_digest: idDigest, user_id: user, address, created_ms: atMs, seen_ms: atMs })
        .execute();
      await tx.updateTable("users").set({ last_seen_ms: atMs }).where("id", "=", user).execute();
      const actor = actorOf(userOf(row), address);
      const { agency } = row;
      await audit.append(tx, { atMs, actor, agency, action: "login", what: `user ${user}` });
      return null;
    }),
  session: async (idDigest, atMs) => {
    const found = await run.read((tx) => sessionOf(tx, idDigest, atMs));
    if (!found.ok || found.value === null) return found;
    const { user, createdMs, seenMs } = found.value;
    if (atMs - seenMs < markEveryMs) return found;
    await run.tryWrite(async (tx) => {
      const { id } = user;
      const session = tx.updateTable("sessions").set({ seen_ms: atMs });
      await session.where("id_digest", "=", idDigest).execute();
      await tx.updateTable("users").set({ last_seen_ms: atMs }).where("id", "=", id).execute();
    });
    return { ok: true, value: { user, createdMs, seenMs: atMs } };
  },
  closeSession: (idDigest, atMs) =>
    run.write(async (tx) => {
      const row = await sessionRow(tx, idDigest);
      const user = row === undefined ? undefined : await userRow(tx, row.user_id);
      if (row === undefined || user === undefined) return null;
      await tx.deleteFrom("sessions").where("id_digest", "=", idDigest).execute();
      const actor = actorOf(userOf(user), row.address);
      const { id, agency } = user;
      await audit.append(tx, { atMs, actor, agency, action: "logout", what: `user ${id}` });
      return null;
    }),
  ...tokensOver(run, audit),
});

type Tokens = Pick<Sessions, "makeToken" | "tokenBy" | "tokens" | "endToken">;

const tokensOver = (run: Run, audit: AuditPen): Tokens => ({
  makeToken: (token, actor) =>
    run.write(async (tx) => {
      const { id, digest, user, role, createdMs, expiresMs } = token;
      const owner = await userRow(tx, user);
      if (owner === undefined) return null;
      await tx
        .insertInto("tokens")
        .values({
          ...{ id, digest, user_id: user, role, name: cleanText(token.name, 200) },
          ...{ created_ms: createdMs, expires_ms: expiresMs, last_used_ms: null },
        })
        .execute();
      const what = `token ${id} as ${role} until ${new Date(expiresMs).toISOString()}`;
      const { agency } = owner;
      await audit.append(tx, { atMs: createdMs, actor, agency, action: "token_made", what });
      return null;
    }),
  tokenBy: async (digest, atMs) => {
    const found = await run.read((tx) => tokenOf(tx, digest, atMs));
    if (!found.ok || found.value === null) return found;
    const { token, user } = found.value;
    if (atMs - (token.lastUsedMs ?? 0) < markEveryMs) return found;
    await run.tryWrite((tx) =>
      tx.updateTable("tokens").set({ last_used_ms: atMs }).where("digest", "=", digest).execute(),
    );
    return { ok: true, value: { token: { ...token, lastUsedMs: atMs }, user } };
  },
  tokens: (user) =>
    run.read(async (tx) => {
      const all = tx.selectFrom("tokens").selectAll().orderBy("created_ms");
      const rows = await (user === null ? all : all.where("user_id", "=", user)).execute();
      return rows.map(apiTokenOf);
    }),
  endToken: (id, actor, atMs) =>
    run.write(async (tx) => {
      const query = tx.selectFrom("tokens").selectAll().where("id", "=", id);
      const row = await query.executeTakeFirst();
      if (row === undefined) return false;
      await tx.deleteFrom("tokens").where("id", "=", id).execute();
      const agency = (await userRow(tx, row.user_id))?.agency ?? "";
      await audit.append(tx, { atMs, actor, agency, action: "token_ended", what: `token ${id}` });
      return true;
    }),
});

const userRow = (tx: Tx, id: number): Promise<UserRow | undefined> =>
  tx.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();

const sessionRow = (tx: Tx, idDigest: string): Promise<SessionRow | undefined> =>
  tx.selectFrom("sessions").selectAll().where("id_digest", "=", idDigest).executeTakeFirst();

async function sessionOf(tx: Tx, idDigest: string, atMs: number) {
  const row = await sessionRow(tx, idDigest);
  if (row === undefined) return null;
  if (atMs - row.seen_ms >= sessionIdleMs || atMs - row.created_ms >= sessionMs) return null;
  const user = await userRow(tx, row.user_id);
  if (user === undefined || user.disabled === 1) return null;
  return { user: userOf(user), createdMs: row.created_ms, seenMs: row.seen_ms };
}

async function tokenOf(
  tx: Tx,
  digest: string,
  atMs: number,
): Promise<{ token: ApiToken; user: User } | null> {
  const query = tx.selectFrom("tokens").selectAll().where("digest", "=", digest);
  const row = await query.executeTakeFirst();
  if (row === undefined || row.expires_ms <= atMs) return null;
  const owner = await userRow(tx, row.user_id);
  if (owner === undefined || owner.disabled === 1) return null;
  const user = userOf(owner);
  const token = apiTokenOf(row);
  return { token: { ...token, role: lowerOf(token.role, user.role) }, user };
}

const lowerOf = (a: Role, b: Role): Role => (roles.indexOf(a) < roles.indexOf(b) ? a : b);

const apiTokenOf = (row: TokenRow): ApiToken => ({
  id: row.id,
  user: row.user_id,
  name: row.name,
  role: row.role as Role,
  createdMs: row.created_ms,
  expiresMs: row.expires_ms,
  lastUsedMs: row.last_used_ms,
});
