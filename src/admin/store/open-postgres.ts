import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Opened } from "./opened.js";
import type { Tables } from "./tables.js";

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
    db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }),
    engine: "postgres",
    misplaced: () => "",
  };
}
