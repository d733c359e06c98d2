import { expect } from "vitest";
import type { ChangeSet, DeskStore, EntityChange, StoredList } from "../admin/store/desk-store.js";
import { got, type StorePromise } from "./store-engines.js";

/** What the store promises about the things that are bought. */
const operator = { user: 0, name: "operator", from: "" };
const atMs = Date.UTC(2026, 10, 26, 12);
const hourMs = 3_600_000;

const lineItem = (key: number, to: Partial<EntityChange> = {}): EntityChange => ({
  ...{ kind: "lineItem", key: `${key}`, base: null, draft: false, archived: false },
  ...{ form: { id: key, name: `line item ${key}` }, agency: "1", file: "", seed: null },
  ...to,
});

const setOf = (changes: readonly EntityChange[], to: Partial<ChangeSet> = {}): ChangeSet => ({
  ...{ actor: operator, atMs, way: "page", note: "", changes },
  ...to,
});

async function committed(store: DeskStore, set: ChangeSet) {
  const done = await store.commit(set);
  if (!done.ok) throw new Error(`refused: ${JSON.stringify(done)}`);
  return done;
}

const versions = async (store: DeskStore) =>
  got(await store.load()).records.map(({ key, version }) => `${key} v${version}`);

export const entityPromises: readonly StorePromise[] = [
  [
    "what is committed is loaded as it was, whatever its texts hold",
    async ({ store }) => {
      const form = {
        id: 7,
        name: "a\0b \ud83d\ude00 \ud83d '\";--",
        nested: [1.5, null, { x: true }],
      };
      const set = setOf([lineItem(7, { form, file: "a.yaml", seed: "d" })], {
        ...{ actor: { user: 3, name: "A\0nna \ud83d", from: "::1" }, note: "\ud83d\0" },
      });
      const done = await committed(store, set);
      expect(done).toMatchObject({ change: 1, repeated: false });
      const { records, change } = got(await store.load());
      expect(change).toBe(1);
      expect(records).toEqual(done.records);
      expect(records).toEqual([
        {
          ...{ kind: "lineItem", key: "7", version: 1, draft: false, archived: false, form },
          ...{ agency: "1", file: "a.yaml", seed: "d" },
          ...{ createdMs: atMs, updatedMs: atMs, updatedBy: "A\ufffdnna \ufffd" },
        },
      ]);
      expect(got(await store.verifyAudit())).toMatchObject({ ok: true });
    },
  ],
  [
    "a stale change refuses the whole set, and tells what stands there now",
    async ({ store }) => {
      await committed(store, setOf([lineItem(1), lineItem(2)]));
      await committed(store, setOf([lineItem(1, { base: 1 })]));
      const done = await store.commit(
        setOf([lineItem(1, { base: 1 }), lineItem(2, { base: 1 }), lineItem(3, { base: 4 })]),
      );
      const stale = [
        { kind: "lineItem", key: "1", version: 2 },
        { kind: "lineItem", key: "3", version: 0 },
      ];
      expect(done).toEqual({ ok: false, code: "stale", stale });
      expect(await store.commit(setOf([lineItem(2)]))).toMatchObject({ code: "stale" });
      const twice = setOf([lineItem(2, { base: 1 }), lineItem(2, { base: 1 })]);
      expect(await store.commit(twice)).toMatchObject({ code: "stale" });
      expect(await versions(store)).toEqual(["1 v2", "2 v1"]);
      expect(got(await store.audit({ limit: 10 }))).toHaveLength(2);
    },
  ],
  [
    "of many who save the same thing at once one wins, in two processes too",
    async ({ store, again }) => {
      await committed(store, setOf([lineItem(1)]));
      const other = await again();
      const tries = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? store : other).commit(setOf([lineItem(1, { base: 1 })])),
      );
      const ends = await Promise.all(tries);
      expect(ends.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await versions(other)).toEqual(["1 v2"]);
    },
  ],
  [
    "a second process sees what the first has written since, and nothing else",
    async ({ store, again }) => {
      const other = await again();
      await committed(store, setOf([lineItem(1), lineItem(2)]));
      const { change } = got(await other.load());
      expect(got(await other.since(change))).toEqual({ records: [], change });
      const form = { id: 5, deal: "open/5" };
      const deal = { ...lineItem(5), kind: "deal", key: "open/5", form } as const;
      await committed(store, setOf([lineItem(2, { base: 1, archived: true }), deal]));
      const since = got(await other.since(change));
      expect(since.change).toBe(change + 1);
      expect(since.records.map(({ kind, key, archived }) => [kind, key, archived])).toEqual([
        ["lineItem", "2", true],
        ["deal", "open/5", false],
      ]);
    },
  ],
  [
    "a number is given out once, above all that came from files",
    async ({ store, again }) => {
      const other = await again();
      await committed(store, setOf([lineItem(40)]));
      const both = await Promise.all([store.newIds("lineItem", 3), other.newIds("lineItem", 3)]);
      const given = both.flatMap(got).toSorted((a, b) => a - b);
      expect(given).toEqual([41, 42, 43, 44, 45, 46]);
      expect(got(await store.newIds("campaign", 2))).toEqual([1, 2]);
    },
  ],
  [
    "the same change again is answered and not done, for a day",
    async ({ store }) => {
      const idempotency = { key: "user 1 post-1", digest: "d1" };
      const first = await committed(store, setOf([lineItem(1)], { idempotency }));
      await committed(store, setOf([lineItem(1, { base: 1, file: "later.yaml" })]));
      const again = setOf([lineItem(1)], { idempotency, atMs: atMs + 23 * hourMs });
      expect(await committed(store, again)).toEqual({ ...first, repeated: true });
      const other = { ...again, idempotency: { ...idempotency, digest: "d2" } };
      expect(await store.commit(other)).toEqual({ ok: false, code: "key_reused" });
      const late = setOf([lineItem(2)], { idempotency, atMs: atMs + 24 * hourMs });
      expect(await committed(store, late)).toMatchObject({ repeated: false });
    },
  ],
  [
    "the history has every before and after, newest first, by page and by whose it is",
    async ({ store }) => {
      const anna = { user: 3, name: "Anna", from: "192.0.2.1" };
      await committed(store, setOf([lineItem(1), lineItem(2, { agency: "2", draft: true })]));
      const form = { id: 1, name: "renamed" };
      const way = "bulk";
      const change = [lineItem(1, { base: 1, form, archived: true })];
      await committed(store, setOf(change, { actor: anna, way, note: "out", atMs: atMs + 1 }));
      const all = got(await store.revisions({ limit: 10 }));
      expect(all.map(({ seq, key }) => [seq, key])).toEqual([
        [3, "1"],
        [2, "2"],
        [1, "1"],
      ]);
      expect(all[0]).toEqual({
        ...{ seq: 3, change: 2, atMs: atMs + 1, actor: anna, way, note: "out" },
        ...{ kind: "lineItem", key: "1", agency: "1", version: 2 },
        before: { draft: false, archived: false, form: { id: 1, name: "line item 1" } },
        after: { draft: false, archived: true, form },
      });
      expect(all[1]).toMatchObject({ before: null, after: { draft: true } });
      const seqs = async (query: Partial<Parameters<DeskStore["revisions"]>[0]>) =>
        got(await store.revisions({ limit: 10, ...query })).map(({ seq }) => seq);
      expect(await seqs({ agency: "1" })).toEqual([3, 1]);
      expect(await seqs({ kind: "lineItem", key: "2" })).toEqual([2]);
      expect(await seqs({ kind: "lineItem", keys: ["2", "1"] })).toEqual([3, 2, 1]);
      expect(await seqs({ kind: "lineItem", keys: ["3", "2"], before: 3 })).toEqual([2]);
      expect(await seqs({ kind: "deal" })).toEqual([]);
      expect(await seqs({ change: 1 })).toEqual([2, 1]);
      expect(await seqs({ user: 3 })).toEqual([3]);
      expect(await seqs({ before: 3, limit: 1 })).toEqual([2]);
    },
  ],
  [
    "sets are larger than what one statement may bring",
    async ({ store }) => {
      const many = Array.from({ length: 650 }, (_, i) => lineItem(i + 1));
      await committed(store, setOf(many));
      const next = many.map((one) => ({ ...one, base: 1 }));
      expect((await committed(store, setOf(next))).records).toHaveLength(650);
      const { records } = got(await store.load());
      expect(records.map(({ key }) => Number(key))).toEqual(many.map((_, i) => i + 1));
      expect(records.every(({ version }) => version === 2)).toBe(true);
    },
  ],
  [
    "files and lists are kept by name, put anew and taken away",
    async ({ store }) => {
      await store.putFiles(
        new Map([
          ["a.yaml", "a: 1\n"],
          ["b.yaml", "b"],
        ]),
      );
      await store.putFiles(
        new Map([
          ["a.yaml", "a: 2\n"],
          ["b.yaml", null],
        ]),
      );
      expect(got(await store.files())).toEqual(new Map([["a.yaml", "a: 2\n"]]));
      const list: StoredList = {
        ...{ agency: "1", name: "crm", id: "l1", kind: "email", state: "taken in" },
        ...{ reason: "", rows: 5, unusable: 1, atMs, by: "Anna", segment: "" },
      };
      await store.putList(list, operator);
      await store.putList({ ...list, agency: "2" }, operator);
      const ready: StoredList = { ...list, state: "in the bank", segment: "list-crm" };
      await store.putList(ready, operator);
      expect(got(await store.lists("1"))).toEqual([ready]);
      expect(got(await store.lists())).toHaveLength(2);
      expect(got(await store.dropList("1", "crm", operator, atMs))).toBe(true);
      expect(got(await store.dropList("1", "crm", operator, atMs))).toBe(false);
      expect(got(await store.lists("1"))).toEqual([]);
    },
  ],
  [
    "while another program writes, writers are told so and readers are not disturbed",
    async ({ store, hold }) => {
      await committed(store, setOf([lineItem(1)]));
      const release = await hold();
      const commit = store.commit(setOf([lineItem(1, { base: 1 })]));
      expect(await versions(store)).toEqual(["1 v1"]);
      expect(await commit).toMatchObject({ ok: false, code: "locked" });
      await release();
      expect(await versions(store)).toEqual(["1 v1"]);
      await committed(store, setOf([lineItem(1, { base: 1 })]));
    },
  ],
  [
    "nothing is done for a caller who has given up",
    async ({ store, calls }) => {
      const done = await calls.forCall(() => false).commit(setOf([lineItem(1)]));
      expect(done).toEqual({ ok: false, code: "locked" });
      expect(got(await store.load())).toEqual({ records: [], change: 0 });
      expect(got(await store.audit({ limit: 1 }))).toEqual([]);
    },
  ],
];
