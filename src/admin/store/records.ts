import { createHash } from "node:crypto";
import type {
  DeskKind,
  EntityChange,
  EntityRecord,
  EntityState,
  JsonObject,
  Revision,
} from "./desk-store.js";
import type { ChangeRow, EntityRow, RevisionRow } from "./tables.js";

/** Rows of the tables as the desk's records, and back. */
export const recordOf = (kind: DeskKind, row: EntityRow): EntityRecord => ({
  kind,
  key: row.key,
  version: row.version,
  draft: row.draft === 1,
  archived: row.archived === 1,
  form: JSON.parse(row.form) as JsonObject,
  agency: row.agency,
  file: row.file,
  seed: row.seed,
  createdMs: row.created_ms,
  updatedMs: row.updated_ms,
  updatedBy: row.updated_by,
});

export const stateTextOfRow = ({ draft, archived, form }: EntityRow): string =>
  `{"draft":${draft === 1},"archived":${archived === 1},"form":${form}}`;

/** The row after the change; `now` = the row before it, null = it is new. */
export function rowAfter(
  change: EntityChange,
  now: EntityRow | null,
  made: { readonly change: number; readonly atMs: number; readonly by: string },
): EntityRow {
  return {
    key: change.key,
    version: (now?.version ?? 0) + 1,
    draft: change.draft ? 1 : 0,
    archived: change.archived ? 1 : 0,
    agency: change.agency,
    file: change.file,
    seed: change.seed,
    form: JSON.stringify(change.form),
    created_ms: now?.created_ms ?? made.atMs,
    updated_ms: made.atMs,
    updated_by: made.by,
    change: made.change,
  };
}

export const revisionOf = (row: RevisionRow & ChangeRow): Revision => ({
  seq: row.seq,
  change: row.change,
  atMs: row.at_ms,
  actor: { user: row.actor_user, name: row.actor_name, from: row.actor_from },
  way: row.way as Revision["way"],
  note: row.note,
  kind: row.kind as DeskKind,
  key: row.key,
  agency: row.agency,
  version: row.version,
  before: row.before === null ? null : (JSON.parse(row.before) as EntityState),
  after: JSON.parse(row.after) as EntityState,
});

/** Ties a change's line of the audit log to what the history says of it. */
export function changeDigest(
  revisions: readonly Pick<RevisionRow, "kind" | "key" | "version" | "before" | "after">[],
): string {
  const hash = createHash("sha256");
  for (const { kind, key, version, before, after } of revisions) {
    hash.update(`${JSON.stringify([kind, key, version, before, after])}\n`);
  }
  return hash.digest("hex");
}

export const changeWords = (change: number, things: number, digest: string): string =>
  `change ${change}: ${things} things, ${digest}`;

/** null: the words are no change's. */
export function changeFromWords(
  words: string,
): { readonly change: number; readonly things: number; readonly digest: string } | null {
  const found = /^change (\d+): (\d+) things, ([0-9a-f]{64})$/.exec(words);
  if (found === null) return null;
  return { change: Number(found[1]), things: Number(found[2]), digest: found[3] ?? "" };
}
