import { readFileSync, writeFileSync } from "node:fs";
import { sql } from "kysely";
import { expect } from "vitest";
import { hashAfter } from "../admin/store/audit-chain.js";
import { lineOf } from "../admin/store/audit-log.js";
import type { DeskStore } from "../admin/store/desk-store.js";
import { got, type StorePromise, type StoreUnderTest } from "./store-engines.js";

/** What the store promises about its audit log against those who write to the database itself. */
const operator = { user: 0, name: "operator", from: "" };

const note = async (store: DeskStore, count: number, atMs = 1): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const line = { atMs, actor: operator, agency: "", action: "login_failed", what: `try ${i}` };
    got(await store.note(line));
  }
};

const change = (base: number | null) => ({
  ...({ kind: "lineItem", key: "1", base, draft: false, archived: false } as const),
  ...{ form: { id: 1, price: { cpm: "1.00" } }, agency: "1", file: "", seed: null },
});

const commit = (store: DeskStore, base: number | null) =>
  store.commit({ actor: operator, atMs: 1, way: "page", note: "", changes: [change(base)] });

const verdict = async (store: DeskStore) => got(await store.verifyAudit());

/** Meddles, looks, and puts all back. */
async function whileMeddled({ db, store }: StoreUnderTest, statements: string) {
  const before = {
    audit: await db.selectFrom("audit").selectAll().execute(),
    revisions: await db.selectFrom("revisions").selectAll().execute(),
    checkpoints: await db.selectFrom("checkpoints").selectAll().execute(),
    line_items: await db.selectFrom("line_items").selectAll().execute(),
  };
  for (const statement of statements.split("; ")) await sql.raw(statement).execute(db);
  const found = await verdict(store);
  for (const table of ["audit", "revisions", "checkpoints", "line_items"] as const) {
    await db.deleteFrom(table).execute();
    await db.insertInto(table).values(before[table]).execute();
  }
  return found;
}

const meddlings: readonly (readonly [statements: string, line: number])[] = [
  ["delete from audit where n = 3", 3],
  ["delete from audit where n = 1", 1],
  ["delete from audit where n >= 7", 7],
  ["delete from audit", 1],
  ["update audit set what = 'nothing' where n = 4", 4],
  ["update audit set at_ms = 2 where n = 8", 8],
  ["update audit set actor_user = 5 where n = 2", 2],
  ["update audit set n = -n where n in (4, 5); update audit set n = 9 + n where n < 0", 4],
  ["update revisions set after = replace(after, '1.00', '9.00') where seq = 2", 2],
  ["update revisions set before = null where seq = 2", 2],
  ["delete from revisions where seq = 1", 1],
  [
    "insert into revisions select 3, change, kind, '2', agency, 1, file, seed, null, after " +
      "from revisions where seq = 2",
    2,
  ],
  ["update checkpoints set n = 6 where n = 7", 6],
  ["update line_items set form = replace(form, '1.00', '9.00')", 0],
  ["update line_items set archived = 1", 0],
  ["update line_items set version = 1", 0],
  ["delete from line_items", 0],
];

export const auditPromises: readonly StorePromise[] = [
  [
    "what somebody does to the tables themselves is found, in the log, the history and the forms",
    async (world) => {
      const { store, clock } = world;
      await commit(store, null);
      await commit(store, 1);
      await note(store, 4);
      clock.ms += 60_000;
      await note(store, 2);
      const whole = { ok: true, lines: 8 };
      expect(await verdict(store)).toMatchObject(whole);
      for (const [statements, line] of meddlings) {
        const found = [statements, await whileMeddled(world, statements)];
        expect(found).toMatchObject([statements, { ok: false, line }]);
      }
      expect(await verdict(store)).toMatchObject(whole);
    },
  ],
  [
    "a checkpoint comes after 1,000 lines, after a minute, and stands beside the store too",
    async ({ store, calls, clock, db, headPath }) => {
      const signed = async () =>
        (await db.selectFrom("checkpoints").select("n").orderBy("n").execute()).map(({ n }) => n);
      await note(store, 2);
      expect(await signed()).toEqual([1]);
      await fill(db, 999);
      expect(await signed()).toEqual([1]);
      await note(store, 1);
      expect(await signed()).toEqual([1, 1002]);
      await note(store, 1);
      await calls.checkpoint();
      expect(await signed()).toEqual([1, 1002]);
      clock.ms += 60_000;
      await calls.checkpoint();
      await calls.checkpoint();
      expect(await signed()).toEqual([1, 1002, 1003]);
      const lines = readFileSync(headPath, "utf8").trim().split("\n");
      expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ n: 1003 }]);
      expect(await verdict(store)).toMatchObject({ ok: true, lines: 1003 });
    },
  ],
  [
    "a log that was cut and written on shows it for ever, by the file beside the store",
    async ({ store, clock, db, headPath }) => {
      await note(store, 1);
      clock.ms += 60_000;
      await note(store, 3);
      expect(await verdict(store)).toMatchObject({ ok: true, lines: 4 });
      await db.deleteFrom("audit").where("n", ">=", 2).execute();
      await db.deleteFrom("checkpoints").where("n", ">=", 2).execute();
      for (let minutes = 0; minutes < 3; minutes++) {
        clock.ms += 60_000;
        await note(store, 2, 2);
        expect(await verdict(store)).toMatchObject({ ok: false, line: 2 });
      }
      writeFileSync(headPath, "");
      expect(await verdict(store)).toMatchObject({ ok: true });
      writeFileSync(headPath, "{}\n");
      expect(await verdict(store)).toMatchObject({ ok: false, line: 0 });
    },
  ],
];

/** Appends lines as the store does, faster. */
async function fill(db: StoreUnderTest["db"], count: number): Promise<void> {
  const last = await db
    .selectFrom("audit")
    .selectAll()
    .orderBy("n", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
  let { n, hash } = last;
  const rows = Array.from({ length: count }, () => {
    n++;
    hash = hashAfter(hash, { ...lineOf(last), n });
    return { ...last, n, hash };
  });
  await db.insertInto("audit").values(rows).execute();
}
