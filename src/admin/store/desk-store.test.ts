import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { libsqlEngine, postgresEngine, type StoreEngine } from "../../testing/store-engines.js";
import type { ChangeSet, DeskStore, EntityChange, Stored } from "./desk-store.js";

const operator = { user: 0, name: "operator", from: "" };
const atMs = Date.UTC(2026, 10, 26, 12);

const lineItem = (key: number, to: Partial<EntityChange> = {}): EntityChange => ({
  ...{ kind: "lineItem", key: `${key}`, base: null, draft: false, archived: false },
  ...{ form: { id: key, name: `line item ${key}` }, agency: "1", file: "", seed: null },
  ...to,
});

const setOf = (changes: readonly EntityChange[], to: Partial<ChangeSet> = {}): ChangeSet => ({
  ...{ actor: operator, atMs, way: "page", note: "", changes },
  ...to,
});

function got<T>(stored: Stored<T>): T {
  if (!stored.ok) throw new Error(`refused: ${JSON.stringify(stored)}`);
  return stored.value;
}

async function committed(store: DeskStore, set: ChangeSet) {
  const done = await store.commit(set);
  if (!done.ok) throw new Error(`refused: ${JSON.stringify(done)}`);
  return done;
}

const engines: readonly (readonly [string, () => Promise<StoreEngine | { why: string }>])[] = [
  ["libsql", () => Promise.resolve(libsqlEngine())],
  ["PostgreSQL", postgresEngine],
];

describe.each(engines)("the store over %s", (name, start) => {
  let engine: StoreEngine | null = null;
  beforeAll(async () => {
    const started = await start();
    if ("why" in started)
      console.warn(`the store's tests over ${name} are skipped: ${started.why}`);
    else engine = started;
  });
  afterAll(async () => {
    await engine?.stop();
  });
  const promise = (
    words: string,
    body: (world: Awaited<ReturnType<StoreEngine["fresh"]>>) => Promise<void>,
  ) =>
    test(words, async (context) => {
      if (engine === null) return context.skip();
      await body(await engine.fresh());
    });

  promise("what is committed is loaded as it was, whatever its texts hold", async ({ store }) => {
    const odd = {
      id: 7,
      name: "a\0b \ud83d\ude00 \ud83d '\";--",
      nested: [1.5, null, { x: true }],
    };
    const done = await committed(
      store,
      setOf([lineItem(7, { form: odd, file: "a.yaml", seed: "d" })]),
    );
    expect(done).toMatchObject({ change: 1, repeated: false });
    const { records, change } = got(await store.load());
    expect(change).toBe(1);
    expect(records).toEqual(done.records);
    expect(records).toEqual([
      {
        ...{ kind: "lineItem", key: "7", version: 1, draft: false, archived: false, form: odd },
        ...{ agency: "1", file: "a.yaml", seed: "d" },
        ...{ createdMs: atMs, updatedMs: atMs, updatedBy: "operator" },
      },
    ]);
  });

  promise("a stale change refuses the whole set", async ({ store }) => {
    await committed(store, setOf([lineItem(1), lineItem(2)]));
    await committed(store, setOf([lineItem(1, { base: 1 })]));
    const done = await store.commit(
      setOf([lineItem(1, { base: 1 }), lineItem(2, { base: 1 }), lineItem(3, { base: 4 })]),
    );
    expect(done).toEqual({
      ...{ ok: false, code: "stale" },
      stale: [
        { kind: "lineItem", key: "1", version: 2 },
        { kind: "lineItem", key: "3", version: 0 },
      ],
    });
    const { records } = got(await store.load());
    expect(records.map(({ key, version }) => [key, version])).toEqual([
      ["1", 2],
      ["2", 1],
    ]);
    expect(got(await store.audit({ limit: 10 }))).toHaveLength(2);
  });
});
