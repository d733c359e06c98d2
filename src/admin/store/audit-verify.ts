import { ChainCheck } from "./audit-chain.js";
import { type AuditPen, checkpointOf, lineOf } from "./audit-log.js";
import type { AuditLine, AuditVerdict, Stored } from "./desk-store.js";
import { changeDigest, changeFromWords } from "./records.js";
import type { Run } from "./store-run.js";
import type { Tx } from "./tables.js";

const linesAtOnce = 1000;

/**
 * Reads the whole log, some lines a transaction, so that others get their turn in between; what is
 * appended meanwhile is left out. A change's line also answers for the history: its revisions have
 * to be those that were written with it, and none may stand there without a line.
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
  return { ok: true, value: check.end() };
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
