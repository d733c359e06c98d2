import {
  type AuditKey,
  type Checkpoint,
  hashAfter,
  isSigned,
  type LineContent,
  noPrevious,
  signed,
} from "./audit-chain.js";
import { cleanActor, cleanText } from "./clean-text.js";
import type { AuditLine } from "./desk-store.js";
import type { HeadFile } from "./head-file.js";
import type { AuditRow, CheckpointRow, Tx } from "./tables.js";

/** A checkpoint is due after so many lines, or so long after the last one. */
const checkpointLines = 1000;
const checkpointMs = 60_000;

/** Writes lines and checkpoints of the audit log. */
export class AuditPen {
  readonly key: AuditKey;
  readonly file: HeadFile;
  private readonly nowMs: () => number;
  private readonly unsettled = new WeakMap<Tx, readonly Checkpoint[]>();

  constructor(key: AuditKey, file: HeadFile, nowMs: () => number) {
    this.key = key;
    this.file = file;
    this.nowMs = nowMs;
  }

  /** Inside a transaction that has the store for itself. */
  async append(tx: Tx, line: Omit<LineContent, "n">): Promise<void> {
    const last = await lastLine(tx);
    const content: LineContent = {
      ...{ n: last.n + 1, atMs: line.atMs, action: line.action },
      actor: cleanActor(line.actor),
      agency: cleanText(line.agency, 100),
      what: cleanText(line.what, 1000),
    };
    const hash = hashAfter(last.hash, content);
    await tx
      .insertInto("audit")
      .values(rowOf({ ...content, hash }))
      .execute();
    if (await this.isDue(tx, content.n)) await this.sign(tx, { n: content.n, hash });
  }

  /** Signs up to the last line, due or not. */
  async signEnd(tx: Tx): Promise<void> {
    const last = await lastLine(tx);
    const point = await lastCheckpoint(tx);
    if (last.n > (point?.n ?? 0)) await this.sign(tx, last);
  }

  async endIsDue(tx: Tx): Promise<boolean> {
    const { n } = await lastLine(tx);
    return this.isDue(tx, n);
  }

  /** After the commit: the newest checkpoint goes into the file beside the store. */
  settle(tx: Tx): void {
    const points = this.unsettled.get(tx);
    if (points !== undefined) this.file.write(points);
  }

  private async isDue(tx: Tx, n: number): Promise<boolean> {
    const point = await lastCheckpoint(tx);
    const behind = n - (point?.n ?? 0);
    if (behind <= 0) return false;
    return behind >= checkpointLines || this.nowMs() - (point?.at_ms ?? 0) >= checkpointMs;
  }

  private async sign(tx: Tx, { n, hash }: { n: number; hash: string }): Promise<void> {
    const point = signed({ n, atMs: this.nowMs(), head: hash }, this.key);
    await tx
      .insertInto("checkpoints")
      .values({ n, at_ms: point.atMs, head: hash, signature: point.signature })
      .execute();
    this.unsettled.set(tx, [...(await this.unfitting(tx)), point]);
  }

  /** Checkpoints of the file that the lines do not bear out: they stay as evidence. */
  private async unfitting(tx: Tx): Promise<Checkpoint[]> {
    const unfitting: Checkpoint[] = [];
    for (const point of this.file.read().points) {
      const line = await tx
        .selectFrom("audit")
        .select("hash")
        .where("n", "=", point.n)
        .executeTakeFirst();
      if (line?.hash !== point.head || !isSigned(point, this.key)) unfitting.push(point);
    }
    return unfitting;
  }
}

async function lastLine(tx: Tx): Promise<{ n: number; hash: string }> {
  const last = await tx
    .selectFrom("audit")
    .select(["n", "hash"])
    .orderBy("n", "desc")
    .limit(1)
    .executeTakeFirst();
  return last ?? { n: 0, hash: noPrevious };
}

const lastCheckpoint = (tx: Tx): Promise<CheckpointRow | undefined> =>
  tx.selectFrom("checkpoints").selectAll().orderBy("n", "desc").limit(1).executeTakeFirst();

const rowOf = ({ n, atMs, actor, agency, action, what, hash }: AuditLine): AuditRow => ({
  ...{ n, at_ms: atMs, agency, action, what, hash },
  ...{ actor_user: actor.user, actor_name: actor.name, actor_from: actor.from },
});

export const lineOf = (row: AuditRow): AuditLine => ({
  n: row.n,
  atMs: row.at_ms,
  actor: { user: row.actor_user, name: row.actor_name, from: row.actor_from },
  agency: row.agency,
  action: row.action,
  what: row.what,
  hash: row.hash,
});

export const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  n: row.n,
  atMs: row.at_ms,
  head: row.head,
  signature: row.signature,
});
