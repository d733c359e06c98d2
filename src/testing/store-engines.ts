import { generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditKey } from "../admin/store/audit-chain.js";
import type { DeskStore } from "../admin/store/desk-store.js";
import { type Opened, openLibsql, openPostgres } from "../admin/store/dialects.js";
import { headFileAt } from "../admin/store/head-file.js";
import { openSqlStore, type SqlStore } from "../admin/store/sql-store.js";
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
  readonly folder: string;
  /** Another connection, for those who meddle. */
  readonly meddle: () => Opened;
  /** The same store once more, as a second process has it. */
  readonly again: () => Promise<DeskStore>;
};

export type StoreEngine = {
  readonly fresh: () => Promise<StoreUnderTest>;
  readonly stop: () => Promise<void>;
};

export const libsqlEngine = (): StoreEngine =>
  engineOver((folder) => {
    const path = join(folder, "store.db");
    return () => openLibsql(path, true);
  });

export async function postgresEngine(): Promise<StoreEngine | { readonly why: string }> {
  const server = await startPostgres();
  if ("why" in server) return server;
  const engine = engineOver(() => {
    const url = server.freshUrl();
    return () => openPostgres(url);
  });
  return {
    fresh: engine.fresh,
    stop: async () => {
      await engine.stop();
      await server.stop();
    },
  };
}

function engineOver(place: (folder: string) => () => Opened): StoreEngine {
  const folders: string[] = [];
  const others: Opened[] = [];
  const stores: DeskStore[] = [];
  return {
    fresh: async () => {
      const folder = mkdtempSync(join(tmpdir(), "crowdbid-store-"));
      folders.push(folder);
      const open = place(folder);
      const clock = { ms: Date.UTC(2026, 10, 26) };
      const openOne = async (): Promise<SqlStore> => {
        const opened = await openSqlStore({
          open,
          key: testKey,
          head: headFileAt(join(folder, "audit.head")),
          nowMs: () => clock.ms,
          monotonicMs: () => performance.now(),
          pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          onTrouble: () => {},
        });
        if (!opened.ok) throw new Error(opened.words);
        return opened.store;
      };
      const calls = await openOne();
      const storeOf = (sqlStore: SqlStore): DeskStore => {
        const store = sqlStore.forCall(() => true);
        stores.push(store);
        return store;
      };
      return {
        ...{ store: storeOf(calls), calls, clock, folder },
        meddle: () => {
          const other = open();
          others.push(other);
          return other;
        },
        again: async () => storeOf(await openOne()),
      };
    },
    stop: async () => {
      for (const store of stores) await store.close();
      for (const { db } of others) await db.destroy();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}
