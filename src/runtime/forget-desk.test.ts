import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ForgetAsk } from "../admin/admin-facts.js";
import type { Bank } from "../bank/bank.js";
import { sqlParquet } from "../bank/duck.js";
import { pendingForgets } from "../bank/forget-intent.js";
import { type HeldLock, takeLock } from "../bank/lock.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { headerBytes } from "../index/format.js";
import { SegmentIndex } from "../index/segment-index.js";
import { recordBatch } from "../testing/bare-bank.js";
import { CanarySearch } from "../testing/canary.js";
import { markedPerson } from "../testing/canary-requests.js";
import { ForgettableWorld, filesBelow } from "../testing/forgettable-world.js";
import { exposuresFolderOf, forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { ExposureLog } from "./exposure-log.js";
import { ForgetDesk } from "./forget-desk.js";
import { tailForgetLog } from "./forget-log.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { realClock } from "./real-clock.js";
import type { LoadedSnapshot, LoadRequest } from "./snapshot-load.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";

let data = "";
let keys: KeyFiles;
let bank: Bank;
let world: ForgettableWorld;
let desk: ForgetDesk;
const complaints: string[] = [];
/** How far the desk's clock is put forward, so that no test waits for the moment of the answer. */
let aheadMs = 0;
const clock = { nowMs: () => (realClock.nowMs() + aheadMs) as UnixMs };
const device = (n: number): string => world.device(n);
const keyOf = (kind: "idfa" | "account", value: string): bigint => world.keyOf(kind, value);

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-forget-desk-"));
  keys = openKeyFiles(data);
  world = await ForgettableWorld.open(data, keys);
  bank = world.bank;
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

/** Beside the world: exposures of persons 1 and 2. */
async function smallWorld(): Promise<void> {
  await world.build();
  const log = new ExposureLog(exposuresFolderOf(data), 90, "ab");
  log.begin(1);
  const row = { epoch: 1, behaviour: "exposure", lineItem: 5, campaign: 1, advertiser: 7 } as const;
  for (const n of [1, 2, 1]) log.add({ ...row, person: n, country: "USA" }, 1_800_000_000);
  log.close(1_800_000_000);
}

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

test("while a build holds the bank, the running bidder forgets; then every file does", async () => {
  await smallWorld();
  const mine = world.identifiersOf(1).map(({ key }) => key);
  expect(await world.residueOf(mine[0]!)).not.toEqual([]);
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
  expect(personIn(running, world.people + 2)).toBe(1);
  const id = await take(wish("account", "account-1"));
  await expect
    .poll(() => personIn(running, world.people + 2), { timeout: 30_000, interval: 20 })
    .toBe(0);
  tail.stop();
  expect(personIn(running, 2)).toBe(2);
  expect(desk.state(id)?.state).toBe("running");
  expect(await world.residueOf(mine[0]!)).not.toEqual([]);
  expect(world.exposed()).toEqual([1, 1, 2]);
  build.release();
  await done(id);
  for (const key of mine) expect(await world.residueOf(key)).toEqual([]);
  expect(world.exposed()).toEqual([2]);
  const restarted = SegmentIndex.from((await load()).parts);
  expect(restarted.suppressedCount()).toBe(0);
  for (const n of [1, world.people + 1, world.people + 2]) expect(personIn(restarted, n)).toBe(0);
  for (const n of [2, 17, world.people]) expect(personIn(restarted, n)).toBe(n);
  expect(restarted.peopleCount).toBe(world.people - 1);
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
  await world.parquet(
    join(batch, "edges.parquet"),
    `SELECT a::UBIGINT AS a, b::UBIGINT AS b FROM (${edges})`,
  );
  const list = [a, bridge, c].map((key) => `${key}::UBIGINT`).join(", ");
  const events = `SELECT unnest([${list}]) AS who, 7::UINTEGER AS seconds`;
  await world.parquet(join(batch, "events.parquet"), events);
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
  expect(await world.residueOf(keyOf("account", "account-9"))).toEqual([]);
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
  await world.parquet(path, "SELECT 1 AS wrong");
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
