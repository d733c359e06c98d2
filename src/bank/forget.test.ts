import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordBatch, testBank } from "../testing/bare-bank.js";
import type { Bank } from "./bank.js";
import { sqlParquet, sqlText } from "./duck.js";
import { type ForgetShell, finishForgets, forgottenIn } from "./forget.js";
import { findForgotten } from "./forget-find.js";
import { pendingForgets, readIntent } from "./forget-intent.js";
import { takeForget } from "./forget-take.js";
import { forgettableKinds } from "./forget-words.js";
import { identifierKeyOf, kindNumbers } from "./identifier-functions.js";
import { personOf } from "./identity/person-of.js";
import { removeKeys } from "./ingest/rewrite.js";
import { parquetFilesBelow } from "./rewrite.js";

const parts = { removeKeys, personOf };

let root = "";
let bank: Bank;
let shell: ForgetShell;
/** What the shell was told, in order. */
let calls: string[] = [];
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "crowdbid-forget-"));
  bank = await testBank(root);
  calls = [];
  shell = {
    suppress: async (ordinals) => void calls.push(`suppress ${ordinals.join(" ")}`),
    scrub: async () => {
      calls.push("scrub");
      return { epochs: 1, refused: [] };
    },
  };
  await smallPeople();
});
afterEach(() => {
  bank.duck.close();
  rmSync(root, { recursive: true });
});

const account = (name: string): bigint =>
  identifierKeyOf(kindNumbers.account, 0, name, bank.keys.identifier)!;
const key = (name: string): string => String(account(name));

async function table(path: string, columns: string, rows: readonly string[]): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const values = rows.length === 0 ? "" : `SELECT * FROM (VALUES ${rows.join(", ")})`;
  await bank.duck.run(`CREATE OR REPLACE TEMP TABLE t (${columns});
    ${values === "" ? "" : `INSERT INTO t ${values};`}
    COPY t TO ${sqlText(path)} (FORMAT parquet)`);
}

/**
 * Accounts a b c are person 5 (b bridges a and c), d e person 6, f person 7 with the inferred link
 * e-f; in the older epoch c was person 9 of its own. Person 4 was merged into 5 long ago.
 */
async function smallPeople(): Promise<void> {
  const { folders } = bank;
  const identifiers = "key UBIGINT, namespace UTINYINT, ordinal UINTEGER, first UINTEGER";
  const rowsOf = (people: Record<string, number>): string[] =>
    Object.entries(people)
      .sort(([a], [b]) => (account(a) < account(b) ? -1 : 1))
      .map(([name, ordinal]) => `(${key(name)}, 32, ${ordinal}, 1)`);
  const people = { a: 5, b: 5, c: 5, d: 6, e: 6, f: 7, x: 8 };
  for (const [epoch, known] of [[1, { a: 5, b: 5, c: 9, d: 6 }] as const, [2, people] as const]) {
    const folder = folders.peopleOf(epoch);
    const at = (name: string): string => join(folder, name);
    await table(at("identifiers.parquet"), identifiers, rowsOf(known));
    const ordinals = [...new Set(Object.values(known))].sort((a, b) => a - b);
    const columns = "ordinal UINTEGER, market VARCHAR, area UINTEGER, purposes UTINYINT";
    await table(
      at("persons.parquet"),
      columns,
      ordinals.map((n) => `(${n}, 'US', 1, 3)`),
    );
    const link = `(${key("e")}, ${key("f")}, 5, 1)`;
    const proposal = "a UBIGINT, b UBIGINT, mm UTINYINT, events UINTEGER";
    await table(at("proposals.parquet"), proposal, epoch === 2 ? [link] : []);
    const retired = 'ordinal UINTEGER, day VARCHAR, "into" UINTEGER';
    await table(at("retired.parquet"), retired, ["(4, '2026-01-01', 5)", "(3, '2026-01-01', 0)"]);
    const persons = ordinals.length;
    const counts = { epoch, nextOrdinal: 10, persons, identifiers: Object.keys(known).length };
    writeFileSync(at("people.json"), JSON.stringify({ ...counts, day: "2026-11-25" }));
  }
  const batch = join(folders.batchesOf("commerce"), "0123456789abcdef");
  recordBatch(batch);
  const names = ["a", "b", "c", "d", "e", "f", "x"];
  await table(
    join(batch, "events.parquet"),
    "event UBIGINT, seconds UINTEGER, who UBIGINT",
    names.map((name, i) => `(${i}, 7, ${key(name)})`),
  );
  const edges = [
    ["a", "b"],
    ["b", "c"],
    ["d", "e"],
  ].map(([a, b]) => [key(a!), key(b!)]);
  await table(
    join(batch, "edges.parquet"),
    "a UBIGINT, b UBIGINT, mm UTINYINT",
    edges.map(([a, b]) => `(${a}, ${b}, 3)`),
  );
  await table(
    join(batch, "identifiers.parquet"),
    "key UBIGINT, events UINTEGER",
    names.map((name) => `(${key(name)}, 1)`),
  );
  await table(
    folders.aiplOf("2026-11-25"),
    "ordinal UINTEGER, advertiser UINTEGER, stage UTINYINT",
    [4, 5, 6, 7, 8].map((n) => `(${n}, 11, 2)`),
  );
  await table(join(folders.listOf(1, "vip"), "keys.parquet"), "key UBIGINT", [
    `(${key("b")})`,
    `(${key("d")})`,
  ]);
}

let nextId = 0;
function take(names: readonly string[], only = false): string {
  const identifiers = names.map((value) => ({ kind: "account" as const, scope: 0, value }));
  const id = `request-${++nextId}`;
  const taken = takeForget(bank.folders, bank.keys.identifier, { identifiers, only }, id);
  if (!taken.ok) throw new Error("unusable");
  return id;
}

async function forget(names: readonly string[], only = false) {
  const id = take(names, only);
  await findForgotten(bank, readIntent(bank.folders, id)!, parts, shell.suppress);
  return finishForgets(bank, parts, shell);
}

/** Which of the accounts still stand in any column of any file, as a key or a suppression hash. */
async function left(name: string, column = "key"): Promise<string[]> {
  const paths = parquetFilesBelow(root).filter((path) => path.endsWith(`/${name}.parquet`));
  const rows = await bank.duck.rows<{ value: string }>(
    `SELECT DISTINCT ${column} AS value FROM ${sqlParquet(paths)}`,
  );
  const names = new Map([..."abcdefx"].map((letter) => [key(letter), letter]));
  return rows.map(({ value }) => names.get(String(value)) ?? String(value)).sort();
}

test("the whole person goes: every identifier, row, stage, list key and earlier ordinal", async () => {
  const result = await forget(["a"]);
  expect(result).toMatchObject({ snapshots: 1, refused: [] });
  for (const name of ["identifiers", "events"]) {
    expect(await left(name, name === "events" ? "who" : "key")).toEqual([..."defx"]);
  }
  expect(await left("edges", "a")).not.toContain("b");
  expect(await left("keys")).toEqual(["d"]);
  expect(await left("persons", "ordinal")).toEqual(["6", "7", "8"]);
  expect(await left("2026-11-25", "ordinal")).toEqual(["6", "7", "8"]);
  // The asked one's people at once, then the rest: 9 was c's in the older epoch, 4 was 5's.
  expect(calls).toEqual(["suppress 5", "suppress 4 9", "scrub"]);
  expect(pendingForgets(bank.folders)).toEqual([]);
  const json = readFileSync(join(bank.folders.peopleOf(2), "people.json"), "utf8");
  expect(JSON.parse(json)).toMatchObject({ persons: 3, identifiers: 4, nextOrdinal: 10 });
});

test("ordinals of the forgotten are retired today and nobody follows into them", async () => {
  await forget(["a"]);
  const path = join(bank.folders.peopleOf(2), "retired.parquet");
  const rows = await bank.duck.rows(`SELECT * FROM ${sqlParquet([path])} ORDER BY ordinal`);
  expect(rows).toEqual([
    { ordinal: 3, day: "2026-01-01", into: 0 },
    ...[4, 5, 9].map((ordinal) => ({ ordinal, day: "2026-11-26", into: 0 })),
  ]);
});

test("an inferred neighbour's identifier goes too; its person stays until the next build", async () => {
  await forget(["d"]);
  expect(await left("events", "who")).toEqual([..."abcx"]);
  expect(calls).toEqual(["suppress 6", "suppress 7", "scrub"]);
  // Person 7 had nothing but that identifier.
  expect(await left("persons", "ordinal")).toEqual(["5", "8", "9"]);
  expect(await left("2026-11-25", "ordinal")).toEqual(["4", "5", "8"]);
});

test("one identifier alone: its person keeps the others, which nothing links any more", async () => {
  await forget(["b"], true);
  expect(await left("events", "who")).toEqual([..."acdefx"]);
  expect(await left("persons", "ordinal")).toContain("5");
  expect(await left("2026-11-25", "ordinal")).toContain("5");
  expect(calls).toEqual(["suppress 5", "scrub"]);
  // A naive identity over the edges that are left: a and c are two people now.
  const a = await left("edges", "a");
  const b = await left("edges", "b");
  expect([...a, ...b].sort()).toEqual(["d", "e"]);
});

test("re-ingest is refused by hashes alone, and forgetting twice changes nothing", async () => {
  await forget(["a"]);
  const suppressed = (name: string) =>
    bank.duck.number(`SELECT count(*) FROM ${sqlParquet([bank.folders.suppressed])}
      WHERE hash = suppression_hash(${key(name)}::UBIGINT)`);
  expect(await Promise.all([..."abcx"].map(suppressed))).toEqual([1, 1, 1, 0]);
  const bytes = readFileSync(bank.folders.suppressed);
  await forget(["a", "b"]);
  expect(readFileSync(bank.folders.suppressed).equals(bytes)).toBe(true);
  expect(await left("suppressed", "hash")).toHaveLength(3);
});

test("strangers are suppressed as well, and the result is the same as for the known", async () => {
  const stranger = await forget(["nobody"]);
  expect(calls).toEqual(["scrub"]);
  expect(await left("suppressed", "hash")).toHaveLength(1);
  const known = await forget(["x"]);
  expect({ ...known, done: [] }).toEqual({ ...stranger, done: [] });
});

test("a run that is killed at any step is finished by the next one, whatever was done", async () => {
  const steps = ["suppress", "after rows", "scrub"];
  for (const step of steps) {
    rmSync(bank.folders.root, { recursive: true });
    await smallPeople();
    const id = take(["a"]);
    const dies = (where: string): void => {
      if (where === step) throw new Error("killed");
    };
    const dying = finishForgets(
      bank,
      {
        personOf,
        removeKeys: async (...given) => {
          const done = await removeKeys(...given);
          dies("after rows");
          return done;
        },
      },
      {
        suppress: async () => dies("suppress"),
        scrub: async () => {
          dies("scrub");
          return { epochs: 0, refused: [] };
        },
      },
    );
    await expect(dying, step).rejects.toThrow("killed");
    expect(pendingForgets(bank.folders)).toEqual([id]);
    expect((await finishForgets(bank, parts, shell))?.done).toEqual([id]);
    expect(await left("events", "who"), step).toEqual([..."defx"]);
    expect(await left("persons", "ordinal"), step).toEqual(["6", "7", "8"]);
    expect(await left("suppressed", "hash"), step).toHaveLength(3);
    expect(pendingForgets(bank.folders)).toEqual([]);
  }
});

test("a snapshot that cannot be rewritten keeps the wish pending, with its rows gone", async () => {
  shell = { ...shell, scrub: async () => ({ epochs: 2, refused: ["epoch 1 is damaged"] }) };
  expect(await forget(["a"])).toMatchObject({ done: [], refused: ["epoch 1 is damaged"] });
  expect(await left("events", "who")).toEqual([..."defx"]);
  expect(pendingForgets(bank.folders)).toHaveLength(1);
  // The ordinals are in the log already and are not named again, though the keys are gone.
  calls = [];
  await finishForgets(bank, parts, shell);
  expect(calls).toEqual([]);
});

test("a build learns whom to suppress in the people that it is about to publish", async () => {
  take(["c"]);
  expect(await forgottenIn(bank, 2)).toEqual([5]);
  expect(await forgottenIn(bank, 1)).toEqual([9]);
  expect(await forgottenIn(bank, 3)).toEqual([]);
});

test("the intent holds no identifier, a build that was killed begins again", async () => {
  const id = take(["marked-account-of-someone"]);
  const text = readFileSync(join(bank.folders.root, `forget-${id}.json`), "utf8");
  expect(text).not.toContain("marked");
  mkdirSync(bank.folders.writing, { recursive: true });
  writeFileSync(join(bank.folders.writing, "half"), "");
  writeFileSync(bank.folders.build, "{}");
  await finishForgets(bank, parts, shell);
  expect(existsSync(bank.folders.build) || existsSync(bank.folders.writing)).toBe(false);
  expect(readdirSync(bank.folders.root).filter((name) => name.startsWith("forget"))).toEqual([]);
});

test("an advertising id takes its hashed forms along; ordinals and junk are no wish", () => {
  const ifa = "0a949e8a-9624-4b45-8bd5-4e6294c4dbf4";
  const asked = (kind: "idfa" | "person" | "email", value: string) => {
    const request = { identifiers: [{ kind, scope: 0, value }], only: false };
    return takeForget(bank.folders, bank.keys.identifier, request, `hashed-${++nextId}`);
  };
  const taken = asked("idfa", ifa);
  expect(taken.ok && taken.intent.asked).toHaveLength(5);
  const sha1 = "95736b3eaa7a0c5e6bb6dbb0f2b0ff4d0a0f2c11";
  expect(asked("person", "7")).toEqual({ ok: false, unusable: [0] });
  expect(asked("email", sha1)).toEqual({ ok: false, unusable: [0] });
  expect(forgettableKinds).not.toContain("person");
});
