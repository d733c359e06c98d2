import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UnixMs } from "../../base/units.js";
import type { Bank } from "../bank.js";
import { identifierKeyOf, kindNumbers } from "../identifier-functions.js";
import { readBatchRecord } from "./batch.js";
import { ingest } from "./ingest.js";
import { caseKeys, caseNowMs, filesBelow, type IngestCase, ingestCase } from "./ingest-case.js";
import { expireRows, removeKeys } from "./rewrite.js";

let one: IngestCase;
beforeEach(async () => {
  one = await ingestCase();
});
afterEach(() => one.close());

const header = "event_id,time,market,behaviour,account,ifa,ifa_kind\n";
const ifa = (n: number): string => `0a949e8a-9624-4b45-8bd5-4e6294c4dbf${n}`;
const row = (id: number, day: string, account: string, n: number): string =>
  `${id},${day},US,view,${account},${ifa(n)},idfa\n`;
const days = (bank: Bank, later: number): Bank => ({
  ...bank,
  nowMs: (caseNowMs + later * 86_400_000) as UnixMs,
});
const accountKey = (value: string): bigint =>
  identifierKeyOf(kindNumbers.account, 0, value, caseKeys.identifier)!;
const batches = (): string[] => {
  const folder = one.bank.folders.batchesOf("commerce");
  return readdirSync(folder).map((name) => join(folder, name));
};
const counts = async (): Promise<number[]> => [
  (await one.rows("commerce", "events")).length,
  (await one.rows("commerce", "identifiers")).length,
  (await one.rows("commerce", "edges")).length,
];

test("rows leave when their retention ends, and an emptied batch is not taken in again", async () => {
  const text =
    header +
    row(1, "2026-11-01", "A", 1) +
    row(2, "2026-11-20", "A", 2) +
    row(3, "2026-11-20", "B", 3);
  one.put("commerce/a.csv", text);
  await ingest(one.bank, one.source);
  expect(await counts()).toEqual([3, 5, 3]);
  expect(await expireRows(days(one.bank, 370))).toEqual({ rows: 0 });
  const sometime = days(one.bank, 380);
  expect(await expireRows(sometime)).toEqual({ rows: 1 });
  expect(await counts()).toEqual([2, 4, 2]);
  expect(readBatchRecord(batches()[0]!).firstSec).toBe(Date.UTC(2026, 10, 20) / 1000);
  expect(await expireRows(sometime)).toEqual({ rows: 0 });
  expect(await expireRows(days(one.bank, 500))).toEqual({ rows: 2 });
  expect(await counts()).toEqual([0, 0, 0]);
  expect(existsSync(join(batches()[0]!, "events.parquet"))).toBe(false);
  const again = await ingest(one.bank, one.source);
  expect(again.touchpoints).toEqual([]);
});

test("rows of a touch-point that left the config stay as long as it kept them", async () => {
  one.put("commerce/a.csv", header + row(1, "2026-11-20", "A", 1));
  await ingest(one.bank, one.source);
  const without = { ...one.bank, config: { ...one.bank.config, touchpoints: new Map() } };
  expect(await expireRows(days(without, 370))).toEqual({ rows: 0 });
  expect(await expireRows(days(without, 400))).toEqual({ rows: 1 });
  expect(await counts()).toEqual([0, 0, 0]);
});

test("removed keys are in no file any more, of no touch-point, and a repeat is harmless", async () => {
  one.put("commerce/a.csv", header + row(1, "2026-11-01", "A", 1) + row(2, "2026-11-02", "B", 2));
  one.put("commerce/b.csv", header + row(3, "2026-11-03", "A", 1));
  await ingest(one.bank, one.source);
  const bank = { ...one.bank, config: { ...one.bank.config, touchpoints: new Map() } };
  const gone = accountKey("A");
  expect(await removeKeys(bank, [gone, 5n])).toEqual({ rows: 2 });
  expect(await removeKeys(bank, [gone])).toEqual({ rows: 0 });
  const all = [
    ...(await one.rows("commerce", "events")),
    ...(await one.rows("commerce", "identifiers")),
    ...(await one.rows("commerce", "edges")),
  ];
  expect(JSON.stringify(all)).not.toContain(String(gone));
  expect(await one.rows("commerce", "events")).toHaveLength(1);
  expect(await one.rows("commerce", "edges")).toHaveLength(1);
  expect(filesBelow(one.bank.folders.writing)).toEqual([]);
  expect(await removeKeys(bank, [])).toEqual({ rows: 0 });
});

test("a removal that was killed between two files is finished by the next one", async () => {
  one.put("commerce/a.csv", header + row(1, "2026-11-01", "A", 1) + row(2, "2026-11-02", "B", 2));
  await ingest(one.bank, one.source);
  const run = one.bank.duck.run.bind(one.bank.duck);
  const killed = Object.assign(Object.create(one.bank.duck) as Bank["duck"], {
    run: async (sql: string) => {
      if (sql.includes("identifiers.parquet")) throw new Error("killed");
      await run(sql);
    },
    rows: one.bank.duck.rows.bind(one.bank.duck),
  });
  await expect(removeKeys({ ...one.bank, duck: killed }, [accountKey("A")])).rejects.toThrow(
    "killed",
  );
  expect(await counts()).toEqual([1, 4, 2]);
  await removeKeys(one.bank, [accountKey("A")]);
  expect(await counts()).toEqual([1, 3, 1]);
  expect(readBatchRecord(batches()[0]!).firstSec).toBe(Date.UTC(2026, 10, 2) / 1000);
});
