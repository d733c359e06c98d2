/**
 * The campaign desk's memory: what agencies want to buy, who changed it, who may. One interface
 * over
 * libsql (`store.db` in the data folder) and PostgreSQL; every answer is a promise, since the store
 * lives in a thread of its own and may be locked or gone while bids go on.
 */

/** What people edit at the desk, in the forms of campaigns/*.yaml and deals.yaml. */
export const entityKinds = [
  ...(["agency", "advertiser", "campaign", "lineItem"] as const),
  ...(["creative", "audience", "deal"] as const),
] as const;
export type DeskKind = (typeof entityKinds)[number];

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One thing as it stands now. */
export type EntityRecord = {
  readonly kind: DeskKind;
  /** The id as decimal text; of a deal `exchange/deal`. Never used again. */
  readonly key: string;
  /** Begins at 1 and rises with each change: the ETag. */
  readonly version: number;
  /** Half a form: kept as it is, in no World and in no file. */
  readonly draft: boolean;
  /** Taken out of everything but the history; may be restored. */
  readonly archived: boolean;
  /** As in YAML; valid by campaign/schema-campaign unless a draft. */
  readonly form: JsonObject;
  /** The agency that it belongs to, "" = of no agency alone (a deal of several). */
  readonly agency: string;
  /** The config file that it came from and is exported to, "" = none yet. */
  readonly file: string;
  /** Digest of the form that the config files had last; null = it never stood in a file. */
  readonly seed: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly updatedBy: string;
};

export type Actor = {
  /** Of a user; 0 = the program or its operator at the machine. */
  readonly user: number;
  /** As the history shows it: a user's name, "config files", "operator". */
  readonly name: string;
  /** The address that asked, "" = the machine itself. */
  readonly from: string;
};

export const changeWays = [
  ...(["page", "api", "csv", "bulk", "apply", "restore", "undo"] as const),
] as const;
export type ChangeWay = (typeof changeWays)[number];

export type EntityChange = {
  readonly kind: DeskKind;
  readonly key: string;
  /** The version that the change was made from; null = the thing is new. */
  readonly base: number | null;
  readonly draft: boolean;
  readonly archived: boolean;
  readonly form: JsonObject;
  readonly agency: string;
  readonly file: string;
  readonly seed: string | null;
};

export type ChangeSet = {
  readonly actor: Actor;
  readonly atMs: number;
  readonly way: ChangeWay;
  /** What the maker said of it, "" = nothing. */
  readonly note: string;
  readonly changes: readonly EntityChange[];
  /** The same key with the same digest again gives the answer of the first time. */
  readonly idempotency?: { readonly key: string; readonly digest: string };
};

/** One thing's before and after in one change; `seq` rises over everything. */
export type Revision = {
  readonly seq: number;
  /** All revisions of one change set carry the same number. */
  readonly change: number;
  readonly atMs: number;
  readonly actor: Actor;
  readonly way: ChangeWay;
  readonly note: string;
  readonly kind: DeskKind;
  readonly key: string;
  readonly agency: string;
  readonly version: number;
  /** null = it was new. */
  readonly before: EntityState | null;
  readonly after: EntityState;
};
export type EntityState = Pick<EntityRecord, "draft" | "archived" | "form">;

/** Why the store did nothing. `locked`: try again; `gone`: the operator has to look. */
export type StoreRefusal =
  /** `words` tell the operator what is wrong and what to do. */
  | { readonly ok: false; readonly code: "locked" | "gone"; readonly words?: string }
  | {
      readonly ok: false;
      readonly code: "stale";
      /** As they stand now; version 0 = there is no such thing. */
      readonly stale: readonly Pick<EntityRecord, "kind" | "key" | "version">[];
    }
  /** The idempotency key was used for something else. */
  | { readonly ok: false; readonly code: "key_reused" };

export type Committed =
  | {
      readonly ok: true;
      readonly change: number;
      readonly records: readonly EntityRecord[];
      /** True: nothing was done now, this is the answer of the first time. */
      readonly repeated: boolean;
    }
  | StoreRefusal;

export type User = {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  /** "" = the house: sees every agency. */
  readonly agency: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdMs: number;
  /** null = never. */
  readonly lastSeenMs: number | null;
};

/** Each may do all that those before it may. */
export const roles = ["viewer", "trader", "approver", "admin"] as const;
export type Role = (typeof roles)[number];

/** Whose code was not used yet; the code itself is kept as a digest alone. */
export type Invitation = Pick<User, "id" | "name" | "agency" | "role"> & {
  readonly expiresMs: number;
};

export type Session = {
  readonly user: User;
  readonly createdMs: number;
  readonly seenMs: number;
};

export type ApiToken = {
  readonly id: string;
  readonly user: number;
  readonly name: string;
  readonly role: Role;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly lastUsedMs: number | null;
};

export type RevisionQuery = {
  /** Absent = of all agencies. */
  readonly agency?: string;
  readonly kind?: DeskKind;
  readonly key?: string;
  /** Of any of these, a thousand at the most and never none. */
  readonly keys?: readonly string[];
  readonly change?: number;
  readonly user?: number;
  /** Only those with a lower `seq`: the next page. */
  readonly before?: number;
  readonly limit: number;
};

/** A line of the audit log; `hash` is over the line and the hash before it. */
export type AuditLine = {
  readonly n: number;
  readonly atMs: number;
  readonly actor: Actor;
  readonly agency: string;
  /** From a closed list: `change`, `login`, `login_failed`, `logout`, `token_made`, ... */
  readonly action: string;
  /** Ids and digests, never a form, a secret or an identifier of a person. */
  readonly what: string;
  readonly hash: string;
};

export type AuditVerdict =
  | { readonly ok: true; readonly lines: number; readonly head: string }
  | { readonly ok: false; readonly line: number; readonly words: string };

/** An agency's upload as the desk knows it: no count of matches, which no agency is told. */
export type StoredList = {
  readonly agency: string;
  /** Unique in its agency. */
  readonly name: string;
  readonly id: string;
  readonly kind: string;
  readonly state: "taken in" | "in the bank" | "failed";
  readonly reason: string;
  /** Of the upload itself: lines, and those of them that are no identifier. */
  readonly rows: number;
  readonly unusable: number;
  readonly atMs: number;
  readonly by: string;
  readonly segment: string;
};

/** Values or refusals, never a rejected promise: a store that is gone is an everyday thing. */
export type Stored<T> = { readonly ok: true; readonly value: T } | StoreRefusal;

export type DeskStore = {
  // What is bought.
  readonly load: () => Promise<Stored<{ records: readonly EntityRecord[]; change: number }>>;
  /** All or nothing; one audit line; refuses `stale` where a `base` is not the present version. */
  readonly commit: (set: ChangeSet) => Promise<Committed>;
  /** What others wrote since (another process on the same store); cheap when nothing did. */
  readonly since: (
    change: number,
  ) => Promise<Stored<{ records: readonly EntityRecord[]; change: number }>>;
  /** Numbers that were never given out, from above all that the store knows. */
  readonly newIds: (kind: DeskKind, count: number) => Promise<Stored<readonly number[]>>;
  /** Newest first. */
  readonly revisions: (query: RevisionQuery) => Promise<Stored<readonly Revision[]>>;
  /** Texts of the config files as last applied, by name: what export starts from. */
  readonly files: () => Promise<Stored<ReadonlyMap<string, string>>>;
  readonly putFiles: (files: ReadonlyMap<string, string | null>) => Promise<Stored<null>>;

  // Uploads of lists, as the desk knows them.
  /** Absent = of all agencies. */
  readonly lists: (agency?: string) => Promise<Stored<readonly StoredList[]>>;
  /** Puts it in place of the one of this name. */
  readonly putList: (list: StoredList, actor: Actor) => Promise<Stored<null>>;
  readonly dropList: (
    agency: string,
    name: string,
    actor: Actor,
    atMs: number,
  ) => Promise<Stored<boolean>>;

  // Who may. Secrets come in as digests (codes, tokens, session ids) or scrypt texts (passwords).
  // Each of these that changes something writes its own audit line; `note` is for the rest.
  /** Those who have a login; not those who are invited. */
  readonly users: () => Promise<Stored<readonly User[]>>;
  readonly userByLogin: (
    login: string,
  ) => Promise<Stored<{ user: User; password: string | null } | null>>;
  /**
   * An invitation: whoever brings the code sets login and password. While there is no user at all a
   * new one ends those before it.
   */
  readonly invite: (
    ask: Pick<User, "name" | "agency" | "role"> & { codeDigest: string; expiresMs: number },
    actor: Actor,
    atMs: number,
  ) => Promise<Stored<{ id: number }>>;
  /** Those that are still good. */
  readonly invitations: (atMs: number) => Promise<Stored<readonly Invitation[]>>;
  /** False: there is none of this id. */
  readonly revokeInvitation: (id: number, actor: Actor, atMs: number) => Promise<Stored<boolean>>;
  readonly inviteOf: (
    codeDigest: string,
    atMs: number,
  ) => Promise<Stored<Pick<User, "name" | "agency" | "role"> | null>>;
  /** Once only; null: no such code, or over, or the login is taken (`why`). */
  readonly redeem: (
    ask: { codeDigest: string; login: string; name: string; password: string },
    atMs: number,
    from: string,
  ) => Promise<Stored<{ user: User } | { why: "code" | "login" }>>;
  readonly changeUser: (
    id: number,
    to: Partial<Pick<User, "name" | "role" | "disabled">>,
    actor: Actor,
    atMs: number,
  ) => Promise<Stored<User | null>>;
  /** Ends all sessions of the user but `keepSession`, a digest. */
  readonly setPassword: (
    id: number,
    password: string,
    keepSession: string,
    actor: Actor,
    atMs: number,
  ) => Promise<Stored<null>>;
  readonly openSession: (
    idDigest: string,
    user: number,
    from: string,
    atMs: number,
  ) => Promise<Stored<null>>;
  /** null: none, idle for too long, too old, its user disabled. Marks it seen. */
  readonly session: (idDigest: string, atMs: number) => Promise<Stored<Session | null>>;
  readonly closeSession: (idDigest: string, atMs: number) => Promise<Stored<null>>;
  readonly makeToken: (
    token: Omit<ApiToken, "lastUsedMs"> & { digest: string },
    actor: Actor,
  ) => Promise<Stored<null>>;
  /** null: none, over, its user disabled. Its role is never above the user's of now. */
  readonly tokenBy: (
    digest: string,
    atMs: number,
  ) => Promise<Stored<{ token: ApiToken; user: User } | null>>;
  readonly tokens: (user: number | null) => Promise<Stored<readonly ApiToken[]>>;
  readonly endToken: (id: string, actor: Actor, atMs: number) => Promise<Stored<boolean>>;

  // What happened.
  readonly note: (
    line: Pick<AuditLine, "atMs" | "actor" | "agency" | "action" | "what">,
  ) => Promise<Stored<null>>;
  readonly audit: (ask: {
    agency?: string;
    before?: number;
    limit: number;
  }) => Promise<Stored<readonly AuditLine[]>>;
  /** Reads every line: seconds for a million. */
  readonly verifyAudit: () => Promise<Stored<AuditVerdict>>;
  readonly close: () => Promise<void>;
};

export const sessionIdleMs = 30 * 60_000;
export const sessionMs = 12 * 3_600_000;
