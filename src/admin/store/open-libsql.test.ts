import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testKey } from "../../testing/store-engines.js";
import { headFileAt } from "./head-file.js";
import { openLibsql } from "./open-libsql.js";
import { openSqlStore } from "./sql-store.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crowdbid-open-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (path: string, mayMake = true) =>
  openSqlStore({
    open: () => openLibsql(path, mayMake),
    key: testKey,
    head: headFileAt(join(folder, "audit.head")),
    nowMs: () => 1,
    monotonicMs: () => performance.now(),
    pause: () => Promise.resolve(),
    onTrouble: () => {},
  });

/** Opens it, commits so many things, and closes it. */
async function fill(path: string, count: number): Promise<void> {
  const opened = await open(path);
  if (!opened.ok) throw new Error(opened.words);
  const store = opened.store.forCall(() => true);
  const changes = Array.from({ length: count }, (_, i) => ({
    ...{ kind: "deal" as const, key: `open/${i}`, base: null, draft: false, archived: false },
    ...{ form: { name: "x".repeat(200) }, agency: "1", file: "", seed: null },
  }));
  const actor = { user: 0, name: "operator", from: "" };
  await store.commit({ actor, atMs: 1, way: "page", note: "", changes });
  await store.close();
}

test("a damaged file is refused in words, and left as it is", async () => {
  const path = join(folder, "store.db");
  await fill(path, 300);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const whole = readFileSync(path);
  const torn = Buffer.from(whole).fill(0x5a, 4096 * 10, 4096 * 12);
  for (const bytes of [torn, Buffer.alloc(8192, 0x5a), whole.subarray(0, 4096 * 5)]) {
    writeFileSync(path, bytes);
    const words = expect.stringMatching(/damaged.*put a copy of store\.db in its place/);
    expect(await open(path)).toMatchObject({ ok: false, code: "gone", words });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  }
  writeFileSync(path, whole);
  expect(await open(path)).toMatchObject({ ok: true });
});

test("a store of a newer version is refused, and opens in no other way", async () => {
  const path = join(folder, "store.db");
  await fill(path, 1);
  const other = new Libsql(path);
  other.exec("insert into kysely_migration values ('2031-01-01 later', '2031')");
  other.close();
  const words = expect.stringMatching(/newer version \("2031-01-01 later"\)/);
  expect(await open(path)).toMatchObject({ ok: false, code: "gone", words });
});

test("a place where no file can be is refused in words", async () => {
  const words = expect.stringContaining("cannot be read or written");
  const places = [join(folder, "missing", "store.db"), folder, "/proc/store.db"];
  for (const path of places) {
    expect(await open(path)).toMatchObject({ ok: false, code: "gone", words });
  }
  expect(await open(join(folder, "store.db"), false)).toMatchObject({ ok: false, words });
});
