import type { Kysely, Transaction } from "kysely";
import type { DeskKind } from "./desk-store.js";

/**
 * The tables of the store, the same over libsql and PostgreSQL. Truth values are 0 and 1, instants
 * Unix milliseconds, forms JSON text as they came.
 */
export type Tables = {
  agencies: EntityRow;
  advertisers: EntityRow;
  campaigns: EntityRow;
  line_items: EntityRow;
  creatives: EntityRow;
  audiences: EntityRow;
  deals: EntityRow;
  changes: ChangeRow;
  revisions: RevisionRow;
  /** The lowest number of a kind that was not given out yet; the kind "user" too. */
  ids: { kind: string; next: number };
  files: { name: string; text: string };
  lists: ListRow;
  users: UserRow;
  invitations: InvitationRow;
  sessions: SessionRow;
  tokens: TokenRow;
  idempotency: IdempotencyRow;
  audit: AuditRow;
  checkpoints: CheckpointRow;
};

export type Database = Kysely<Tables>;
export type Tx = Transaction<Tables>;

export type EntityRow = {
  key: string;
  version: number;
  draft: number;
  archived: number;
  agency: string;
  file: string;
  seed: string | null;
  form: string;
  created_ms: number;
  updated_ms: number;
  updated_by: string;
  /** The change that it was last touched by. */
  change: number;
};

export type ChangeRow = {
  change: number;
  at_ms: number;
  actor_user: number;
  actor_name: string;
  actor_from: string;
  way: string;
  note: string;
};

/** `before` and `after` are JSON of EntityState. */
export type RevisionRow = {
  seq: number;
  change: number;
  kind: string;
  key: string;
  agency: string;
  version: number;
  file: string;
  seed: string | null;
  before: string | null;
  after: string;
};

export type ListRow = {
  agency: string;
  name: string;
  id: string;
  kind: string;
  state: string;
  reason: string;
  rows: number;
  unusable: number;
  at_ms: number;
  by: string;
  segment: string;
};

export type UserRow = {
  id: number;
  login: string;
  /** The login as it is compared: two that look the same are the same. */
  login_key: string;
  name: string;
  agency: string;
  role: string;
  disabled: number;
  created_ms: number;
  last_seen_ms: number | null;
  password: string;
};

/** `id` is the one that its user will have. */
export type InvitationRow = {
  id: number;
  code_digest: string;
  name: string;
  agency: string;
  role: string;
  expires_ms: number;
};

export type SessionRow = {
  id_digest: string;
  user_id: number;
  address: string;
  created_ms: number;
  seen_ms: number;
};

export type TokenRow = {
  id: string;
  digest: string;
  user_id: number;
  name: string;
  role: string;
  created_ms: number;
  expires_ms: number;
  last_used_ms: number | null;
};

export type IdempotencyRow = { key: string; digest: string; change: number; at_ms: number };

export type AuditRow = {
  n: number;
  at_ms: number;
  actor_user: number;
  actor_name: string;
  actor_from: string;
  agency: string;
  action: string;
  what: string;
  hash: string;
};

export type CheckpointRow = { n: number; at_ms: number; head: string; signature: string };

export const tableOf = {
  agency: "agencies",
  advertiser: "advertisers",
  campaign: "campaigns",
  lineItem: "line_items",
  creative: "creatives",
  audience: "audiences",
  deal: "deals",
} as const satisfies Readonly<Record<DeskKind, keyof Tables>>;

/** Seven tables of one shape: to the type checker each is the first. */
export const entityTable = (kind: DeskKind): "agencies" => tableOf[kind] as "agencies";
