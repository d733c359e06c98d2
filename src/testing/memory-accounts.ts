import type {
  Actor,
  ApiToken,
  AuditLine,
  DeskStore,
  Stored,
  StoreRefusal,
  User,
} from "../admin/store/desk-store.js";
import { sessionIdleMs, sessionMs } from "../admin/store/desk-store.js";

type Accounts = Pick<
  DeskStore,
  | ("users" | "userByLogin" | "invite" | "inviteOf" | "redeem" | "changeUser" | "setPassword")
  | ("openSession" | "session" | "closeSession" | "makeToken" | "tokenBy" | "tokens" | "endToken")
  | ("note" | "audit" | "verifyAudit" | "invitations" | "revokeInvitation")
>;

type Kept = { user: User; password: string | null };
type Invited = Pick<User, "name" | "agency" | "role"> & { id: number; expiresMs: number };

/** Users, sessions, tokens and the audit log in memory; `refusal` as in MemoryStore. */
export class MemoryAccounts implements Accounts {
  refusal: StoreRefusal | null = null;
  readonly kept = new Map<number, Kept>();
  readonly lines: AuditLine[] = [];
  private readonly invited = new Map<string, Invited>();
  private readonly open = new Map<string, { user: number; createdMs: number; seenMs: number }>();
  private readonly made = new Map<string, ApiToken>();
  private lastId = 0;

  /** A user as if joined; the password is what the fake hash makes of a text. */
  add(user: Omit<User, "id" | "disabled" | "createdMs" | "lastSeenMs">, password: string): User {
    const id = ++this.lastId;
    const whole: User = { ...user, id, disabled: false, createdMs: 0, lastSeenMs: null };
    this.kept.set(id, { user: whole, password });
    return whole;
  }

  readonly users: Accounts["users"] = () =>
    this.answer(() => [...this.kept.values()].map(({ user }) => user));

  readonly userByLogin: Accounts["userByLogin"] = (login) => this.answer(() => this.named(login));

  readonly invite: Accounts["invite"] = ({ codeDigest, ...ask }, actor, atMs) =>
    this.answer(() => {
      const id = ++this.lastId;
      this.invited.set(codeDigest, { ...ask, id });
      this.write(actor, atMs, "invited", `user ${id}`, ask.agency);
      return { id };
    });

  readonly inviteOf: Accounts["inviteOf"] = (digest, atMs) =>
    this.answer(() => {
      const found = this.invited.get(digest);
      return found === undefined || found.expiresMs < atMs ? null : found;
    });

  readonly invitations: Accounts["invitations"] = (atMs) =>
    this.answer(() => [...this.invited.values()].filter(({ expiresMs }) => expiresMs > atMs));

  readonly revokeInvitation: Accounts["revokeInvitation"] = (id, actor, atMs) =>
    this.answer(() => {
      const [digest, found] = [...this.invited].find(([, one]) => one.id === id) ?? [];
      if (digest === undefined || found === undefined) return false;
      this.invited.delete(digest);
      this.write(actor, atMs, "invitation_revoked", `user ${id}`, found.agency);
      return true;
    });

  readonly redeem: Accounts["redeem"] = ({ codeDigest, login, name, password }, atMs) =>
    this.answer(() => {
      const found = this.invited.get(codeDigest);
      if (found === undefined || found.expiresMs < atMs) return { why: "code" as const };
      if (this.named(login) !== null) return { why: "login" as const };
      this.invited.delete(codeDigest);
      const { id, agency, role } = found;
      const user: User = {
        ...{ id, login, name, agency, role, disabled: false, createdMs: atMs, lastSeenMs: null },
      };
      this.kept.set(id, { user, password });
      return { user };
    });

  readonly changeUser: Accounts["changeUser"] = (id, to, actor, atMs) =>
    this.answer(() => {
      const found = this.kept.get(id);
      if (found === undefined) return null;
      found.user = { ...found.user, ...to };
      this.write(actor, atMs, "user_changed", `user ${id}`, found.user.agency);
      return found.user;
    });

  readonly setPassword: Accounts["setPassword"] = (id, password, keepSession) =>
    this.answer(() => {
      const found = this.kept.get(id);
      if (found !== undefined) found.password = password;
      for (const [digest, { user }] of this.open) {
        if (user === id && digest !== keepSession) this.open.delete(digest);
      }
      return null;
    });

  readonly openSession: Accounts["openSession"] = (digest, user, from, atMs) =>
    this.answer(() => {
      this.open.set(digest, { user, createdMs: atMs, seenMs: atMs });
      const name = this.kept.get(user)?.user.name ?? "";
      this.write({ user, name, from }, atMs, "login", "", "");
      return null;
    });

  readonly session: Accounts["session"] = (digest, atMs) =>
    this.answer(() => {
      const found = this.open.get(digest);
      const user = this.kept.get(found?.user ?? 0)?.user;
      if (found === undefined || user === undefined || user.disabled) return null;
      if (atMs - found.seenMs >= sessionIdleMs || atMs - found.createdMs >= sessionMs) return null;
      found.seenMs = atMs;
      return { user, createdMs: found.createdMs, seenMs: atMs };
    });

  readonly closeSession: Accounts["closeSession"] = (digest) =>
    this.answer(() => {
      this.open.delete(digest);
      return null;
    });

  readonly makeToken: Accounts["makeToken"] = ({ digest, ...token }, actor) =>
    this.answer(() => {
      this.made.set(digest, { ...token, lastUsedMs: null });
      this.write(actor, token.createdMs, "token_made", token.id, "");
      return null;
    });

  readonly tokenBy: Accounts["tokenBy"] = (digest, atMs) =>
    this.answer(() => {
      const token = this.made.get(digest);
      const user = this.kept.get(token?.user ?? 0)?.user;
      if (token === undefined || user === undefined) return null;
      return user.disabled || token.expiresMs <= atMs ? null : { token, user };
    });

  readonly tokens: Accounts["tokens"] = (user) =>
    this.answer(() => [...this.made.values()].filter((one) => user === null || one.user === user));

  readonly endToken: Accounts["endToken"] = (id) =>
    this.answer(() => {
      const found = [...this.made].find(([, token]) => token.id === id);
      return found !== undefined && this.made.delete(found[0]);
    });

  readonly note: Accounts["note"] = ({ atMs, actor, agency, action, what }) =>
    this.answer(() => {
      this.write(actor, atMs, action, what, agency);
      return null;
    });

  readonly audit: Accounts["audit"] = ({ agency, before, limit }) =>
    this.answer(() =>
      this.lines
        .filter((one) => agency === undefined || one.agency === agency)
        .filter(({ n }) => before === undefined || n < before)
        .reverse()
        .slice(0, limit),
    );

  readonly verifyAudit: Accounts["verifyAudit"] = () =>
    this.answer(() => ({ ok: true, lines: this.lines.length, head: "" }));

  private named(login: string): Kept | null {
    return [...this.kept.values()].find(({ user }) => user.login === login) ?? null;
  }

  private write(actor: Actor, atMs: number, action: string, what: string, agency: string): void {
    this.lines.push({ n: this.lines.length + 1, atMs, actor, agency, action, what, hash: "" });
  }

  private answer<T>(value: () => T): Promise<Stored<T>> {
    return Promise.resolve(this.refusal ?? { ok: true, value: value() });
  }
}
