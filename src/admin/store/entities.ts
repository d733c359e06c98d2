import type { AuditPen } from "./audit-log.js";
import {
  type ChangeSet,
  type Committed,
  type DeskKind,
  type EntityRecord,
  entityKinds,
  type StoreRefusal,
} from "./desk-store.js";
import { changeDigest, changeWords, recordOf, rowAfter, stateTextOfRow } from "./records.js";
import { type EntityRow, entityTable, type RevisionRow, type Tx } from "./tables.js";

/** Rows a statement: PostgreSQL and SQLite bound how many values one may bring. */
const rowsAtOnce = 200;
const idempotencyMs = 24 * 3_600_000;

export async function lastChange(tx: Tx): Promise<number> {
  const last = await tx
    .selectFrom("changes")
    .select("change")
    .orderBy("change", "desc")
    .limit(1)
    .executeTakeFirst();
  return last?.change ?? 0;
}

/** What later changes than `after` have touched, by kind in order of their ids; 0 = everything. */
export async function changedSince(
  tx: Tx,
  after: number,
): Promise<{ records: EntityRecord[]; change: number }> {
  const change = await lastChange(tx);
  const records: EntityRecord[] = [];
  if (change === after) return { records, change };
  for (const kind of entityKinds) {
    const rows = await tx
      .selectFrom(entityTable(kind))
      .selectAll()
      .where("change", ">", after)
      .execute();
    rows.sort((a, b) => a.key.length - b.key.length || (a.key < b.key ? -1 : 1));
    for (const row of rows) records.push(recordOf(kind, row));
  }
  return { records, change };
}

/** One change set, inside a transaction that has the store for itself. */
export async function commitSet(tx: Tx, set: ChangeSet, audit: AuditPen): Promise<Committed> {
  const answered = await answerOfBefore(tx, set);
  if (answered !== null) return answered;
  const now = await rowsNow(tx, set);
  const stale = staleOf(set, now);
  if (stale.length > 0) return { ok: false, code: "stale", stale };
  const change = (await lastChange(tx)) + 1;
  const { actor, atMs } = set;
  await tx
    .insertInto("changes")
    .values({
      ...{ change, at_ms: atMs, way: set.way, note: set.note },
      ...{ actor_user: actor.user, actor_name: actor.name, actor_from: actor.from },
    })
    .execute();
  const records: EntityRecord[] = [];
  const revisions: RevisionRow[] = [];
  let seq = await lastRevision(tx);
  for (const kind of entityKinds) {
    const rows: EntityRow[] = [];
    for (const one of set.changes.filter((c) => c.kind === kind)) {
      const before = now.get(kind)?.get(one.key) ?? null;
      const row = rowAfter(one, before, { change, atMs, by: actor.name });
      rows.push(row);
      records.push(recordOf(kind, row));
      revisions.push(revisionRow(++seq, kind, row, before));
    }
    await putRows(tx, kind, rows);
    await keepIds(tx, kind, rows);
  }
  for (const some of slices(revisions)) await tx.insertInto("revisions").values(some).execute();
  await remember(tx, set, change);
  const agencies = new Set(set.changes.map(({ agency }) => agency));
  await audit.append(tx, {
    ...{ atMs, actor, agency: agencies.size === 1 ? [...agencies].join("") : "" },
    action: "change",
    what: changeWords(change, revisions.length, changeDigest(revisions)),
  });
  return { ok: true, change, records, repeated: false };
}

type RowsNow = ReadonlyMap<DeskKind, ReadonlyMap<string, EntityRow>>;

async function rowsNow(tx: Tx, set: ChangeSet): Promise<RowsNow> {
  const found = new Map<DeskKind, Map<string, EntityRow>>();
  for (const kind of entityKinds) {
    const keys = set.changes.filter((c) => c.kind === kind).map(({ key }) => key);
    const rows = new Map<string, EntityRow>();
    for (const some of slices(keys)) {
      const answer = await tx
        .selectFrom(entityTable(kind))
        .selectAll()
        .where("key", "in", some)
        .execute();
      for (const row of answer) rows.set(row.key, row);
    }
    found.set(kind, rows);
  }
  return found;
}

/** A thing that stands twice in one set is stale the second time. */
function staleOf(set: ChangeSet, now: RowsNow): Pick<EntityRecord, "kind" | "key" | "version">[] {
  const seen = new Set<string>();
  const stale: Pick<EntityRecord, "kind" | "key" | "version">[] = [];
  for (const { kind, key, base } of set.changes) {
    const version = now.get(kind)?.get(key)?.version ?? 0;
    const name = `${kind} ${key}`;
    if (version !== (base ?? 0) || seen.has(name)) stale.push({ kind, key, version });
    seen.add(name);
  }
  return stale;
}

async function answerOfBefore(tx: Tx, set: ChangeSet): Promise<Committed | null> {
  if (set.idempotency === undefined) return null;
  const { key, digest } = set.idempotency;
  const found = await tx
    .selectFrom("idempotency")
    .selectAll()
    .where("key", "=", key)
    .where("at_ms", ">", set.atMs - idempotencyMs)
    .executeTakeFirst();
  if (found === undefined) return null;
  if (found.digest !== digest) return { ok: false, code: "key_reused" } satisfies StoreRefusal;
  const { change } = found;
  return { ok: true, change, records: await recordsOf(tx, change), repeated: true };
}

/** The things of a change as they were right after it. */
async function recordsOf(tx: Tx, change: number): Promise<EntityRecord[]> {
  const made = await tx
    .selectFrom("changes")
    .selectAll()
    .where("change", "=", change)
    .executeTakeFirstOrThrow();
  const revisions = await tx
    .selectFrom("revisions")
    .selectAll()
    .where("change", "=", change)
    .orderBy("seq")
    .execute();
  const records: EntityRecord[] = [];
  for (const { kind, key, agency, version, file, seed, after } of revisions) {
    const { created_ms: createdMs } = await tx
      .selectFrom(entityTable(kind as DeskKind))
      .select("created_ms")
      .where("key", "=", key)
      .executeTakeFirstOrThrow();
    records.push({
      ...{ kind: kind as DeskKind, key, version, agency, file, seed, createdMs },
      ...(JSON.parse(after) as Pick<EntityRecord, "draft" | "archived" | "form">),
      ...{ updatedMs: made.at_ms, updatedBy: made.actor_name },
    });
  }
  return records;
}

async function remember(tx: Tx, set: ChangeSet, change: number): Promise<void> {
  if (set.idempotency === undefined) return;
  const { key, digest } = set.idempotency;
  await tx
    .deleteFrom("idempotency")
    .where("at_ms", "<=", set.atMs - idempotencyMs)
    .execute();
  await tx.insertInto("idempotency").values({ key, digest, change, at_ms: set.atMs }).execute();
}

async function lastRevision(tx: Tx): Promise<number> {
  const last = await tx
    .selectFrom("revisions")
    .select("seq")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return last?.seq ?? 0;
}

const revisionRow = (
  seq: number,
  kind: DeskKind,
  row: EntityRow,
  before: EntityRow | null,
): RevisionRow => ({
  ...{ seq, change: row.change, kind, key: row.key, agency: row.agency, version: row.version },
  ...{ file: row.file, seed: row.seed },
  before: before === null ? null : stateTextOfRow(before),
  after: stateTextOfRow(row),
});

async function putRows(tx: Tx, kind: DeskKind, rows: readonly EntityRow[]): Promise<void> {
  for (const some of slices(rows)) {
    await tx
      .insertInto(entityTable(kind))
      .values(some)
      .onConflict((conflict) =>
        conflict.column("key").doUpdateSet((to) => ({
          version: to.ref("excluded.version"),
          draft: to.ref("excluded.draft"),
          archived: to.ref("excluded.archived"),
          agency: to.ref("excluded.agency"),
          file: to.ref("excluded.file"),
          seed: to.ref("excluded.seed"),
          form: to.ref("excluded.form"),
          updated_ms: to.ref("excluded.updated_ms"),
          updated_by: to.ref("excluded.updated_by"),
          change: to.ref("excluded.change"),
        })),
      )
      .execute();
  }
}

/** Ids that came from files are not given out again either. */
async function keepIds(tx: Tx, kind: DeskKind, rows: readonly EntityRow[]): Promise<void> {
  let next = 0;
  for (const { key } of rows) if (/^\d{1,15}$/.test(key)) next = Math.max(next, Number(key) + 1);
  if (next > 0) await takeIds(tx, kind, next, 0);
}

/**
 * Gives out `count` numbers of a kind, at least from `from` on; the first of them. What was given
 * out is never given out again, whatever becomes of it.
 */
export async function takeIds(tx: Tx, kind: string, from: number, count: number): Promise<number> {
  const known = await tx
    .selectFrom("ids")
    .select("next")
    .where("kind", "=", kind)
    .executeTakeFirst();
  const first = Math.max(known?.next ?? 1, from);
  const next = first + count;
  if (known === undefined) await tx.insertInto("ids").values({ kind, next }).execute();
  else if (next !== known.next) {
    await tx.updateTable("ids").set({ next }).where("kind", "=", kind).execute();
  }
  return first;
}

function slices<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += rowsAtOnce) parts.push(all.slice(at, at + rowsAtOnce));
  return parts;
}
