import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Stop } from "../admin/desk/desk.js";
import { ManualClock } from "../base/clock.js";
import { issueText } from "../campaign/issue.js";
import { changeSet, deskNowMs, edited } from "../testing/desk-book.js";
import { MemoryStore, storeMemory } from "../testing/memory-store.js";
import { BookCopy } from "./book-copy.js";
import { DeskConfig } from "./desk-config.js";
import { StopsFile } from "./stops-file.js";
import type { ConfigReading } from "./world-desk-parts.js";

const log = { error: () => undefined, warn: () => undefined };
const file = "campaigns/halden.yaml";
let root = "";
let store = new MemoryStore();
let memory = storeMemory();
let desk: DeskConfig;
/** Readings that a World desk would have made. */
let readings: ConfigReading[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "desk-config-"));
  cpSync("config/demo", join(root, "demo"), { recursive: true });
  // The largest file takes most of the time and is of no other kind.
  rmSync(join(root, "demo/campaigns/contextual.yaml"));
  memory = storeMemory();
  store = new MemoryStore(memory);
  desk = await open();
});
afterEach(() => {
  desk.stop();
  rmSync(root, { recursive: true });
});

async function open(copy?: BookCopy): Promise<DeskConfig> {
  const configFolder = join(root, "demo");
  const stops = new StopsFile(root);
  const clock = new ManualClock(deskNowMs);
  const kept = copy === undefined ? {} : { copy };
  const opened = await DeskConfig.open({ configFolder, store, clock, log, stops, ...kept });
  readings = [];
  opened.follow(async () => {
    readings.push(opened.read());
    return readings.at(-1)?.config !== null;
  });
  return opened;
}

async function edit(from: string | RegExp, to: string): Promise<ConfigReading> {
  const path = join(root, "demo", file);
  const text = readFileSync(path, "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
  await desk.filesChanged();
  return readings.at(-1)!;
}

const cpm = (reading: ConfigReading = desk.read()) =>
  reading.config?.book.lineItems.find(({ id }) => id === 1201)?.price.cpmMicros;
const desks = (price: number) => changeSet(priced(price));
const priced = (price: number) =>
  edited(desk.book, "lineItem", "1201", (form) => ({ ...form, price: { cpm: price, maxCpm: 9 } }));
const texts = (reading: ConfigReading) => reading.issues.map(issueText).join("\n");
const eventually = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error("it never came to be");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test("the first start fills the store, and a second one changes nothing", async () => {
  expect(cpm()).toBe(5_600_000);
  expect(memory.change).toBe(1);
  desk.stop();
  desk = await open();
  expect(memory.change).toBe(1);
  expect(cpm()).toBe(5_600_000);
});

test("an edit of a file is live, an edit at the desk too, both are a conflict", async () => {
  expect(cpm(await edit("cpm: 5.6,", "cpm: 5.7,"))).toBe(5_700_000);
  expect(await desk.book.commit(desks(6))).toMatchObject({ ok: true });
  await eventually(() => readings.length === 2);
  expect(cpm(readings[1])).toBe(6_000_000);
  const both = await edit("cpm: 5.7,", "cpm: 5.8,");
  expect(cpm(both)).toBe(6_000_000);
  expect(texts(both)).toMatch(/halden\.yaml:\d+:\d+: warning: changed in the files and changed/);
});

test("a broken file changes nothing and is told, while edits at the desk go live", async () => {
  const broken = await edit("price: { cpm: 5.6,", "price: { cpm: five,");
  expect(broken.config).toBeNull();
  expect(texts(broken)).toContain(`${file}:`);
  expect(await desk.book.commit(desks(6))).toMatchObject({ ok: true });
  await eventually(() => readings.length === 2);
  expect(cpm(readings[1])).toBe(6_000_000);
  expect(readings[1]?.issues.some(({ severity }) => severity === "error")).toBe(true);
});

test("a wrong reference in a file stops all of it, with its place", async () => {
  const wrong = await edit(/creatives: \[\{ id: 1201 \}/, "creatives: [{ id: 99 }");
  expect(wrong.config).toBeNull();
  expect(texts(wrong)).toMatch(/halden\.yaml:\d+:\d+: error: there is no creative 99/);
});

test("another process's change is live without a word", async () => {
  const other = new MemoryStore(memory);
  await other.commit({ ...desks(6), changes: [priced(6)] });
  await eventually(() => readings.length > 0);
  expect(cpm(readings[0])).toBe(6_000_000);
});

test("without a store the files stand in, until it comes: then its edits are back", async () => {
  await desk.book.commit(desks(6));
  desk.stop();
  store.refusal = { ok: false, code: "gone" };
  desk = await open();
  expect(cpm()).toBe(5_600_000);
  expect(desk.trouble()).toContain("bids go on");
  expect(await desk.book.commit(desks(7))).toEqual({ ok: false, code: "gone" });
  expect(cpm(await edit("cpm: 5.6,", "cpm: 5.7,"))).toBe(5_700_000);
  store.refusal = null;
  await eventually(() => readings.length > 1);
  expect(cpm(readings.at(-1))).toBe(6_000_000);
  expect(desk.trouble()).toBe("");
});

test("without a store what it had last stands in, not what the files never knew of", async () => {
  const path = join(root, "desk-copy.ndjson");
  const told: string[] = [];
  const copy = () => new BookCopy(path, (words) => told.push(words));
  desk.stop();
  desk = await open(copy());
  await desk.book.commit(desks(6));
  await desk.close();
  store.refusal = { ok: false, code: "gone" };
  desk = await open(copy());
  expect(cpm()).toBe(6_000_000);
  desk.stop();
  // Half a copy is none: the files then.
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.slice(0, -30));
  desk = await open(copy());
  expect(cpm()).toBe(5_600_000);
  expect(told).toEqual([]);
});

test("a start with broken files goes on with what the store holds", async () => {
  await desk.book.commit(desks(6));
  desk.stop();
  writeFileSync(join(root, "demo", file), "lineItems: [");
  desk = await open();
  expect(cpm()).toBe(6_000_000);
});

test("a stop is live while the store is locked, and stands after a restart", async () => {
  store.refusal = { ok: false, code: "locked" };
  const stop: Stop = { kind: "lineItem", key: "1201", agency: "1", sinceMs: 1, by: "Ada" };
  await desk.stops.add(stop);
  const isPaused = ({ config }: ConfigReading) =>
    config?.book.lineItems.find(({ id }) => id === 1201)?.paused;
  expect(isPaused(readings[0]!)).toBe(true);
  store.refusal = null;
  desk.stop();
  desk = await open();
  expect(desk.stops.list()).toEqual([stop]);
  expect(isPaused(desk.read())).toBe(true);
  expect(await desk.stops.remove("lineItem", "1201")).toBe(true);
  expect(await desk.stops.remove("lineItem", "1201")).toBe(false);
  expect(isPaused(readings.at(-1)!)).toBe(false);
});

test("a damaged file of stops is refused, never taken for none", () => {
  writeFileSync(join(root, "stops.json"), "[{");
  expect(() => new StopsFile(root)).toThrow("is damaged");
});
