import type { Kysely, Migration } from "kysely";
import { Migrator } from "kysely";
import { type Database, tableOf } from "./tables.js";

type Schema = Kysely<unknown>;

async function makeEntities(db: Schema): Promise<void> {
  for (const table of Object.values(tableOf)) {
    await db.schema
      .createTable(table)
      .addColumn("key", "text", (c) => c.primaryKey())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("draft", "integer", (c) => c.notNull())
      .addColumn("archived", "integer", (c) => c.notNull())
      .addColumn("agency", "text", (c) => c.notNull())
      .addColumn("file", "text", (c) => c.notNull())
      .addColumn("seed", "text")
      .addColumn("form", "text", (c) => c.notNull())
      .addColumn("created_ms", "bigint", (c) => c.notNull())
      .addColumn("updated_ms", "bigint", (c) => c.notNull())
      .addColumn("updated_by", "text", (c) => c.notNull())
      .addColumn("change", "integer", (c) => c.notNull().references("changes.change"))
      .execute();
    await index(db, table, ["change"]);
  }
}

async function makeHistory(db: Schema): Promise<void> {
  await db.schema
    .createTable("changes")
    .addColumn("change", "integer", (c) => c.primaryKey())
    .addColumn("at_ms", "bigint", (c) => c.notNull())
    .addColumn("actor_user", "integer", (c) => c.notNull())
    .addColumn("actor_name", "text", (c) => c.notNull())
    .addColumn("actor_from", "text", (c) => c.notNull())
    .addColumn("way", "text", (c) => c.notNull())
    .addColumn("note", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("revisions")
    .addColumn("seq", "integer", (c) => c.primaryKey())
    .addColumn("change", "integer", (c) => c.notNull().references("changes.change"))
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("agency", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("file", "text", (c) => c.notNull())
    .addColumn("seed", "text")
    .addColumn("before", "text")
    .addColumn("after", "text", (c) => c.notNull())
    .execute();
  await index(db, "revisions", ["kind", "key", "seq"]);
  await index(db, "revisions", ["change"]);
  await index(db, "revisions", ["agency", "seq"]);
  await db.schema
    .createTable("idempotency")
    .addColumn("key", "text", (c) => c.primaryKey())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("change", "integer", (c) => c.notNull().references("changes.change"))
    .addColumn("at_ms", "bigint", (c) => c.notNull())
    .execute();
  await index(db, "idempotency", ["at_ms"]);
}

async function makeFiles(db: Schema): Promise<void> {
  await db.schema
    .createTable("ids")
    .addColumn("kind", "text", (c) => c.primaryKey())
    .addColumn("next", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("files")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("text", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("lists")
    .addColumn("agency", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("id", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("rows", "bigint", (c) => c.notNull())
    .addColumn("unusable", "bigint", (c) => c.notNull())
    .addColumn("at_ms", "bigint", (c) => c.notNull())
    .addColumn("by", "text", (c) => c.notNull())
    .addColumn("segment", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("lists_key", ["agency", "name"])
    .execute();
}

async function makePeople(db: Schema): Promise<void> {
  await db.schema
    .createTable("users")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("login", "text", (c) => c.notNull())
    .addColumn("login_key", "text", (c) => c.notNull().unique())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("agency", "text", (c) => c.notNull())
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("disabled", "integer", (c) => c.notNull())
    .addColumn("created_ms", "bigint", (c) => c.notNull())
    .addColumn("last_seen_ms", "bigint")
    .addColumn("password", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("invitations")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("code_digest", "text", (c) => c.notNull().unique())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("agency", "text", (c) => c.notNull())
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("expires_ms", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("sessions")
    .addColumn("id_digest", "text", (c) => c.primaryKey())
    .addColumn("user_id", "integer", (c) => c.notNull().references("users.id"))
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("created_ms", "bigint", (c) => c.notNull())
    .addColumn("seen_ms", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("tokens")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("digest", "text", (c) => c.notNull().unique())
    .addColumn("user_id", "integer", (c) => c.notNull().references("users.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("created_ms", "bigint", (c) => c.notNull())
    .addColumn("expires_ms", "bigint", (c) => c.notNull())
    .addColumn("last_used_ms", "bigint")
    .execute();
}

async function makeAudit(db: Schema): Promise<void> {
  await db.schema
    .createTable("audit")
    .addColumn("n", "integer", (c) => c.primaryKey())
    .addColumn("at_ms", "bigint", (c) => c.notNull())
    .addColumn("actor_user", "integer", (c) => c.notNull())
    .addColumn("actor_name", "text", (c) => c.notNull())
    .addColumn("actor_from", "text", (c) => c.notNull())
    .addColumn("agency", "text", (c) => c.notNull())
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("what", "text", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .execute();
  await index(db, "audit", ["agency", "n"]);
  await db.schema
    .createTable("checkpoints")
    .addColumn("n", "integer", (c) => c.primaryKey())
    .addColumn("at_ms", "bigint", (c) => c.notNull())
    .addColumn("head", "text", (c) => c.notNull())
    .addColumn("signature", "text", (c) => c.notNull())
    .execute();
}

async function index(db: Schema, table: string, columns: readonly string[]): Promise<void> {
  const name = `${table}_by_${columns.join("_")}`;
  await db.schema
    .createIndex(name)
    .on(table)
    .columns([...columns])
    .execute();
}

/** Names sort in the order of their making; one that was ever shipped is never changed. */
const migrations: Readonly<Record<string, Migration>> = {
  "2026-11-26 first": {
    up: async (db) => {
      await makeHistory(db as Schema);
      await makeEntities(db as Schema);
      await makeFiles(db as Schema);
      await makePeople(db as Schema);
      await makeAudit(db as Schema);
    },
  },
};

/** "" = the tables are ours; else why not, for the operator. Throws what the database throws. */
export async function migrate(db: Database): Promise<string> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (tables.some(({ name }) => name === "kysely_migration")) {
    const done = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
      .selectFrom("kysely_migration")
      .select("name")
      .execute();
    const strange = done.filter(({ name }) => !(name in migrations));
    if (strange.length > 0) {
      const names = strange.map(({ name }) => JSON.stringify(name)).join(", ");
      return `the store was written by a newer version (${names}): start that version`;
    }
  }
  const provider = { getMigrations: () => Promise.resolve({ ...migrations }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error as Error;
  return "";
}
