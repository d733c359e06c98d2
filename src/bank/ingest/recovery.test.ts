import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bank } from "../bank.js";
import type { Duck } from "../duck.js";
import { readBatchRecord } from "./batch.js";
import { ingest } from "./ingest.js";
import { filesBelow, type IngestCase, ingestCase } from "./ingest-case.js";

let one: IngestCase;
beforeEach(async () => {
  one = await ingestCase();
});
afterEach(() => one.close());

const header = "event_id,time,market,behaviour,account,email,brand\n";
const rowsOf = (from: number, count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `${from + i},2026-11-25,US,view,A${(from + i) % 50},p${from + i}@example.org,b`,
  );
const csv = (from: number, count: number): string => `${header}${rowsOf(from, count).join("\n")}\n`;
const contents = (folder: string): Map<string, string> =>
  new Map(filesBelow(folder).map((path) => [path, readFileSync(path).toString("hex")]));

test("a second run over the same content does nothing, whatever the file is called", async () => {
  one.put("commerce/a.csv", csv(0, 20));
  await ingest(one.bank, one.source);
  const before = contents(one.bank.folders.batches);
  one.put("commerce/renamed.csv", csv(0, 20));
  const { touchpoints, refused, warnings } = await ingest(one.bank, one.source);
  expect([touchpoints, refused, warnings]).toEqual([[], [], []]);
  expect(contents(one.bank.folders.batches)).toEqual(before);
});

test("rows in quarantine come in once the rules take them, the others stay as they are", async () => {
  one.put("commerce/a.csv", `${csv(0, 20)}x,2026-11-25,FR,view,A,,\n`);
  await ingest(one.bank, one.source);
  const france = { ...one.bank.config.markets.get("US")!, name: "FR", label: "France" };
  const markets = new Map([...one.bank.config.markets, ["FR", france] as const]);
  const touchpoints = new Map(
    [...one.bank.config.touchpoints].map(([name, point]) => [
      name,
      { ...point, markets: [...point.markets, "FR"] },
    ]),
  );
  const wider = { ...one.bank, config: { ...one.bank.config, markets, touchpoints } };
  const { touchpoints: intakes } = await ingest(wider, one.source);
  expect(intakes).toMatchObject([{ rows: 21, accepted: 1, duplicates: 20, quarantined: {} }]);
  expect((await one.rows("commerce", "events")).length).toBe(21);
  expect((await ingest(wider, one.source)).touchpoints).toEqual([]);
});

test("a source folder of something else is told, with what would be right", async () => {
  one.put("elsewhere/commerce/a.csv", csv(0, 2));
  await expect(ingest(one.bank, one.source)).rejects.toThrow(
    /holds no folder named after a touch-point \(.*commerce.*\): name the one that does/,
  );
});

test("the batch says what was taken in", async () => {
  one.put("commerce/a.csv", `${csv(0, 20)}x,2026-11-25,FR,view,A,,\n`);
  await ingest(one.bank, one.source);
  const [batch] = readdirSync(one.bank.folders.batchesOf("commerce"));
  const record = readBatchRecord(join(one.bank.folders.batchesOf("commerce"), batch!));
  expect(record).toMatchObject({
    ...{ schema: 1, touchpoint: "commerce", file: "commerce/a.csv", rows: 21, accepted: 20 },
    ...{ duplicates: 0, suppressed: 0, pastRetention: 0, quarantined: { unknown_market: 1 } },
    firstSec: Date.UTC(2026, 10, 25) / 1000,
    lastSec: Date.UTC(2026, 10, 25) / 1000,
  });
  expect(record.sha256.slice(0, 16)).toBe(batch);
});

test("shuffled rows and files give the same set", async () => {
  const rows = rowsOf(0, 200);
  const sorted = async (bank: IngestCase) => {
    await ingest(bank.bank, bank.source);
    const all = [];
    for (const file of ["events", "identifiers", "edges"]) {
      all.push((await bank.rows("commerce", file)).map((row) => JSON.stringify(row)).sort());
    }
    return all;
  };
  one.put("commerce/a.csv", header + rows.join("\n"));
  const other = await ingestCase();
  other.put("commerce/a.csv", header + rows.toReversed().join("\n"));
  expect(await sorted(other)).toEqual(await sorted(one));
  other.close();
});

test("what a killed run left is removed, and nothing of it is missing or twice", async () => {
  for (let i = 0; i < 6; i++) one.put(`commerce/${i}.csv`, csv(i * 4000, 4000));
  const child = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `
    const dist = ${JSON.stringify(new URL("../../../dist/bank/ingest/", import.meta.url).href)};
    const { ingestCase } = await import(dist + "ingest-case.js");
    const { ingest } = await import(dist + "ingest.js");
    const one = await ingestCase({}, ${JSON.stringify(one.root)});
    await ingest(one.bank, one.source);`,
  ]);
  const place = one.bank.folders.batchesOf("commerce");
  const batches = (): number => (existsSync(place) ? readdirSync(place).length : 0);
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (batches() < 2 && child.exitCode === null) await new Promise((go) => setTimeout(go, 5));
  child.kill("SIGKILL");
  await ended;
  const left = join(one.bank.folders.writing, "ingest", "commerce-left");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "events.parquet"), "half");
  await ingest(one.bank, one.source);
  expect(batches()).toBe(6);
  expect(filesBelow(one.bank.folders.writing)).toEqual([]);
  const ids = (await one.rows("commerce", "events")).map((row) => row["event"]);
  expect([ids.length, new Set(ids).size]).toEqual([24_000, 24_000]);
});

/** The bank, whose every statement that matches fails as on a full disk. */
function fullDisk(bank: Bank, statement: RegExp): Bank {
  const duck = new Proxy(bank.duck, {
    get: (target, name) => {
      if (name === "run") {
        return async (sql: string) => {
          if (!statement.test(sql)) return target.run(sql);
          throw new Error(
            'IO Error: Could not write file "x p1@example.org": No space left on device',
          );
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  }) as Duck;
  return { ...bank, duck };
}

test("a full disk ends the run with what to do, publishes nothing by halves, and a next run goes on", async () => {
  one.put("commerce/a.csv", csv(0, 20));
  await ingest(one.bank, one.source);
  one.put("commerce/b.csv", csv(100, 20));
  for (const step of [/TABLE ingest_staged/, /COPY .*events/s, /COPY .*edges\.parquet/s]) {
    const run = ingest(fullDisk(one.bank, step), one.source);
    await expect(run).rejects.toThrow(/disk of the bank is full: nothing of commerce\/b\.csv/);
    await expect(run).rejects.not.toThrow(/example\.org/);
    expect(readdirSync(one.bank.folders.batchesOf("commerce"))).toHaveLength(1);
    expect(filesBelow(one.bank.folders.writing)).toEqual([]);
  }
  expect((await ingest(one.bank, one.source)).touchpoints).toMatchObject([{ accepted: 20 }]);
});

test("a disk that is really full says so (needs the right to mount a tmpfs)", async (context) => {
  const small = join(one.root, "data", "bank", "batches");
  mkdirSync(join(one.bank.folders.writing, "ingest"), { recursive: true });
  mkdirSync(small, { recursive: true });
  const data = join(one.root, "data", "bank");
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", data]);
  if (mounted.status !== 0) return context.skip("no right to mount a tmpfs");
  try {
    one.put("commerce/a.csv", csv(0, 60_000));
    await expect(ingest(one.bank, one.source)).rejects.toThrow(/disk of the bank is full/);
    expect(filesBelow(data)).toEqual([]);
    one.put("commerce/a.csv", csv(0, 100));
    expect((await ingest(one.bank, one.source)).touchpoints).toMatchObject([{ accepted: 100 }]);
  } finally {
    spawnSync("umount", ["-l", data]);
  }
});

test("no raw identifier is in any file of the bank, nor in what a run says", async () => {
  const marks = ["canary-account-7", "canary.mail@example.org", "canarycookie77", "canary-event-9"];
  const ifa = "ca9a2700-9624-4b45-8bd5-4e6294c4dbf4";
  const [account, mail, cookie, event] = marks;
  const columns = "event_id,time,market,behaviour,account,email,cookie,exchange,ifa,ifa_kind";
  const rest = `US,view,${account},${mail},${cookie},openrtb26,${ifa},idfa`;
  const rows = [
    `${event},2026-11-25,${rest}`,
    `${event},2026-11-24,${rest}`,
    `,2026-11-25,${rest}`,
    `canary-event-9b,${mail},${rest}`,
    `canary-event-9c,2026-11-25,${rest.replace("US", account!)}`,
    `canary-event-9d,2026-11-25,${rest.replace("openrtb26", cookie!)}`,
    `canary-event-9e,2026-11-25,${rest},"${mail}`,
  ];
  one.put("commerce/a.csv", `${columns}\n${rows.join("\n")}\n`);
  one.put("commerce/b.csv", `${mail},${account}\n${cookie}\n`);
  one.put("commerce/c.ndjson", `{"event_id":"${event}","account":{"x":"${account}"}}\n{"${mail}`);
  one.put("commerce/d.parquet", `PAR1 ${mail}`);
  const result = await ingest(one.bank, one.source);
  expect(result.touchpoints).toMatchObject([{ accepted: 1, duplicates: 1 }]);
  const packed = Buffer.from(ifa.replaceAll("-", ""), "hex").toString("latin1");
  const needles = [...marks, ifa, packed, packed.split("").reverse().join("")];
  const places = [
    ...filesBelow(join(one.root, "data")).map((path) => readFileSync(path, "latin1")),
    JSON.stringify(result),
  ];
  expect(places.length).toBeGreaterThan(5);
  for (const needle of needles)
    for (const text of places) expect(text.includes(needle)).toBe(false);
});

test("an unreadable source file is refused, and one that changes under the reader as well", async () => {
  const path = one.put("commerce/a.csv", csv(0, 20));
  const changing = fullDisk(one.bank, /^never$/);
  const duck = new Proxy(changing.duck, {
    get: (target, name) =>
      name === "run"
        ? async (sql: string) => {
            await target.run(sql);
            if (sql.includes("TABLE ingest_staged")) writeFileSync(path, csv(0, 21));
          }
        : (Reflect.get(target, name, target) as unknown),
  }) as Duck;
  const { refused } = await ingest({ ...one.bank, duck }, one.source);
  expect(refused).toEqual([
    { file: "commerce/a.csv", reason: "changed while it was read: it is tried again" },
  ]);
  rmSync(path);
  const result = await ingest(one.bank, one.source);
  expect(result).toEqual({ touchpoints: [], warnings: [], refused: [] });
});
