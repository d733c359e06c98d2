import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  type KyselyConfig,
  PostgresDialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type TransactionSettings,
} from "kysely";
import Libsql from "libsql";
import pg from "pg";
import type { Database, Tables } from "./tables.js";

/** An open database, and what differs between the two. */
export type Opened = {
  readonly db: Database;
  readonly engine: "libsql" | "postgres";
  /** "" = what is open is still what stands at its place; else what happened, for people. */
  readonly misplaced: () => string;
};

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
  closeSync(openSync(path, mayMake ? "a" : "r+", 0o600));
  chmodSync(path, 0o600);
  const { ino, dev } = statSync(path);
  const database = new Libsql(path);
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
    throw new Error(`${path} is damaged: ${check?.quick_check ?? "it cannot be checked"}`);
  }
  const misplaced = (): string => {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now === undefined) return `${path} was taken away`;
    return now.ino === ino && now.dev === dev ? "" : `${path} was replaced by another file`;
  };
  return { db: kyselyOver(new LibsqlDialect(database)), engine: "libsql", misplaced };
}

const int8 = 20;
/** Our numbers are counts and milliseconds, far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === int8 ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** A password comes from the environment (PGPASSWORD) or a file (PGPASSFILE), not from `url`. */
export function openPostgres(url: string): Opened {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 1500,
    statement_timeout: 30_000,
    lock_timeout: 1000,
    keepAlive: true,
    application_name: "crowdbid",
    types,
  });
  // An idle connection that breaks is found by the next statement.
  pool.on("error", () => {});
  return {
    db: kyselyOver(new PostgresDialect({ pool })),
    engine: "postgres",
    misplaced: () => "",
  };
}

const kyselyOver = (dialect: KyselyConfig["dialect"]): Database => new Kysely<Tables>({ dialect });
