import type { AuditKey } from "./audit-chain.js";
import { AuditPen, lineOf } from "./audit-log.js";
import { verifyAudit } from "./audit-verify.js";
import { cleanActor, cleanText } from "./clean-text.js";
import type { ChangeSet, DeskStore, RevisionQuery } from "./desk-store.js";
import { changedSince, commitSet, takeIds } from "./entities.js";
import type { HeadFile } from "./head-file.js";
import { migrate } from "./migrations.js";
import type { Opened } from "./opened.js";
import { revisionOf } from "./records.js";
import { sessionsOver } from "./sessions.js";
import { flat, type Run, runOver, type StoreParts } from "./store-run.js";
import type { Tx } from "./tables.js";
import { type Trouble, troubleOf } from "./trouble.js";
import { uploadsOver } from "./uploads.js";
import { usersOver } from "./users.js";

export type SqlStoreParts = Pick<StoreParts, "monotonicMs" | "pause" | "onTrouble"> & {
  readonly open: () => Opened | Promise<Opened>;
  readonly key: AuditKey;
  readonly head: HeadFile;
  readonly nowMs: () => number;
};

export type SqlStore = {
  /** The store as one call sees it; `claim`: see `runOver`. */
  readonly forCall: (claim: () => boolean) => DeskStore;
  /** Signs the audit log's end where that is due. */
  readonly checkpoint: () => Promise<void>;
};

/** The store over either database. What cannot be used is left as it is. */
export async function openSqlStore(
  parts: SqlStoreParts,
): Promise<{ readonly ok: true; readonly store: SqlStore } | ({ readonly ok: false } & Trouble)> {
  try {
    const opened = await parts.open();
    const words = await migrate(opened.db);
    if (words !== "") {
      await opened.db.destroy();
      return { ok: false, code: "gone", words, ends: true };
    }
    return { ok: true, store: storeOver(opened, parts) };
  } catch (error) {
    return { ok: false, ...troubleOf(error) };
  }
}

function storeOver(opened: Opened, parts: SqlStoreParts): SqlStore {
  const audit = new AuditPen(parts.key, parts.head, parts.nowMs);
  const runParts: StoreParts = { ...opened, ...parts, audit };
  const always = (): boolean => true;
  return {
    forCall: (claim) => callsOver(runOver(runParts, claim), audit, opened),
    checkpoint: async () => {
      const run = runOver(runParts, always);
      const due = await run.read((tx) => audit.endIsDue(tx));
      if (due.ok && due.value) await run.tryWrite((tx) => audit.signEnd(tx));
    },
  };
}

const callsOver = (run: Run, audit: AuditPen, opened: Opened): DeskStore => ({
  load: () => run.read((tx) => changedSince(tx, 0)),
  commit: async (set) => flat(await run.write((tx) => commitSet(tx, cleanSet(set), audit))),
  since: (change) => run.read((tx) => changedSince(tx, change)),
  newIds: (kind, count) =>
    run.write(async (tx) => {
      const first = await takeIds(tx, kind, 1, count);
      return Array.from({ length: count }, (_, i) => first + i);
    }),
  revisions: (query) => run.read((tx) => revisions(tx, query)),
  files: () =>
    run.read(async (tx) => {
      const rows = await tx.selectFrom("files").selectAll().orderBy("name").execute();
      return new Map(rows.map(({ name, text }) => [name, text]));
    }),
  putFiles: (files) => run.write((tx) => putFiles(tx, files)),
  ...uploadsOver(run, audit),
  ...usersOver(run, audit),
  ...sessionsOver(run, audit),
  note: (line) =>
    run.write(async (tx) => {
      await audit.append(tx, line);
      return null;
    }),
  audit: (ask) => run.read((tx) => auditLines(tx, ask)),
  verifyAudit: () => verifyAudit(run, audit),
  close: async () => {
    await run.write((tx) => audit.signEnd(tx));
    await opened.db.destroy();
  },
});

const cleanSet = (set: ChangeSet): ChangeSet => ({
  ...set,
  actor: cleanActor(set.actor),
  note: cleanText(set.note, 1000),
});

const revisionsMax = 50_000;
const linesMax = 1000;

async function revisions(tx: Tx, query: RevisionQuery) {
  const { agency, kind, key, keys, change, user, before, limit } = query;
  let rows = tx
    .selectFrom("revisions")
    .innerJoin("changes", "changes.change", "revisions.change")
    .selectAll("revisions")
    .select(["at_ms", "actor_user", "actor_name", "actor_from", "way", "note"])
    .orderBy("seq", "desc")
    .limit(Math.min(limit, revisionsMax));
  if (agency !== undefined) rows = rows.where("agency", "=", agency);
  if (kind !== undefined) rows = rows.where("kind", "=", kind);
  if (key !== undefined) rows = rows.where("key", "=", key);
  if (keys !== undefined) rows = rows.where("key", "in", keys);
  if (change !== undefined) rows = rows.where("revisions.change", "=", change);
  if (user !== undefined) rows = rows.where("actor_user", "=", user);
  if (before !== undefined) rows = rows.where("seq", "<", before);
  return (await rows.execute()).map(revisionOf);
}

async function putFiles(tx: Tx, files: ReadonlyMap<string, string | null>): Promise<null> {
  for (const [name, text] of files) {
    await tx.deleteFrom("files").where("name", "=", name).execute();
    if (text !== null) await tx.insertInto("files").values({ name, text }).execute();
  }
  return null;
}

async function auditLines(tx: Tx, ask: Parameters<DeskStore["audit"]>[0]) {
  const { agency, before, limit } = ask;
  let rows = tx
    .selectFrom("audit")
    .selectAll()
    .orderBy("n", "desc")
    .limit(Math.min(limit, linesMax));
  if (agency !== undefined) rows = rows.where("agency", "=", agency);
  if (before !== undefined) rows = rows.where("n", "<", before);
  return (await rows.execute()).map(lineOf);
}
