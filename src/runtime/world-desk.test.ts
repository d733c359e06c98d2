import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ManualClock } from "../base/clock.js";
import type { Epoch } from "../base/ids.js";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { emptyBook } from "../campaign/certificate-book.js";
import { type AudienceNeeded, audiencesNeeded, segmentNames } from "../campaign/compile.js";
import type { VerdictWord } from "../campaign/crowd-rule.js";
import { Live, tableFrom } from "../campaign/table.js";
import { refuse } from "../index/verify.js";
import { peopleOf, testAskingKey, testIdentifierKey } from "../testing/in-process.js";
import { AdvertiserCurrencies } from "./advertiser-currencies.js";
import type { Judge } from "./certificates.js";
import { readConfigForm } from "./read-config.js";
import { RetiredCreatives } from "./retired-creatives.js";
import { RosterFile } from "./roster-file.js";
import type { CountAnswer, CountRequest } from "./term-count.js";
import { type BuiltWorld, nobody, type People } from "./world-build.js";
import { type DeskEvent, WorldDesk } from "./world-desk.js";
import type { ConfigReading } from "./world-desk-parts.js";

const nowMs = Date.parse("2026-12-05T12:00Z");
const lifeMs = 30 * 86_400_000;
const demo = readConfigForm("config/demo");
const [demoNeeded] = audiencesNeeded(demo.config!.book) as [AudienceNeeded];

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "world-desk-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function peopleOfEpoch(epoch: number): People {
  const people = peopleOf(segmentNames(demo.config!.book), []);
  const notAfterMs = (nowMs + lifeMs) as UnixMs;
  return { ...people, parts: { ...people.parts, epoch: epoch as Epoch, notAfterMs } };
}

const all =
  (verdict: VerdictWord) =>
  ({ epoch, audiences }: CountRequest): CountAnswer => ({
    ...{ ok: true, epoch, forgetSequence: 0 },
    judged: audiences.filter(({ judged }) => judged).map(() => ({ verdict, bears: 10 })),
  });
const [allCertified, allRefused] = [all("certified"), all("refused")];
const failed = (): CountAnswer => refuse("unreadable", "the disk is slow");

/** The demo's config without its line items with an audience, but for the first `count`. */
function withAudiences(count: number): ConfigReading {
  const { config } = demo;
  if (config === null) throw new Error("the demo's config is sound");
  const targeted = config.book.lineItems.filter(({ audience }) => audience !== null);
  const dropped = new Set(targeted.slice(count));
  const lineItems = config.book.lineItems.filter((lineItem) => !dropped.has(lineItem));
  return { ...demo, config: { ...config, book: { ...config.book, lineItems } } };
}

function setUp(judge: Judge = (request) => Promise.resolve(allCertified(request))) {
  const events: DeskEvent[] = [];
  const worlds: BuiltWorld[] = [];
  const clock = new ManualClock(nowMs);
  const at = {
    reading: demo as ConfigReading,
    judge,
    publish: async (_: BuiltWorld): Promise<void> => undefined,
    placeOf: (lineItem: number): number => lineItem,
    ledgerTakes: true,
  };
  const desk = new WorldDesk({
    ...{ clock, publicUrl: "https://bid.test.example" },
    readConfig: () => at.reading,
    judge: (request) => at.judge(request),
    judgeContext: {
      ...{ snapshotsFolder: root, forgetLog: root },
      trust: { publicKeys: {}, identifierKeyId: "", crowdMinimum: 100_000 },
      crowdKey: testIdentifierKey,
      nowMs: clock.nowMs,
    },
    certificateStore: { ok: true, state: emptyBook(), save: () => undefined },
    roster: new RosterFile(join(root, "asking-roster.json"), testAskingKey, () => undefined),
    mayShowVerdicts: () => at.ledgerTakes,
    retired: new RetiredCreatives(join(root, "landing-pages.json")),
    currencies: new AdvertiserCurrencies(join(root, "advertiser-currencies.json")),
    placeOf: (lineItem) => at.placeOf(lineItem),
    publish: async (built) => {
      await at.publish(built);
      worlds.push(built);
    },
    report: (event) => events.push(event),
  });
  const newest = () => {
    const { parts } = worlds.at(-1)!;
    const column = tableFrom(parts.table).lineItemLive;
    const uncertified = column.filter((live) => live === Live.UNCERTIFIED).length;
    return { epoch: parts.index.epoch, uncertified, lineItems: column.length };
  };
  return { at, clock, desk, events, worlds, newest };
}

test("an epoch that cannot be counted is not published, and comes when it can be", async () => {
  const { at, desk, events, worlds, newest } = setUp();
  expect([await desk.start(peopleOfEpoch(1)), newest().uncertified]).toEqual([true, 0]);
  at.judge = () => Promise.resolve(failed());
  expect(await desk.adoptPeople(peopleOfEpoch(2))).toBe(false);
  expect([worlds.length, desk.servedPeople.parts.epoch]).toEqual([1, 1]);
  expect(events).toContainEqual({
    ...{ kind: "not_certified", epoch: 2, code: "unreadable", words: "the disk is slow" },
  });
  at.judge = (request) => Promise.resolve(allCertified(request));
  expect(await desk.adoptPeople(peopleOfEpoch(2))).toBe(true);
  expect(newest()).toMatchObject({ epoch: 2, uncertified: 0 });
});

test("verdicts on one snapshot say nothing of another under the same epoch", async () => {
  const { at, desk, newest } = setUp();
  await desk.start(null);
  at.publish = () => Promise.reject(new Error("no memory"));
  expect(await desk.adoptPeople({ ...peopleOfEpoch(2), manifestDigest: "a" })).toBe(false);
  at.publish = () => Promise.resolve();
  const digests: string[] = [];
  at.judge = (request) => {
    digests.push(request.manifestDigest);
    return Promise.resolve(allRefused(request));
  };
  expect(await desk.adoptPeople({ ...peopleOfEpoch(2), manifestDigest: "b" })).toBe(true);
  expect([digests, newest().uncertified > 0]).toEqual([["b"], true]);
});

test("a start whose count fails bids on context, and takes the people later", async () => {
  const { at, desk, newest } = setUp(() => Promise.reject(new Error("no process")));
  const people = peopleOfEpoch(1);
  expect(await desk.start(people)).toBe(true);
  expect([newest().epoch, newest().uncertified > 0]).toEqual([0, true]);
  expect(desk.servedPeople).not.toBe(people);
  at.judge = (request) => Promise.resolve(allCertified(request));
  expect(await desk.adoptPeople(people)).toBe(true);
  expect(desk.servedPeople).toBe(people);
});

test("a publication that fails keeps the served epoch and its certificates", async () => {
  const { at, desk, newest } = setUp();
  await desk.start(peopleOfEpoch(1));
  at.publish = () => Promise.reject(new Error("no memory"));
  expect(await desk.adoptPeople(peopleOfEpoch(2))).toBe(false);
  expect(desk.lastFailure).toBe("no memory");
  at.publish = () => Promise.resolve();
  expect(await desk.republish()).toBe(true);
  expect(newest()).toMatchObject({ epoch: 1, uncertified: 0 });
  expect(desk.verdicts().length).toBeGreaterThan(0);
});

test("an edit is live while an epoch is counted, and the epoch comes with its audiences", async () => {
  const { at, desk, newest } = setUp();
  at.reading = withAudiences(1);
  await desk.start(peopleOfEpoch(1));
  const before = newest().lineItems;
  const counts: (() => void)[] = [];
  const epochs: number[] = [];
  at.judge = (request) =>
    new Promise((resolve) => {
      epochs.push(request.epoch);
      counts.push(() => resolve(allCertified(request)));
    });
  const adopted = desk.adoptPeople(peopleOfEpoch(2));
  await vi.waitFor(() => expect(counts).toHaveLength(1));
  at.reading = withAudiences(2);
  const reloaded = desk.reload();
  // With the old epoch, though the count goes on; its new audience waits for its own.
  await vi.waitFor(() => expect(newest().lineItems).toBe(before + 1));
  expect(newest()).toMatchObject({ epoch: 1, uncertified: 1 });
  for (let done = 0; done < counts.length; done++) {
    counts[done]!();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect([await adopted, await reloaded]).toEqual([true, true]);
  expect(newest()).toMatchObject({ epoch: 2, lineItems: before + 1, uncertified: 0 });
  expect(epochs).toEqual([2, 1, 2]);
});

test("a count of an edit that failed is made again when asked", async () => {
  const { at, desk, newest } = setUp();
  at.reading = withAudiences(1);
  await desk.start(peopleOfEpoch(1));
  at.reading = withAudiences(2);
  at.judge = () => Promise.resolve(failed());
  expect(await desk.reload()).toBe(true);
  expect(newest().uncertified).toBe(1);
  expect(await desk.certifyMissing()).toBe(false);
  at.judge = (request) => Promise.resolve(allCertified(request));
  expect(await desk.certifyMissing()).toBe(true);
  expect(newest().uncertified).toBe(0);
});

test("when the snapshot's life is over audiences leave the air, context goes on", async () => {
  const { clock, desk, events, worlds, newest } = setUp();
  await desk.start(peopleOfEpoch(1));
  await desk.lapse();
  expect(worlds).toHaveLength(1);
  clock.advance(lifeMs);
  await desk.lapse();
  await desk.lapse();
  expect(worlds).toHaveLength(2);
  expect(newest().uncertified).toBeGreaterThan(0);
  expect(newest().uncertified).toBeLessThan(newest().lineItems);
  expect(desk.current?.expired).toBe(true);
  expect(desk.verdicts()).toEqual([]);
  expect(events.filter(({ kind }) => kind === "epoch_expired")).toHaveLength(1);
  expect(await desk.reload()).toBe(true);
  expect(newest().uncertified).toBeGreaterThan(0);
});

test("those who leave take a small audience off the air, and another count brings it back", async () => {
  const { at, desk, worlds, newest } = setUp();
  at.reading = withAudiences(1);
  await desk.start(peopleOfEpoch(1));
  desk.noteForgotten(10);
  await desk.lapse();
  expect([worlds.length, newest().uncertified]).toEqual([1, 0]);
  desk.noteForgotten(11);
  await desk.lapse();
  await desk.lapse();
  expect([worlds.length, newest().uncertified]).toEqual([2, 1]);
  at.judge = (request) => Promise.resolve({ ...allCertified(request), forgetSequence: 11 });
  expect(await desk.certifyMissing()).toBe(true);
  expect(newest().uncertified).toBe(0);
});

test("an agency's checks of the day are told, and every verdict once, none out of the ledger", async () => {
  const { at, desk, events } = setUp();
  at.judge = (request) => Promise.resolve(allRefused(request));
  await desk.start(peopleOfEpoch(1));
  await desk.reload();
  const [judged, ...more] = events.filter(({ kind }) => kind === "audiences_judged");
  if (judged?.kind !== "audiences_judged") throw new Error("no verdicts");
  const { certificates, refused } = judged;
  expect([more, new Set(refused.map(({ cause }) => cause))]).toEqual([[], new Set(["refused"])]);
  for (const { agency, leftToday } of desk.checksLeft()) {
    expect(leftToday).toBe(50 - certificates.filter((one) => one.agency === agency).length);
  }
  expect(certificates[0]).toMatchObject({ epoch: 1, ruleVersion: 3, verdict: "refused" });
  at.ledgerTakes = desk.verdicts().length === 0;
  expect([at.ledgerTakes, desk.verdicts()]).toEqual([false, []]);
});

test("what no line item names is judged once, for one check, and darkens nobody", async () => {
  const { at, desk, events } = setUp();
  await desk.start(peopleOfEpoch(1));
  at.judge = (request) => Promise.resolve(allRefused(request));
  const ask = { ...demoNeeded, digest: "another", lineItems: [] };
  const [left, told] = [desk.checksLeft()[0]!.leftToday, events.length];
  expect([await desk.judgeAlso(ask), await desk.judgeAlso(ask)]).toEqual(["refused", "refused"]);
  expect(desk.checksLeft()[0]!.leftToday).toBe(left - 1);
  expect(events.slice(told)).toMatchObject([{ kind: "audiences_judged", refused: [] }]);
});

test("a new UTC day begins with a World of its own, where new audiences open", async () => {
  const { at, clock, desk, worlds } = setUp();
  const all = demo.config!.book.lineItems.filter(({ audience }) => audience !== null).length;
  const closed = (): number =>
    tableFrom(worlds.at(-1)!.parts.table).lineItemLive.filter(
      (live) => live === Live.OPENS_TOMORROW,
    ).length;
  at.reading = withAudiences(1);
  await desk.start(peopleOfEpoch(1));
  at.reading = withAudiences(all);
  await desk.reload();
  const day = Math.floor(nowMs / 86_400_000);
  expect([worlds.at(-1)!.parts.rosterDay, closed() > 0]).toEqual([day, true]);
  clock.advance(11 * 3_600_000);
  await desk.lapse();
  expect(closed()).toBeGreaterThan(0);
  clock.advance(3_600_000);
  await desk.lapse();
  expect([worlds.at(-1)!.parts.rosterDay, closed()]).toEqual([day + 1, 0]);
  const published = worlds.length;
  await desk.lapse();
  expect(worlds).toHaveLength(published);
});

test("the forget log is read right before the workers get an epoch", async () => {
  const { at, desk } = setUp();
  const order: string[] = [];
  at.publish = async () => void order.push("publish");
  await desk.start(peopleOfEpoch(1), () => order.push("poll"));
  await desk.adoptPeople(peopleOfEpoch(2), () => order.push("poll"));
  expect(order).toEqual(["poll", "publish", "poll", "publish"]);
});

function withCurrency(reading: ConfigReading, code: string): ConfigReading {
  const { config } = reading;
  if (config === null) throw new Error("the demo's config is sound");
  const [first, ...others] = config.book.advertisers;
  const currency = packAlpha3(code) as CurrencyCode;
  const advertisers = [{ ...first!, currency }, ...others];
  return { ...reading, config: { ...config, book: { ...config.book, advertisers } } };
}

test("an advertiser's other currency is refused, over a restart too, and put back is taken", async () => {
  const { at, desk, worlds } = setUp();
  await desk.start(null);
  at.reading = withCurrency(demo, "JPY");
  expect(await desk.reload()).toBe(false);
  expect(worlds).toHaveLength(1);
  const errors = desk.lastIssues.filter(({ severity }) => severity === "error");
  expect(errors).toHaveLength(1);
  expect(errors[0]?.file).toMatch(/\.yaml$/);
  expect(errors[0]?.message).toMatch(/is booked in [A-Z]{3} and cannot be read as JPY: put/);
  const restarted = setUp();
  restarted.at.reading = at.reading;
  expect(await restarted.desk.start(null)).toBe(false);
  at.reading = demo;
  expect(await desk.reload()).toBe(true);
});

test("a damaged list of currencies stops the start, since money would go unguarded", () => {
  const path = join(root, "advertiser-currencies.json");
  for (const text of ["", "[]", '{"1":"US"}', '{"x":"USD"}']) {
    writeFileSync(path, text);
    expect(() => new AdvertiserCurrencies(path)).toThrow(/currencies.json is damaged: put it back/);
  }
});

test("a config that no World can be built from leaves the last one, also for an epoch", async () => {
  const { at, desk, newest } = setUp();
  at.reading = withAudiences(1);
  await desk.start(null);
  const { lineItems } = newest();
  at.placeOf = () => -1;
  at.reading = withAudiences(2);
  expect(await desk.reload()).toBe(false);
  expect(desk.lastFailure).toMatch(/^line item \d+ gets no allowance: .*Restart/);
  expect(desk.lastIssues.at(-1)).toMatchObject({ severity: "error" });
  at.placeOf = (lineItem) => lineItem;
  expect(await desk.adoptPeople(peopleOfEpoch(1))).toBe(true);
  expect(newest()).toMatchObject({ epoch: 1, lineItems });
});

test("an edit that is seen before the first reading waits for it", async () => {
  const { desk, worlds } = setUp();
  expect(await desk.reload()).toBe(false);
  expect(worlds).toEqual([]);
  expect(desk.servedPeople.parts.epoch).toBe(nobody().parts.epoch);
});

/** People of whom memory lacks the segments whose names match. */
function peopleWithout(pattern: RegExp): People {
  const people = peopleOfEpoch(1);
  const isAway = ([name]: readonly [string, unknown]) => pattern.test(name);
  const absent = [...people.places].filter(isAway).map(([name]) => [name, []] as const);
  const places = [...people.places].filter((entry) => !isAway(entry));
  return { ...people, places: new Map(places), absent: new Map(absent) };
}

test("line items whose planes are not in memory warm up, and live without a count", async () => {
  const counts: number[] = [];
  const { desk, events, newest } = setUp((request) => {
    counts.push(request.audiences.length);
    return Promise.resolve(allCertified(request));
  });
  await desk.start(peopleWithout(/^interest\./));
  const dark = newest().uncertified;
  const warming = desk.warming();
  expect([dark > 0, desk.segmentsMissing, counts.length]).toEqual([true, true, 1]);
  const told = () => events.filter(({ kind }) => kind === "warming");
  const waiting = [...new Set(warming.flatMap(({ lineItems }) => lineItems))].sort((a, b) => a - b);
  expect(told()).toEqual([{ kind: "warming", lineItems: waiting }]);
  expect(waiting).toHaveLength(dark);
  await desk.republish();
  expect(told()).toHaveLength(1);
  expect(await desk.adoptPeople(peopleOfEpoch(1))).toBe(true);
  expect([newest().uncertified, desk.warming(), desk.segmentsMissing]).toEqual([0, [], false]);
  expect(counts).toHaveLength(1);
});

test("an audience that is refused or names others' own segment does not warm up", async () => {
  const { at, desk } = setUp();
  at.judge = (request) => Promise.resolve(allRefused(request));
  await desk.start(peopleWithout(/./));
  expect([desk.warming(), desk.segmentsMissing]).toEqual([[], true]);
  const people = peopleWithout(/./);
  const absent = new Map([...people.absent].map(([name]) => [name, [777]] as const));
  const foreign = setUp();
  await foreign.desk.start({ ...people, absent });
  expect([foreign.desk.warming(), foreign.desk.segmentsMissing]).toEqual([[], false]);
});

test("an edit while the first people are loaded is in the first World", async () => {
  const { at, desk, worlds, newest } = setUp();
  at.reading = withAudiences(0);
  expect(await desk.readFirst()).toBe(true);
  expect(desk.segmentsWanted).toEqual([]);
  at.reading = withAudiences(1);
  expect([await desk.reload(), worlds]).toEqual([false, []]);
  expect(await desk.start(peopleOfEpoch(1))).toBe(true);
  const withOne = withAudiences(1).config?.book.lineItems.length;
  expect([newest().lineItems, desk.segmentsWanted.length > 0]).toEqual([withOne, true]);
});
