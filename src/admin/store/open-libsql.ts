import { chmodSync, closeSync, openSync, type Stats, statSync } from "node:fs";
import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type TransactionSettings,
} from "kysely";
import Libsql from "libsql";
import type { Opened } from "./opened.js";
import type { Tables } from "./tables.js";

/**
 * How long one statement waits for a lock in the database. Short, because libsql's thread stands
 * still meanwhile; `store-run` tries again and lets reads pass in between.
 */
const waitMs = 20;

/**
 * Writers take their lock at once: one that begins as a reader can be refused in its middle. By
 * `exec`, because a prepared `begin` that fails stays in progress in libsql and lets no later
 * transaction end.
 */
class ImmediateDriver extends SqliteDriver {
  private readonly database: Libsql.Database;

  constructor(database: Libsql.Database) {
    super({ database: database as unknown as SqliteDatabase });
    this.database = database;
  }

  override async beginTransaction(
    _: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    this.database.exec(settings?.accessMode === "read only" ? "begin" : "begin immediate");
  }

  override async commitTransaction(): Promise<void> {
    this.database.exec("commit");
  }

  override async rollbackTransaction(): Promise<void> {
    this.database.exec("rollback");
  }

  /** A store that is closed is one file: libsql's close leaves the log beside it. */
  override async destroy(): Promise<void> {
    try {
      this.database.prepare("pragma wal_checkpoint(truncate)").all();
    } finally {
      this.database.close();
    }
  }
}

/** SQLite undoes DDL with its transaction, so that a crash leaves no half of a migration. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LibsqlDialect extends SqliteDialect {
  private readonly database: Libsql.Database;

  constructor(database: Libsql.Database) {
    super({ database: database as unknown as SqliteDatabase });
    this.database = database;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.database);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/**
 * Opens or makes the file, mode 0600. A damaged one throws and stays as it is. `mayMake` false: a
 * missing file throws.
 */
export function openLibsql(path: string, mayMake: boolean): Opened {
  const { ino, dev } = takeFile(path, mayMake);
  const database = connect(path);
  const pragma = (text: string): unknown[] => {
    const statement = database.prepare(`pragma ${text}`);
    if (statement.reader) return statement.all();
    statement.run();
    return [];
  };
  pragma(`busy_timeout=${waitMs}`);
  pragma("journal_mode=wal");
  pragma("synchronous=full");
  pragma("foreign_keys=on");
  const [check] = pragma("quick_check(1)") as { quick_check: string }[];
  if (check?.quick_check !== "ok") {
    database.close();
    throw coded("SQLITE_CORRUPT", `${path}: ${check?.quick_check ?? "it cannot be checked"}`);
  }
  const misplaced = (): string => {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now === undefined) return `${path} was taken away`;
    return now.ino === ino && now.dev === dev ? "" : `${path} was replaced by another file`;
  };
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect(database) });
  return { db, engine: "libsql", misplaced };
}

function takeFile(path: string, mayMake: boolean): Stats {
  try {
    closeSync(openSync(path, mayMake ? "a" : "r+", 0o600));
    chmodSync(path, 0o600);
    return statSync(path);
  } catch (error) {
    throw coded("SQLITE_CANTOPEN", (error as Error).message);
  }
}

function connect(path: string): Libsql.Database {
  try {
    return new Libsql(path);
  } catch (error) {
    throw coded("SQLITE_CANTOPEN", (error as Error).message);
  }
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
