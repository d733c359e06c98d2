import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
  // The writer waits for the lock in a thread of its own: whoever asked stands still no moment.
  expect(stall).toBeLessThan((performance.now() - begun) / 2);
  other.exec("rollback");
  other.close();
  expect(await store.commit(setOf([lineItem(2)]))).toMatchObject({ ok: true, change: 2 });
});

test("a store that was taken away is gone, says so, and works again when it is put back", async () => {
  const folder = newFolder();
  const store = await opened(folder);
  await store.commit(setOf([lineItem(1)]));
  const path = join(folder, "store.db");
  for (const end of ["", "-wal", "-shm"]) renameSync(`${path}${end}`, `${path}.away${end}`);
  const gone = { ok: false, code: "gone", words: expect.stringContaining("was taken away") };
  expect(await store.commit(setOf([lineItem(2)]))).toMatchObject(gone);
  await until(() => store.trouble() !== "");
  // Not made anew meanwhile: an empty store would be a store without users.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(existsSync(path)).toBe(false);
  expect(await store.load()).toMatchObject({ ok: false, code: "gone" });
  for (const end of ["", "-wal", "-shm"]) renameSync(`${path}.away${end}`, `${path}${end}`);
  await until(() => store.trouble() === "");
  expect(await store.load()).toMatchObject({ ok: true, value: { change: 1 } });
  expect(await store.commit(setOf([lineItem(2)]))).toMatchObject({ ok: true, change: 2 });
});

test("a store that cannot be used does not end the program: it is told in words", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "store.db"), Buffer.alloc(8192, 0x5a));
  const store = await opened(folder);
  expect(store.trouble()).toMatch(/damaged.*put a copy of store\.db in its place/);
  expect(await store.load()).toEqual({ ok: false, code: "gone", words: store.trouble() });
  const url = "postgres://nobody@127.0.0.1:9/desk";
  const unreachable = await openStore({ url, dataFolder: folder, signing });
  stores.push(unreachable);
  expect(unreachable.trouble()).toMatch(/PostgreSQL cannot be reached/);
});

test("what was said before a clean end is there after it, signed", async () => {
  const folder = newFolder();
  const first = await opened(folder);
  for (let id = 1; id <= 3; id++) await first.commit(setOf([lineItem(id)]));
  await first.close();
  expect(await first.load()).toMatchObject({ ok: false, words: "the store was closed" });
  expect(JSON.parse(readFileSync(join(folder, "audit.head"), "utf8"))).toMatchObject({ n: 3 });
  const second = await opened(folder);
  expect(await second.verifyAudit()).toMatchObject({ ok: true, value: { ok: true, lines: 3 } });
});

test("a long answer comes in parts and whole", async () => {
  const store = await opened(newFolder());
  const many = Array.from({ length: 1001 }, (_, i) => lineItem(i + 1));
  const done = await store.commit(setOf(many));
  if (!done.ok) throw new Error(done.code);
  expect(done.records.map(({ key }) => Number(key))).toEqual(many.map((_, i) => i + 1));
  const [first, second] = await Promise.all([store.load(), store.since(0)]);
  expect(first).toEqual({ ok: true, value: { records: done.records, change: 1 } });
  expect(second).toEqual(first);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
