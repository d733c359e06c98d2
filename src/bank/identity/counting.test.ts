import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Namespace } from "../../base/identifier.js";
import {
  type BatchRow,
  openTestBank,
  smallBankConfig,
  writeBatches,
} from "../../testing/bank-batches.js";
import type { Bank } from "../bank.js";
import { sqlParquet } from "../duck.js";
import { bankFolders } from "../folders.js";
import { resolvePeople } from "./people.js";

/** Who counts towards a crowd minimum, by key of one of their identifiers. */
const root = mkdtempSync(join(tmpdir(), "crowdbid-counting-"));
const shared = await openTestBank(join(root, "shared"));
afterAll(() => {
  shared.duck.close();
  rmSync(root, { recursive: true });
});

let bank: Bank;
let banks = 0;
beforeEach(() => {
  bank = { ...shared, folders: bankFolders(join(root, `bank-${banks++}`)) };
});

const { ACCOUNT, EMAIL_SHA256, IDFA } = Namespace;
const day = 86_400;
const daysAgo = (days: number): number => bank.asOfSec - days * day;
const seen = (days: number, key: number, namespace: number = ACCOUNT): BatchRow => ({
  ...{ seconds: daysAgo(days), keys: [[BigInt(key), namespace]] },
});
const linked = (account: number, other: number, namespace: number): BatchRow => ({
  seconds: daysAgo(10),
  keys: [
    [BigInt(account), ACCOUNT],
    [BigInt(other), namespace],
  ],
  links: [[BigInt(account), BigInt(other), 3]],
});

async function counting(
  rows: Readonly<Record<string, readonly BatchRow[]>>,
): Promise<readonly number[]> {
  const batches = Object.entries(rows).map(([touchpoint, of]) => ({ touchpoint, rows: of }));
  await writeBatches(bank, batches);
  await resolvePeople(bank, 1);
  const file = (name: string) => sqlParquet([join(bank.folders.peopleOf(1), `${name}.parquet`)]);
  const found = await bank.duck.rows<{ key: string }>(
    `SELECT key FROM ${file("identifiers")} JOIN ${file("persons")} USING (ordinal)
      WHERE counts = 1 ORDER BY key`,
  );
  return found.map(({ key }) => Number(key));
}

test("who counts was known seven days ago and seen in the last thirty", async () => {
  const rows = [
    ...[seen(7, 1), seen(6, 2), seen(30, 3), seen(31, 4)],
    // Known for long, and back.
    ...[seen(300, 5), seen(0, 5)],
  ];
  expect(await counting({ commerce: rows })).toEqual([1, 3, 5]);
});

test("an identifier's age and activity are its person's", async () => {
  const rows = [seen(40, 11), seen(1, 21, IDFA), { ...linked(11, 21, IDFA), seconds: daysAgo(1) }];
  expect(await counting({ commerce: rows })).toEqual([11, 21]);
});

test("rows about somebody are no evidence of them, nor is what an agency feeds", async () => {
  const fed = { ...smallBankConfig.touchpoints.get("cookie")!, evidence: false };
  const touchpoints = new Map([...smallBankConfig.touchpoints, ["cookie", fed]]);
  bank = { ...bank, config: { ...smallBankConfig, touchpoints } };
  const rows = { consent: [seen(8, 1)], cookie: [seen(8, 2)], commerce: [seen(8, 3)] };
  expect(await counting(rows)).toEqual([3]);
});

test("both ends of a link that a guard refuses stop counting", async () => {
  const shop = [1, 2].flatMap((account) => [seen(8, account), linked(account, 50, EMAIL_SHA256)]);
  expect(await counting({ commerce: [...shop, seen(8, 3)] })).toEqual([3]);
});

test("a component that is too large and dissolved counts as nobody", async () => {
  const identity = { ...smallBankConfig.identity, componentIdentifiersMax: 4 };
  bank = { ...bank, config: { ...smallBankConfig, identity } };
  const devices = Array.from({ length: 5 }, (_, i) => linked(1, 60 + i, IDFA));
  expect(await counting({ commerce: [...devices, seen(8, 2)] })).toEqual([2]);
});

test("a household's device freezes itself alone, a farm's device its accounts too", async () => {
  const users = (device: number, first: number, count: number) =>
    Array.from({ length: count }, (_, i) => linked(first + i, device, IDFA));
  const rows = [...users(900, 1, 10), ...users(901, 101, 11), seen(8, 999)];
  const household = Array.from({ length: 10 }, (_, i) => 1 + i);
  expect(await counting({ commerce: rows })).toEqual([...household, 999]);
});
