import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ForgetAsk } from "../admin/admin-facts.js";
import type { Bank } from "../bank/bank.js";
import { sqlParquet, sqlText } from "../bank/duck.js";
import { pendingForgets } from "../bank/forget-intent.js";
import { identifierKeyOf, kindNumbers } from "../bank/identifier-functions.js";
import { type HeldLock, takeLock } from "../bank/lock.js";
import { parquetFilesBelow } from "../bank/rewrite.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { headerBytes } from "../index/format.js";
import { IndexBuilder } from "../index/index-builder.js";
import { SegmentIndex } from "../index/segment-index.js";
import { recordBatch, testBank } from "../testing/bare-bank.js";
import { CanarySearch } from "../testing/canary.js";
import { markedPerson } from "../testing/canary-requests.js";
import { smallFacts } from "../testing/small-snapshot.js";
import { exposuresFolderOf, forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { exposureFiles } from "./exposure-file.js";
import { ExposureLog } from "./exposure-log.js";
import { ForgetDesk } from "./forget-desk.js";
import { tailForgetLog } from "./forget-log.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { realClock } from "./real-clock.js";
import type { LoadedSnapshot, LoadRequest } from "./snapshot-load.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import { writeSnapshot } from "./snapshot-write.js";

const people = 3000;
let data = "";
let keys: KeyFiles;
let bank: Bank;
let desk: ForgetDesk;
const complaints: string[] = [];
/** How far the desk's clock is put forward, so that no test waits for the moment of the answer. */
let aheadMs = 0;
const clock = { nowMs: () => (realClock.nowMs() + aheadMs) as UnixMs };
/** Person n has account n and device n; person 1 has two more devices. */
const device = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const keyOf = (kind: "idfa" | "account", value: string): bigint =>
  identifierKeyOf(kindNumbers[kind], 0, value, keys.identifierKey)!;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-forget-desk-"));
  keys = openKeyFiles(data);
  const { identifierKey: identifier, suppressionKey: suppression, crowdKey: crowd } = keys;
  bank = await testBank(data, { identifier, suppression, crowd });
  complaints.length = 0;
  aheadMs = 0;
  const log = { error: (fields: object) => void complaints.push(JSON.stringify(fields)) };
  desk = new ForgetDesk({ dataFolder: data, clock, log });
});
afterEach(() => {
  desk.stop();
  bank.duck.close();
  rmSync(data, { recursive: true });
});

async function parquet(path: string, query: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await bank.duck.run(`COPY (${query}) TO ${sqlText(path)} (FORMAT parquet)`);
}

type Identifier = { readonly key: bigint; readonly ordinal: number; readonly namespace: number };
const identifiersOf = (n: number): Identifier[] => [
  { key: keyOf("account", `account-${n}`), ordinal: n, namespace: 32 },
  ...(n === 1 ? [1, people + 1, people + 2] : [n]).map((d) => ({
    ...{ key: keyOf("idfa", device(d)), ordinal: n, namespace: 1 },
  })),
];

/** A batch, the people, a day of stages and a signed snapshot of the same people. */
async function smallWorld(): Promise<void> {
  const all = Array.from({ length: people }, (_, i) => identifiersOf(i + 1)).flat();
  const rows = all.map(({ key, ordinal, namespace }) => `(${key}, ${namespace}, ${ordinal})`);
  await bank.duck.run(`CREATE TEMP TABLE world (key UBIGINT, namespace UTINYINT, ordinal UINTEGER);
    INSERT INTO world VALUES ${rows.join(", ")}`);
  const { folders } = bank;
  const at = (name: string): string => join(folders.peopleOf(1), `${name}.parquet`);
  await parquet(at("identifiers"), "SELECT *, 1::UINTEGER AS first FROM world ORDER BY key");
  await parquet(at("persons"), "SELECT DISTINCT ordinal FROM world ORDER BY ordinal");
  await parquet(at("proposals"), "SELECT 0::UBIGINT AS a, 0::UBIGINT AS b WHERE false");
  const retired = `SELECT 0::UINTEGER AS ordinal, '' AS day, 0::UINTEGER AS "into" WHERE false`;
  await parquet(at("retired"), retired);
  const batch = join(folders.batchesOf("commerce"), "0123456789abcdef");
  recordBatch(batch);
  await parquet(
    join(batch, "events.parquet"),
    "SELECT key AS who, 7::UINTEGER AS seconds FROM world",
  );
  const edge = "min(key) AS a, max(key) AS b";
  await parquet(join(batch, "edges.parquet"), `SELECT ${edge} FROM world GROUP BY ordinal`);
  await parquet(folders.aiplOf("2026-11-25"), "SELECT DISTINCT ordinal FROM world");
  const builder = new IndexBuilder({
    ...{ epoch: 1 as Epoch, identifierCountMax: all.length, ordinalMax: people, planeCount: 1 },
  });
  for (const { key, ordinal, namespace } of all) {
    if (namespace === 1)
      builder.add(Number(key & 0xffff_ffffn), Number(key >> 32n), ordinal as Ordinal);
    builder.setRow(ordinal as Ordinal, Uint32Array.of(0xabcd));
    builder.setHomeArea(ordinal as Ordinal, 2);
  }
  const life = { createdMs: realClock.nowMs(), notAfterMs: (realClock.nowMs() + 1e9) as UnixMs };
  const facts = smallFacts(20, { ...life, identifierKeyId: keys.identifierKeyId });
  writeSnapshot(snapshotsFolderOf(data), builder.finish(), facts, keys.signing);
  const log = new ExposureLog(exposuresFolderOf(data), 90, "ab");
  log.begin(1);
  const row = { epoch: 1, behaviour: "exposure", lineItem: 5, campaign: 1, advertiser: 7 } as const;
  for (const n of [1, 2, 1]) log.add({ ...row, person: n, country: "USA" }, 1_800_000_000);
  log.close(1_800_000_000);
}

/** Ordinals of the exposure log. */
const exposed = (): number[] =>
  exposureFiles(exposuresFolderOf(data)).flatMap(({ path }) =>
    readFileSync(path, "latin1")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[2])),
  );

async function load(): Promise<LoadedSnapshot> {
  const request: LoadRequest = {
    ...{ snapshotsFolder: snapshotsFolderOf(data), forgetLog: forgetLogOf(data) },
    ...{ trust: trustOf(keys), servedEpoch: 0 as Epoch, wanted: null, nowMs: realClock.nowMs() },
  };
  const { loaded, refused } = await loadNewestSnapshot(request);
  if (loaded === null) throw new Error(JSON.stringify(refused));
  return loaded;
}

const personIn = (index: SegmentIndex, n: number): number => {
  const key = keyOf("idfa", device(n));
  return index.ordinalOf(Number(key & 0xffff_ffffn), Number(key >> 32n));
};
const wish = (kind: string, value: string, only = false): ForgetAsk => ({
  ...{ identifiers: [{ kind, scope: 0, value }], only },
});
async function take(ask: ForgetAsk): Promise<string> {
  const taken = await desk.take(ask);
  if (taken.kind !== "taken") throw new Error(JSON.stringify([taken, complaints]));
  return taken.id;
}
/** Waits for the end of a wish, then puts the clock forward to when that shows. */
async function done(id: string): Promise<void> {
  const pending = () => pendingForgets(bank.folders);
  await expect.poll(pending, { timeout: 40_000, interval: 20 }).not.toContain(id);
  expect(desk.state(id)?.state).toBe("running");
  aheadMs += 5000;
  await expect.poll(() => desk.state(id)?.state, { timeout: 40_000, interval: 20 }).toBe("done");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Files that hold a key's eight bytes, or a Parquet row with it. */
async function residueOf(key: bigint): Promise<string[]> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(key);
  const found = filesBelow(data).filter((path) => readFileSync(path).includes(bytes));
  for (const path of parquetFilesBelow(data)) {
    const rows = await bank.duck.rows<Record<string, unknown>>(
      `SELECT * FROM ${sqlParquet([path])}`,
    );
    if (rows.some((row) => Object.values(row).includes(String(key)))) found.push(path);
  }
  return found;
}

test("while a build holds the bank, the running bidder forgets within 5 s; then every file does", async () => {
  await smallWorld();
  const mine = identifiersOf(1).map(({ key }) => key);
  expect(await residueOf(mine[0]!)).not.toEqual([]);
  const loaded = await load();
  const running = SegmentIndex.from(loaded.parts);
  const log = forgetLogOf(data);
  const tail = tailForgetLog(
    log,
    loaded.forgetPosition,
    (r) => running.suppress(r.ordinal),
    () => {},
  );
  const build: HeldLock = takeLock(bank.folders.lock);
  expect(personIn(running, people + 2)).toBe(1);
  const startedMs = performance.now();
  const id = await take(wish("account", "account-1"));
  await expect.poll(() => personIn(running, people + 2), { timeout: 15_000, interval: 20 }).toBe(0);
  const tookMs = performance.now() - startedMs;
  tail.stop();
  console.info(`forget: unknown to the running bidder after ${Math.round(tookMs)} ms`);
  expect(tookMs).toBeLessThan(5000);
  expect(personIn(running, 2)).toBe(2);
  expect(desk.state(id)?.state).toBe("running");
  expect(await residueOf(mine[0]!)).not.toEqual([]);
  expect(exposed()).toEqual([1, 2, 1]);
  build.release();
  await done(id);
  for (const key of mine) expect(await residueOf(key)).toEqual([]);
  expect(exposed()).toEqual([2]);
  const restarted = SegmentIndex.from((await load()).parts);
  expect(restarted.suppressedCount()).toBe(0);
  for (const n of [1, people + 1, people + 2]) expect(personIn(restarted, n)).toBe(0);
  for (const n of [2, 17, people]) expect(personIn(restarted, n)).toBe(n);
  expect(restarted.peopleCount).toBe(people - 1);
  const snapshot = join(snapshotsFolderOf(data), "epoch-1");
  const words = (name: string, type: typeof Uint32Array | typeof Uint16Array) =>
    new type(new Uint8Array(readFileSync(join(snapshot, name))).buffer, headerBytes);
  expect([...words("table-0", Uint32Array)].filter((w, i) => i % 2 === 1 && w === 1)).toEqual([]);
  expect([words("plane-0-0", Uint32Array)[1], words("home-0", Uint16Array)[1]]).toEqual([0, 0]);
  expect(words("people-0", Uint32Array)[0]! & 2).toBe(0);
  const [refused] = await bank.duck.rows<{ n: string }>(`SELECT count(*) AS n
    FROM ${sqlParquet([bank.folders.suppressed])}
    WHERE hash IN (SELECT suppression_hash(unnest([${mine.join(", ")}]::UBIGINT[])))`);
  expect(Number(refused?.n)).toBe(mine.length);
  expect(complaints).toEqual([]);
});

test("a bridging identifier that goes splits its person at the next build", async () => {
  const { folders } = bank;
  const [a, bridge, c] = [device(1), device(2), device(3)].map((value) => keyOf("idfa", value));
  const low = (x: bigint, y: bigint): string => (x < y ? `(${x}, ${y})` : `(${y}, ${x})`);
  const batch = join(folders.batchesOf("commerce"), "0123456789abcdef");
  recordBatch(batch);
  // An edge of others stays: a file without any row would go.
  const others = low(keyOf("idfa", device(7)), keyOf("idfa", device(8)));
  const values = [low(a!, bridge!), low(bridge!, c!), others].join(", ");
  const edges = `SELECT * FROM (VALUES ${values}) t(a, b)`;
  await parquet(
    join(batch, "edges.parquet"),
    `SELECT a::UBIGINT AS a, b::UBIGINT AS b FROM (${edges})`,
  );
  const list = [a, bridge, c].map((key) => `${key}::UBIGINT`).join(", ");
  const events = `SELECT unnest([${list}]) AS who, 7::UINTEGER AS seconds`;
  await parquet(join(batch, "events.parquet"), events);
  /** Connected components over the edges and events on disk. */
  const naivePeople = async (): Promise<number> => {
    const [edge, event] = ["edges", "events"].map((name) =>
      sqlParquet([join(batch, `${name}.parquet`)]),
    );
    const rows = await bank.duck.rows<{ n: string }>(`
      WITH RECURSIVE ends AS (SELECT a, b FROM ${edge} UNION SELECT b, a FROM ${edge}),
      reach(a, b) AS (SELECT who, who FROM ${event}
        UNION SELECT reach.a, ends.b FROM reach JOIN ends ON reach.b = ends.a)
      SELECT count(DISTINCT root) AS n FROM (SELECT a, min(b) AS root FROM reach GROUP BY a)`);
    return Number(rows[0]?.n);
  };
  expect(await naivePeople()).toBe(1);
  await done(await take(wish("idfa", device(2), true)));
  expect(await naivePeople()).toBe(2);
});

test("strangers and the known get the same states at the same moments", async () => {
  await smallWorld();
  const seen: Record<string, unknown>[][] = [];
  for (const name of ["account-5", "account-of-nobody"]) {
    const id = await take(wish("account", name));
    const states = [{ ...desk.state(id), id: "" }];
    await done(id);
    seen.push([...states, { ...desk.state(id), id: "" }]);
  }
  expect(seen[0]).toEqual([
    { id: "", state: "running" },
    { id: "", state: "done" },
  ]);
  expect(seen[1]).toEqual(seen[0]);
  expect(desk.state("never-asked")).toBeNull();
});

test("a wish that was pending when the program ended is finished after the next start", async () => {
  await smallWorld();
  const build = takeLock(bank.folders.lock);
  const id = await take(wish("account", "account-9"));
  desk.stop();
  build.release();
  const log = { error: () => {} };
  desk = new ForgetDesk({ dataFolder: data, clock, log });
  desk.resume();
  await done(id);
  expect(await residueOf(keyOf("account", "account-9"))).toEqual([]);
});

test("what is unusable is named by its place, and a failure says nothing of anybody", async () => {
  const ask: ForgetAsk = {
    identifiers: [wish("email", "a@example.com"), wish("email", "no address")].flatMap(
      ({ identifiers }) => identifiers,
    ),
    only: false,
  };
  expect(await desk.take(ask)).toEqual({ kind: "unusable", places: [1] });
  const person = markedPerson(9, Date.UTC(2026, 10, 26));
  const path = join(bank.folders.peopleOf(1), "identifiers.parquet");
  await parquet(path, "SELECT 1 AS wrong");
  const id = await take(wish("account", person.of("user.id")));
  await expect.poll(() => desk.state(id)?.state, { timeout: 40_000 }).toBe("failed");
  expect(desk.state(id)?.reason).toMatch(/Error: look whether the disk is full/);
  const search = new CanarySearch(person.marks);
  const sinks = [
    {
      name: "log and state",
      bytes: Buffer.from(complaints.join() + JSON.stringify(desk.state(id))),
    },
    ...filesBelow(data)
      .filter((name) => !name.includes("/keys/"))
      .map((name) => ({ name, bytes: readFileSync(name) })),
  ];
  expect(sinks.flatMap((sink) => search.leaksIn(sink))).toEqual([]);
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]).catch(() => ({ stdout: "" }));
  expect(stdout).not.toContain(person.of("user.id"));
});
