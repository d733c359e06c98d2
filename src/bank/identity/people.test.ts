import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Namespace } from "../../base/identifier.js";
import type { UnixMs } from "../../base/units.js";
import {
  type Batch,
  type BatchRow,
  openTestBank,
  smallBankConfig,
  writeBatches,
} from "../../testing/bank-batches.js";
import { type Bank, BankError, dayStartSec } from "../bank.js";
import { sqlParquet } from "../duck.js";
import { bankFolders } from "../folders.js";
import { identifierKeyOf, kindNumbers } from "../identifier-functions.js";
import { resolvePeople } from "./people.js";
import { dropPeopleBefore, newestPeopleEpoch } from "./people-folders.js";
import { personOf } from "./person-of.js";

const { ACCOUNT, EMAIL_SHA256, IDFA } = Namespace;
const root = mkdtempSync(join(tmpdir(), "crowdbid-people-"));
const shared = await openTestBank(join(root, "shared"));
afterAll(() => {
  shared.duck.close();
  rmSync(root, { recursive: true });
});

let bank: Bank;
let banks = 0;
/** An empty bank of its own on the one DuckDB. */
function emptyBank(over: Partial<Bank> = {}): Bank {
  return { ...shared, folders: bankFolders(join(root, `bank-${banks++}`)), ...over };
}
beforeEach(() => {
  bank = emptyBank();
});

const account = (n: number) => [BigInt(1000 + n), ACCOUNT] as const;
const email = (n: number) => [BigInt(2000 + n), EMAIL_SHA256] as const;
const ifa = (n: number) => [BigInt(3000 + n), IDFA] as const;
type Identifier = readonly [bigint, number];
const seen = (seconds: number, ...keys: readonly Identifier[]): BatchRow => ({ seconds, keys });
const linked = (seconds: number, one: Identifier, other: Identifier, mm = 3): BatchRow => ({
  ...seen(seconds, one, other),
  links: [[one[0], other[0], mm]],
});
const commerce = (...rows: readonly BatchRow[]): Batch => ({ touchpoint: "commerce", rows });

type Person = { ordinal: number; market: string | null; area: number; purposes: number };
const persons = (epoch: number) =>
  bank.duck.rows<Person>(
    `SELECT * EXCLUDE (counts) FROM ${sqlParquet([join(bank.folders.peopleOf(epoch), "persons.parquet")])}`,
  );
async function ordinals(epoch: number): Promise<Record<string, number>> {
  const file = sqlParquet([join(bank.folders.peopleOf(epoch), "identifiers.parquet")]);
  const rows = await bank.duck.rows<{ key: string; ordinal: number }>(`FROM ${file}`);
  expect(rows.map(({ key }) => Number(key))).toEqual(
    rows.map(({ key }) => Number(key)).sort((a, b) => a - b),
  );
  return Object.fromEntries(rows.map(({ key, ordinal }) => [key, ordinal]));
}
const retired = (epoch: number) =>
  bank.duck.rows(`FROM ${sqlParquet([join(bank.folders.peopleOf(epoch), "retired.parquet")])}`);
const factsOf = (epoch: number) =>
  JSON.parse(readFileSync(join(bank.folders.peopleOf(epoch), "people.json"), "utf8"));
const digests = (of: Bank, epoch: number): string[] => {
  const folder = of.folders.peopleOf(epoch);
  return readdirSync(folder).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return `${name} ${createHash("sha256").update(bytes).digest("hex")}`;
  });
};
const later = (of: Bank, days: number): Bank => {
  const nowMs = (of.nowMs + days * 86_400_000) as UnixMs;
  return { ...of, nowMs, asOfSec: dayStartSec(nowMs) };
};

test("an empty bank has no people and says so in whole files", async () => {
  const found = await resolvePeople(bank, 1);
  expect(found.persons).toBe(0);
  expect(await persons(1)).toEqual([]);
  expect(factsOf(1)).toEqual({
    ...{ epoch: 1, nextOrdinal: 1, persons: 0, identifiers: 0, day: "2026-11-26" },
  });
  expect(readdirSync(bank.folders.writing)).toEqual([]);
});

test("authenticated links merge across batches, inferred ones are proposals between persons", async () => {
  await writeBatches(bank, [
    commerce(linked(10, account(1), ifa(1)), linked(20, ifa(1), ifa(2), 5)),
    commerce(linked(30, account(1), email(1)), linked(40, ifa(1), ifa(2), 5)),
    commerce(linked(50, account(1), ifa(1), 5)),
  ]);
  const found = await resolvePeople(bank, 1);
  expect(await ordinals(1)).toEqual({ 1001: 1, 2001: 1, 3001: 1, 3002: 2 });
  expect(found).toMatchObject({ persons: 2, identifiers: 4, merged: 2, proposals: 1 });
  const file = sqlParquet([join(bank.folders.peopleOf(1), "proposals.parquet")]);
  expect(await bank.duck.rows(`FROM ${file}`)).toEqual([
    { a: "3001", b: "3002", mm: 5, events: 2 },
  ]);
});

test("a stop-listed identifier joins nobody and is nobody", async () => {
  const value = "Test@Example.com";
  const key = identifierKeyOf(kindNumbers.email, 0, value, bank.keys.identifier)!;
  const identity = { ...smallBankConfig.identity, stopList: [{ kind: "email", value }] as const };
  bank = emptyBank({ config: { ...smallBankConfig, identity } });
  const desk: Identifier = [key, EMAIL_SHA256];
  await writeBatches(bank, [commerce(linked(1, desk, ifa(1)), linked(1, desk, ifa(2)))]);
  const found = await resolvePeople(bank, 1);
  expect(found.refused.stop_list).toBe(2);
  expect(await ordinals(1)).toEqual({ 3001: 1, 3002: 2 });
  const audit = readFileSync(join(bank.folders.peopleOf(1), "audit.ndjson"), "utf8");
  expect(audit).toBe('{"rule":"stop_list","identifiers":1,"times":1}\n');
});

test("a stop list with what is no identifier is refused without showing it", async () => {
  const stopList = [{ kind: "email", value: "no address" }] as const;
  const identity = { ...smallBankConfig.identity, stopList };
  const refused = resolvePeople({ ...bank, config: { ...smallBankConfig, identity } }, 1);
  await expect(refused).rejects.toThrow(/identity.stopList\[0\] is no usable identifier/);
  await expect(refused).rejects.not.toThrow(/no address/);
});

test("a bridge that goes splits the person; the part with the oldest identifier stays", async () => {
  const [bridge] = await writeBatches(bank, [commerce(linked(90, ifa(1), email(1)))]);
  await writeBatches(bank, [
    commerce(linked(10, account(1), ifa(1)), linked(5, email(1), ifa(2)), seen(7, account(2))),
  ]);
  await resolvePeople(bank, 1);
  expect(await ordinals(1)).toEqual({ 1001: 1, 1002: 2, 2001: 1, 3001: 1, 3002: 1 });
  rmSync(bridge!, { recursive: true });
  const split = await resolvePeople(bank, 2);
  expect(split.ordinals).toEqual({ new: 0, kept: 2, merged: 0, split: 1, gone: 0 });
  expect(await ordinals(2)).toEqual({ 1001: 3, 1002: 2, 2001: 1, 3001: 3, 3002: 1 });
  await writeBatches(bank, [commerce(linked(95, ifa(1), email(1)))]);
  await resolvePeople(bank, 3);
  expect(await ordinals(3)).toEqual(await ordinals(1));
  expect(await retired(3)).toEqual([{ ordinal: 3, day: "2026-11-26", into: 1 }]);
});

test("what was first seen is remembered when the row that showed it has left", async () => {
  const [old] = await writeBatches(bank, [commerce(seen(5, ifa(2)))]);
  const [link] = await writeBatches(bank, [commerce(linked(50, ifa(1), ifa(2)), seen(9, ifa(1)))]);
  await resolvePeople(bank, 1);
  rmSync(old!, { recursive: true });
  await resolvePeople(bank, 2);
  rmSync(link!, { recursive: true });
  await writeBatches(bank, [commerce(seen(60, ifa(1)), seen(60, ifa(2)))]);
  await resolvePeople(bank, 3);
  expect(await ordinals(3)).toEqual({ 3001: 2, 3002: 1 });
});

test("an ordinal comes back after 90 days, through epochs that carry it on", async () => {
  const [one] = await writeBatches(bank, [commerce(seen(5, ifa(1)))]);
  await writeBatches(bank, [commerce(seen(5, ifa(2)))]);
  await resolvePeople(bank, 1);
  rmSync(one!, { recursive: true });
  await resolvePeople(bank, 2);
  expect(await retired(2)).toEqual([{ ordinal: 1, day: "2026-11-26", into: 0 }]);
  await writeBatches(bank, [commerce(seen(6, ifa(3)))]);
  await resolvePeople(later(bank, 90), 3);
  expect(await ordinals(3)).toEqual({ 3002: 2, 3003: 3 });
  expect(await retired(3)).toEqual([{ ordinal: 1, day: "2026-11-26", into: 0 }]);
  await writeBatches(bank, [commerce(seen(6, ifa(4)))]);
  await resolvePeople(later(bank, 91), 4);
  expect(await ordinals(4)).toEqual({ 3002: 2, 3003: 3, 3004: 1 });
  expect(await retired(4)).toEqual([]);
  expect(factsOf(4).nextOrdinal).toBe(4);
});

test("an epoch that is built again goes on from the one before it, not from itself", async () => {
  await writeBatches(bank, [commerce(seen(5, ifa(2)))]);
  await resolvePeople(bank, 1);
  await writeBatches(bank, [commerce(seen(5, ifa(1)))]);
  await resolvePeople(bank, 2);
  const before = digests(bank, 2);
  await resolvePeople(bank, 2);
  expect(digests(bank, 2)).toEqual(before);
  expect(readdirSync(bank.folders.people)).toEqual(["epoch-1", "epoch-2"]);
});

const said = (
  who: Identifier,
  seconds: number,
  behaviour: string,
  source: string,
  category = "advertising",
  market = "EU",
): BatchRow => ({ ...seen(seconds, who), behaviour, source, category, market });

test("consent is the person's, by purpose; a withdrawal reaches whoever is proposed to it", async () => {
  await writeBatches(bank, [
    commerce(linked(1, account(1), ifa(1)), seen(1, ifa(2), ifa(3), ifa(4), ifa(5))),
    commerce(linked(1, ifa(1), ifa(2), 5), linked(1, ifa(2), ifa(3), 5)),
    {
      touchpoint: "consent",
      rows: [
        // 1: its account grants advertising, then its device withdraws and grants again.
        ...[said(account(1), 10, "granted", "account"), said(ifa(1), 20, "withdrawn", "device")],
        said(ifa(1), 30, "granted", "device"),
        // 2: granted before the withdrawal of its neighbour 1; measurement stays.
        ...[
          said(ifa(2), 15, "granted", "device"),
          said(ifa(2), 15, "granted", "device", "measurement"),
        ],
        // 3: two steps from 1.
        said(ifa(3), 15, "granted", "device"),
        // 4: US, where only a withdrawal counts.
        said(ifa(4), 15, "withdrawn", "device", "measurement", "US"),
      ],
    },
  ]);
  await resolvePeople(bank, 1);
  expect(await ordinals(1)).toEqual({ 1001: 1, 3001: 1, 3002: 2, 3003: 3, 3004: 4, 3005: 5 });
  expect(await persons(1)).toEqual([
    { ordinal: 1, market: "EU", area: 0, purposes: 0b01 },
    { ordinal: 2, market: "EU", area: 0, purposes: 0b10 },
    { ordinal: 3, market: "EU", area: 0, purposes: 0b01 },
    { ordinal: 4, market: "US", area: 0, purposes: 0b01 },
    { ordinal: 5, market: null, area: 0, purposes: 0b00 },
  ]);
});

test("home is the most frequent area of rows that tell it; a small area tells the market alone", async () => {
  const at = (who: Identifier, area: string, market = "US"): BatchRow => ({
    ...{ seconds: 1, keys: [who], area, market },
  });
  await writeBatches(bank, [
    {
      touchpoint: "map",
      rows: [at(ifa(1), "US-NY"), at(account(1), "US-NY"), at(ifa(1), "EU-FR")],
    },
    { touchpoint: "map", rows: [at(ifa(2), "US-NY"), at(ifa(2), "US-CA"), at(ifa(3), "US-XX")] },
    { touchpoint: "map", rows: [at(ifa(4), "nowhere")] },
    commerce(linked(1, account(1), ifa(1)), ...Array(5).fill(at(ifa(1), "US-CA"))),
    { touchpoint: "consent", rows: [said(ifa(2), 1, "granted", "device")] },
  ]);
  await resolvePeople(bank, 1);
  expect((await persons(1)).map(({ market, area }) => [market, area])).toEqual([
    ...[
      ["US", 3],
      ["US", 2],
    ],
    ...[
      ["US", 0],
      [null, 0],
    ],
  ]);
});

test("who a key belongs to comes with all identifiers and those directly proposed to them", async () => {
  await writeBatches(bank, [
    commerce(linked(1, account(1), ifa(1)), linked(1, ifa(1), ifa(2), 5)),
    commerce(linked(1, ifa(2), ifa(3), 5), linked(1, ifa(2), account(2))),
  ]);
  await resolvePeople(bank, 1);
  expect(await personOf(bank, [account(1)[0]], 1)).toEqual({
    ...{ ordinals: [1], keys: [1001n, 3001n], neighbours: [3002n] },
  });
  expect(await personOf(bank, [77n, 3003n, 3001n], 1)).toEqual({
    ...{ ordinals: [1, 3], keys: [1001n, 3001n, 3003n], neighbours: [3002n] },
  });
  expect(await personOf(bank, [77n], 1)).toEqual({ ordinals: [], keys: [], neighbours: [] });
});

test("people of epochs without a snapshot are dropped, the newest never", async () => {
  expect(newestPeopleEpoch(bank.folders)).toBe(0);
  for (const epoch of [1, 2, 3, 10]) await resolvePeople(bank, epoch);
  expect(newestPeopleEpoch(bank.folders)).toBe(10);
  expect(dropPeopleBefore(bank.folders, [2])).toEqual([1, 3]);
  expect(readdirSync(bank.folders.people).sort()).toEqual(["epoch-10", "epoch-2"]);
});

test("half a batch is named with what to do, and nothing is published", async () => {
  const [folder] = await writeBatches(bank, [commerce(linked(1, ifa(1), ifa(2)))]);
  await resolvePeople(bank, 1);
  const before = digests(bank, 1);
  for (const name of ["edges.parquet", "identifiers.parquet"]) {
    truncateSync(join(folder!, name), 40);
    const failed = resolvePeople(bank, 1);
    await expect(failed).rejects.toThrow(BankError);
    await expect(failed).rejects.toThrow(/parquet cannot be read .*delete its folder, ingest/);
  }
  expect(digests(bank, 1)).toEqual(before);
  expect(existsSync(bank.folders.peopleOf(2))).toBe(false);
});

const identifiers = [account(1), account(2), email(1), email(2), ifa(1), ifa(2), ifa(3), ifa(4)];
const anyRow: fc.Arbitrary<BatchRow> = fc
  .record({
    seconds: fc.integer({ min: 1, max: 9 }),
    keys: fc.uniqueArray(fc.constantFrom(...identifiers), { minLength: 1, maxLength: 2 }),
    mm: fc.constantFrom(3, 3, 5),
    behaviour: fc.constantFrom("granted", "withdrawn"),
    area: fc.constantFrom("US-CA", "US-NY", "EU-FR"),
  })
  .map(({ mm, ...row }) => ({
    ...{ ...row, category: "advertising", source: "device" },
    links: row.keys.length === 2 ? [[row.keys[0]![0], row.keys[1]![0], mm] as const] : [],
  }));

test("the files are the same bytes in whatever order and batches the rows come", async () => {
  const epochs = fc.array(fc.array(anyRow, { maxLength: 12 }), { minLength: 2, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(epochs, fc.infiniteStream(fc.nat({ max: 99 })), async (parts, chance) => {
      const [one, other] = [emptyBank(), emptyBank()];
      for (const [i, rows] of parts.entries()) {
        const touchpoint = ["map", "consent"][i]!;
        const shuffled = rows.map((row) => ({ row, place: chance.next().value }));
        shuffled.sort((a, b) => a.place - b.place);
        const cut = shuffled.filter(({ place }) => place < 50).length;
        const halves = [shuffled.slice(cut), shuffled.slice(0, cut)];
        await writeBatches(one, [{ touchpoint, rows }]);
        await writeBatches(
          other,
          halves.map((half) => ({ touchpoint, rows: half.map(({ row }) => row) })),
        );
        const results = [await resolvePeople(one, i + 1), await resolvePeople(other, i + 1)];
        expect(results[1]).toEqual(results[0]);
        expect(digests(other, i + 1)).toEqual(digests(one, i + 1));
      }
    }),
    { numRuns: 8 },
  );
});

test("many row groups written by several threads are the same bytes each time, sorted", async () => {
  const folder = join(bank.folders.batchesOf("commerce"), "0000000000000001");
  await writeBatches(bank, [commerce(seen(1, ifa(1)))]);
  const [there] = readdirSync(bank.folders.batchesOf("commerce"));
  rmSync(folder, { recursive: true, force: true });
  const path = join(bank.folders.batchesOf("commerce"), there!, "identifiers.parquet");
  const rows = "SELECT hash(n) AS key, 1::UTINYINT AS namespace, 1::UINTEGER AS first";
  const write = (order: string) =>
    bank.duck.run(`
      COPY (${rows}, 1::UINTEGER AS last, 1::UINTEGER AS events FROM range(300000) t(n)
        ORDER BY ${order}) TO '${path}' (FORMAT parquet)`);
  await write("n");
  await resolvePeople(bank, 1);
  const before = digests(bank, 1);
  await write("hash(n * 3)");
  await resolvePeople(bank, 1);
  expect(digests(bank, 1)).toEqual(before);
  const file = sqlParquet([join(bank.folders.peopleOf(1), "identifiers.parquet")]);
  const falling = await bank.duck.number(`
    SELECT count(*) FROM (SELECT key < lag(key) OVER () AS falls,
      ordinal <> lag(ordinal) OVER () + 1 AS jumps FROM ${file}) WHERE falls OR jumps`);
  expect(falling).toBe(0);
});
