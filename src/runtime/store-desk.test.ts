import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, expect, test } from "vitest";
import type { ChangeSet, EntityChange } from "../admin/store/desk-store.js";
import { openStore, type StoreDesk } from "./store-desk.js";

const signing = generateKeyPairSync("ed25519");
const folders: string[] = [];
const stores: StoreDesk[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-store-desk-"));
  folders.push(folder);
  return folder;
}

async function opened(dataFolder: string): Promise<StoreDesk> {
  const store = await openStore({ dataFolder, url: "", signing, againMs: 100 });
  stores.push(store);
  return store;
}

const lineItem = (id: number): EntityChange => ({
  ...{ kind: "lineItem", key: `${id}`, base: null, draft: false, archived: false },
  ...{ form: { id, name: "x".repeat(100) }, agency: "1", file: "", seed: null },
});

const setOf = (changes: readonly EntityChange[]): ChangeSet => ({
  ...{ actor: { user: 0, name: "operator", from: "" }, atMs: 1, way: "page", note: "", changes },
});

/** The longest time that the event loop stood still during the work, in milliseconds. */
async function longestStallMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await work();
  clearInterval(ticks);
  return longest;
}

test("a store that another program holds is locked for writers alone, and works afterwards", async () => {
  const folder = newFolder();
  const store = await opened(folder);
  expect(store.trouble()).toBe("");
  expect(await store.commit(setOf([lineItem(1)]))).toMatchObject({ ok: true, change: 1 });
  const other = new Libsql(join(folder, "store.db"));
  other.exec("begin immediate");
  const begun = performance.now();
  const stall = await longestStallMs(async () => {
    const commit = store.commit(setOf([lineItem(2)]));
    expect(await store.load()).toMatchObject({ ok: true, value: { change: 1 } });
    expect(await commit).toMatchObject({ ok: false, code: "locked" });
  });
  expect(performance.now() - begun).toBeLessThan(2500);
  expect(stall).toBeLessThan(500);
  other.exec("rollback");
  other.close();
  expect(await store.commit(setOf([lineItem(2)]))).toMatchObject({ ok: true, change: 2 });
});
