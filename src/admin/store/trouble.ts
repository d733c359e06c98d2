/** What a database error means for who asked. */
export type Trouble = {
  readonly code: "locked" | "gone";
  /** For the operator: what is wrong and what to do. */
  readonly words: string;
  /** The store has to be opened anew. */
  readonly ends: boolean;
};

/** Somebody else is writing, or was in the way; the same again may work. */
const passing = new Set([
  ...["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_RECOVERY", "SQLITE_LOCKED"],
  // PostgreSQL: serialization failure, deadlock, lock not available, a statement that took too
  // long.
  ...["40001", "40P01", "55P03", "57014"],
]);

export const isPassing = (error: unknown): boolean => passing.has(codeOf(error)) && !isStuck(error);

/** libsql: a statement that failed was not put away; only a new connection gets rid of it. */
const isStuck = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("statements in progress");

const putBack =
  "stop, put a copy of store.db in its place, remove store.db-wal and store.db-shm, start again; " +
  "bids go on meanwhile";

const byCode: readonly (readonly [code: RegExp, what: string, ends: boolean])[] = [
  [/^SQLITE_(CORRUPT|NOTADB)/, `the store's file is damaged: ${putBack}`, true],
  [/^SQLITE_FULL|^53100/, "the disk of the store is full: make room", false],
  [/^SQLITE_READONLY|^25006/, "the store may only be read: check the rights of its folder", false],
  [/^SQLITE_(IOERR|CANTOPEN)/, "the store's file cannot be read or written", true],
  // Text or numbers that the database does not take: the call's fault.
  [/^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)|^2[23]/, "the store does not take this", false],
  [/^28/, "PostgreSQL refuses our user or password (PGPASSWORD, PGPASSFILE)", true],
  [/^(08|57P|53)|^E[A-Z]+$/, "PostgreSQL cannot be reached", true],
];

export function troubleOf(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (isPassing(error)) {
    const words = "another program is writing to the store, or PostgreSQL is slow";
    return { code: "locked", words, ends: false };
  }
  for (const [pattern, what, ends] of byCode) {
    if (pattern.test(code)) return { code: "gone", words: `${what} (${message})`, ends };
  }
  return { code: "gone", words: `the store failed: ${message}`, ends: true };
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
