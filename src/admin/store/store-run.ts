import { sql } from "kysely";
import type { AuditPen } from "./audit-log.js";
import type { Stored, StoreRefusal } from "./desk-store.js";
import type { Opened } from "./opened.js";
import type { Tx } from "./tables.js";
import { isPassing, type Trouble, troubleOf } from "./trouble.js";

export type StoreParts = Opened & {
  readonly audit: AuditPen;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Told of each call that ended in trouble. */
  readonly onTrouble: (trouble: Trouble) => void;
};

/** One call's way to the database. */
export type Run = {
  readonly read: <T>(work: (tx: Tx) => Promise<T>) => Promise<Stored<T>>;
  /** All of `work` or nothing; alone among all writers of the store. */
  readonly write: <T>(work: (tx: Tx) => Promise<T>) => Promise<Stored<T>>;
  /** What may as well not happen: one try, no wait. */
  readonly tryWrite: (work: (tx: Tx) => Promise<unknown>) => Promise<void>;
};

/** How long a call tries again while somebody else holds the store. */
const patienceMs = 1000;
const againMs = 10;
/** The advisory lock in PostgreSQL that makes our writers go one after the other: "cwbd". */
export const writersLock = 0x63_77_62_64;

class GivenUp extends Error {}

/**
 * `claim` is asked right before a commit: false = the caller has given up and was told "locked", so
 * that nothing may be done any more.
 */
export function runOver(parts: StoreParts, claim: () => boolean): Run {
  const transact = async <T>(
    kind: "read" | "write" | "try",
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> => {
    const misplaced = parts.misplaced();
    if (misplaced !== "") throw new Error(`${misplaced}: put it back, or restart without it`);
    const reads = kind === "read";
    const begun = parts.db.transaction().setAccessMode(reads ? "read only" : "read write");
    // PostgreSQL: all reads of a call see one state. libsql's transactions do so in any case.
    const isolated = reads && parts.engine === "postgres";
    const transaction = isolated ? begun.setIsolationLevel("repeatable read") : begun;
    let used: Tx | null = null;
    const value = await transaction.execute(async (tx) => {
      used = tx;
      if (!reads && parts.engine === "postgres") await takeWriters(tx, kind === "write");
      const done = await work(tx);
      if (!reads && !claim()) throw new GivenUp();
      return done;
    });
    if (used !== null) parts.audit.settle(used);
    return value;
  };
  const attempt = async <T>(work: () => Promise<T>): Promise<Stored<T>> => {
    const untilMs = parts.monotonicMs() + patienceMs;
    for (;;) {
      try {
        return { ok: true, value: await work() };
      } catch (error) {
        if (error instanceof GivenUp) return { ok: false, code: "locked" };
        if (!isPassing(error) || parts.monotonicMs() >= untilMs) return refused(parts, error);
        await parts.pause(againMs);
      }
    }
  };
  return {
    read: (work) => attempt(() => transact("read", work)),
    write: (work) => attempt(() => transact("write", work)),
    tryWrite: async (work) => {
      await transact("try", work).catch(() => {});
    },
  };
}

async function takeWriters(tx: Tx, waits: boolean): Promise<void> {
  if (waits) {
    await sql`select pg_advisory_xact_lock(${writersLock})`.execute(tx);
    return;
  }
  const { rows } = await sql<{
    taken: boolean;
  }>`select pg_try_advisory_xact_lock(${writersLock}) as taken`.execute(tx);
  if (rows[0]?.taken !== true) throw new GivenUp();
}

function refused(parts: StoreParts, error: unknown): StoreRefusal & { ok: false } {
  const trouble = troubleOf(error);
  parts.onTrouble(trouble);
  return { ok: false, code: trouble.code, words: trouble.words };
}

/** The answer of a call whose work may itself refuse. */
export const flat = <T extends { readonly ok: boolean }>(stored: Stored<T>): T | StoreRefusal =>
  stored.ok ? stored.value : stored;
