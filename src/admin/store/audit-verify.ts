import { ChainCheck } from "./audit-chain.js";
import { type AuditPen, checkpointOf, lineOf } from "./audit-log.js";
import {
  type AuditLine,
  type AuditVerdict,
  type DeskKind,
  entityKinds,
  type Stored,
} from "./desk-store.js";
import { changeDigest, changeFromWords, stateTextOfRow } from "./records.js";
import type { Run } from "./store-run.js";
import { entityTable, type Tx } from "./tables.js";

const linesAtOnce = 1000;

/**
 * Reads the whole log, some lines a transaction, so that others get their turn in between; what is
 * appended meanwhile is left out. A change's line also answers for the history: its revisions have
 * to be those that were written with it, none may stand there without a line, and every thing has
 * to be as its newest one left it.
 */
export async function verifyAudit(run: Run, audit: AuditPen): Promise<Stored<AuditVerdict>> {
  const begun = await run.read(async (tx) => ({
    points: await tx.selectFrom("checkpoints").selectAll().execute(),
    lines: (await topOf(tx, "audit")) ?? 0,
    revisions: (await topOf(tx, "revisions")) ?? 0,
  }));
  if (!begun.ok) return begun;
  const { points, lines, revisions } = begun.value;
  const file = audit.file.read();
  const check = new ChainCheck([...points.map(checkpointOf), ...file.points], audit.key);
  if (file.words !== "") check.breakAt(0, file.words);
  let seen = 0;
  for (let after = 0; after < lines; after += linesAtOnce) {
    const upTo = Math.min(after + linesAtOnce, lines);
    const some = await run.read(async (tx) => {
      const rows = await tx
        .selectFrom("audit")
        .selectAll()
        .where("n", ">", after)
        .where("n", "<=", upTo)
        .orderBy("n")
        .execute();
      for (const line of rows.map(lineOf)) {
        if (!check.add(line)) return false;
        seen += await checkHistory(tx, line, check);
      }
      return true;
    });
    if (!some.ok) return some;
    if (!some.value) return { ok: true, value: check.end() };
  }
  const chain = check.end();
  if (!chain.ok) return { ok: true, value: chain };
  const there = await run.read(async (tx) => {
    const query = tx.selectFrom("revisions").where("seq", "<=", revisions);
    const { count } = await query
      .select(({ fn }) => fn.countAll<number | string>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  });
  if (!there.ok) return there;
  if (there.value !== seen) {
    check.breakAt(0, `the history has ${there.value} revisions, the log speaks of ${seen}`);
  }
  for (const kind of entityKinds) {
    const odd = await run.read((tx) => differsFromHistory(tx, kind));
    if (!odd.ok) return odd;
    if (odd.value !== null) check.breakAt(0, `${kind} ${odd.value} is not what its history says`);
  }
  return { ok: true, value: check.end() };
}

/** The first thing of a kind that is not as its newest revision left it; null = all are. */
async function differsFromHistory(tx: Tx, kind: DeskKind): Promise<string | null> {
  const newest = await tx
    .selectFrom("revisions")
    .innerJoin(
      (from) =>
        from
          .selectFrom("revisions")
          .select(({ fn }) => fn.max("seq").as("top"))
          .where("kind", "=", kind)
          .groupBy("key")
          .as("last"),
      (join) => join.onRef("last.top", "=", "revisions.seq"),
    )
    .select(["key", "version", "agency", "file", "seed", "after"])
    .execute();
  const left = new Map(newest.map((revision) => [revision.key, revision]));
  for (const row of await tx.selectFrom(entityTable(kind)).selectAll().execute()) {
    const last = left.get(row.key);
    left.delete(row.key);
    const same =
      last?.version === row.version && last.agency === row.agency && last.file === row.file;
    if (!same || last.seed !== row.seed || last.after !== stateTextOfRow(row)) return row.key;
  }
  return left.keys().next().value ?? null;
}

/** How many revisions the line speaks of. */
async function checkHistory(tx: Tx, line: AuditLine, check: ChainCheck): Promise<number> {
  if (line.action !== "change") return 0;
  const change = changeFromWords(line.what);
  if (change === null) return 0;
  const rows = await tx
    .selectFrom("revisions")
    .selectAll()
    .where("change", "=", change.change)
    .orderBy("seq")
    .execute();
  if (rows.length !== change.things || changeDigest(rows) !== change.digest) {
    check.breakAt(line.n, `the history of change ${change.change} is not what was written`);
  }
  return change.things;
}

async function topOf(tx: Tx, table: "audit" | "revisions"): Promise<number | null> {
  const row =
    table === "audit"
      ? await tx
          .selectFrom("audit")
          .select(({ fn }) => fn.max("n").as("top"))
          .executeTakeFirst()
      : await tx
          .selectFrom("revisions")
          .select(({ fn }) => fn.max("seq").as("top"))
          .executeTakeFirst();
  return row?.top ?? null;
}
