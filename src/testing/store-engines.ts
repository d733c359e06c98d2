import { generateKeyPairSync, sign, verify } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import type { AuditKey } from "../admin/store/audit-chain.js";
import type { DeskStore, Stored } from "../admin/store/desk-store.js";
import { headFileAt } from "../admin/store/head-file.js";
import { openLibsql } from "../admin/store/open-libsql.js";
import { openPostgres } from "../admin/store/open-postgres.js";
import type { Opened } from "../admin/store/opened.js";
import { openSqlStore, type SqlStore } from "../admin/store/sql-store.js";
import { writersLock } from "../admin/store/store-run.js";
import { tableOf } from "../admin/store/tables.js";
import { startPostgres } from "./postgres.js";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
/** Signs and checks with a key that was made for this run. */
export const testKey: AuditKey = {
  sign: (message) => sign(null, message, privateKey),
  verify: (message, signature) => verify(null, message, publicKey, signature),
};

/** One empty store, and the doors to its database that its users do not have. */
export type StoreUnderTest = {
  readonly store: DeskStore;
  readonly calls: SqlStore;
  /** What the store thinks the time is. */
  readonly clock: { ms: number };
  readonly headPath: string;
  /** Another connection, for those who meddle. */
  readonly db: Opened["db"];
  /** Somebody else writes until the answer is called. */
  readonly hold: () => Promise<() => Promise<void>>;
  /** The same store once more, as a second process has it. */
  readonly again: () => Promise<DeskStore>;
};

export type StoreEngine = {
  readonly fresh: () => Promise<StoreUnderTest>;
  readonly stop: () => Promise<void>;
};

const libsqlEngine = (folder: string): StoreEngine =>
  engineOver(folder, () => openLibsql(join(folder, "store.db"), true));

async function postgresEngine(folder: string): Promise<StoreEngine | { readonly why: string }> {
  const server = await startPostgres();
  if ("why" in server) return server;
  const url = server.freshUrl();
  const engine = engineOver(folder, () => openPostgres(url));
  return {
    fresh: engine.fresh,
    stop: async () => {
      await engine.stop();
      await server.stop();
    },
  };
}

/** One database for all tests, emptied before each: to make one takes longer than most tests. */
function engineOver(folder: string, open: () => Opened): StoreEngine {
  const headPath = join(folder, "audit.head");
  const clock = { ms: 0 };
  const opened: Opened[] = [];
  const openedOne = (): Opened => {
    const one = open();
    opened.push(one);
    return one;
  };
  const openStore = async (): Promise<SqlStore> => {
    const answer = await openSqlStore({
      open: openedOne,
      key: testKey,
      head: headFileAt(headPath),
      nowMs: () => clock.ms,
      monotonicMs: () => performance.now(),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      onTrouble: () => {},
    });
    if (!answer.ok) throw new Error(answer.words);
    return answer.store;
  };
  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | null = null;
    return () => {
      made ??= { value: make() };
      return made.value;
    };
  };
  const first = once(openStore);
  const second = once(openStore);
  const other = once(openedOne);
  return {
    fresh: async () => {
      const calls = await first();
      const { db, engine } = other();
      await empty(db);
      rmSync(headPath, { force: true });
      clock.ms = Date.UTC(2026, 10, 26);
      return {
        ...{ store: calls.forCall(() => true), calls, clock, headPath, db },
        hold: async () => {
          const tx = await db.startTransaction().execute();
          if (engine === "postgres") {
            await sql`select pg_advisory_xact_lock(${writersLock})`.execute(tx);
          }
          return async () => {
            await tx.rollback().execute();
          };
        },
        again: async () => (await second()).forCall(() => true),
      };
    },
    stop: async () => {
      for (const { db } of opened) await db.destroy();
    },
  };
}

async function empty(db: Opened["db"]): Promise<void> {
  const referring = ["idempotency", "revisions", "sessions", "tokens"] as const;
  const others = ["changes", "users", "ids", "files", "lists", "invitations", "audit"] as const;
  await db.transaction().execute(async (tx) => {
    const tables = [...referring, ...Object.values(tableOf), ...others, "checkpoints"] as const;
    for (const table of tables) await tx.deleteFrom(table).execute();
  });
}

/** What a store has to keep, tried over either database on an empty store of its own. */
export type StorePromise = readonly [
  words: string,
  tried: (world: StoreUnderTest) => Promise<void>,
];

export function got<T>(stored: Stored<T>): T {
  if (!stored.ok) throw new Error(`refused: ${JSON.stringify(stored)}`);
  return stored.value;
}

export const storeEngines: readonly (readonly [
  name: string,
  start: (folder: string) => Promise<StoreEngine | { readonly why: string }>,
])[] = [
  ["libsql", (folder) => Promise.resolve(libsqlEngine(folder))],
  ["PostgreSQL", postgresEngine],
];
