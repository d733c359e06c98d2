import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crowdMarginPeople } from "../base/crowd-minimum.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { emptyBook } from "../campaign/certificate-book.js";
import type { AudienceExpression } from "../campaign/model.js";
import { Live, tableFrom } from "../campaign/table.js";
import { SegmentIndex } from "../index/segment-index.js";
import { smallFacts, smallImage } from "../testing/small-snapshot.js";
import { AdvertiserCurrencies } from "./advertiser-currencies.js";
import { forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { appendForget } from "./forget-log.js";
import { openKeyFiles } from "./key-files.js";
import { PeopleDesk } from "./people-desk.js";
import { readConfigForm } from "./read-config.js";
import { realClock } from "./real-clock.js";
import { RetiredCreatives } from "./retired-creatives.js";
import { RosterFile } from "./roster-file.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import { SnapshotRefusals } from "./snapshot-refusals.js";
import { writeSnapshot } from "./snapshot-write.js";
import { judgeAudiences } from "./term-count.js";
import { WorldDesk } from "./world-desk.js";

/**
 * More segments than memory holds; the real files, loader and count. Any 20 people are
 * a crowd, whatever the noise.
 */
const segmentCount = 1200;
const crowdMinimum = 20 - 2 * crowdMarginPeople;
const demo = readConfigForm("config/demo");
const targeted = demo.config!.book.lineItems.filter(({ audience }) => audience !== null);

let root = "";
let people: PeopleDesk | null = null;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "people-planes-"));
});
afterEach(() => {
  people?.stop();
  rmSync(root, { recursive: true });
});

/** The demo's config with one line item for each audience and its contextual ones. */
function readingOf(audiences: readonly AudienceExpression[]) {
  const { config } = demo;
  const book = config!.book;
  const ours = audiences.map((audience, i) => {
    const lineItem = targeted[i]!;
    return { ...lineItem, audience, price: { ...lineItem.price, personModifiers: [] } };
  });
  const contextual = book.lineItems.filter(({ audience }) => audience === null);
  return {
    ...demo,
    config: { ...config!, book: { ...book, lineItems: [...ours, ...contextual] } },
  };
}

function publish(agencies: ReadonlyMap<string, readonly number[]> = new Map()): void {
  const { identifierKeyId, signing } = openKeyFiles(root);
  const segments = smallFacts(segmentCount).segments.map((one) => ({
    ...{ ...one, agencies: agencies.get(one.name) ?? [] },
  }));
  const createdMs = realClock.nowMs();
  const life = { createdMs, notAfterMs: (createdMs + 3_600_000) as UnixMs, identifierKeyId };
  const { image } = smallImage(3, 300, segmentCount, 1);
  const facts = smallFacts(segmentCount, { ...life, segments });
  writeSnapshot(snapshotsFolderOf(root), image, facts, signing);
}

function setUp(audiences: readonly AudienceExpression[]) {
  const at = { reading: readingOf(audiences), warmed: [] as (readonly number[])[], loads: 0 };
  const keys = openKeyFiles(root);
  const desk = new WorldDesk({
    ...{ clock: realClock, publicUrl: "https://bid.test.example", placeOf: (one: number) => one },
    readConfig: () => at.reading,
    judge: (request) => Promise.resolve(judgeAudiences(request, crowdMinimum)),
    judgeContext: {
      ...{ snapshotsFolder: snapshotsFolderOf(root), forgetLog: forgetLogOf(root) },
      ...{ trust: trustOf(keys), crowdKey: keys.crowdKey, nowMs: realClock.nowMs },
    },
    certificateStore: { ok: true, state: emptyBook(), save: () => undefined },
    roster: new RosterFile(join(root, "asking-roster.json"), keys.askingKey, () => undefined),
    retired: new RetiredCreatives(join(root, "landing-pages.json")),
    currencies: new AdvertiserCurrencies(join(root, "advertiser-currencies.json")),
    publish: async () => undefined,
    report: (event) => {
      if (event.kind === "warming") at.warmed.push(event.lineItems);
    },
  });
  const refusals = new SnapshotRefusals();
  people = new PeopleDesk({
    ...{
      dataFolder: root,
      configFolder: "config/demo",
      keys,
      desk,
      refusals,
      demoProgress: () => undefined,
    },
    log: { error: () => undefined, warn: () => undefined },
    load: (request) => {
      at.loads++;
      return loadNewestSnapshot(request);
    },
  });
  const liveOf = (): readonly boolean[] => {
    const table = tableFrom(desk.current!.built.parts.table);
    return at.reading.config.book.lineItems
      .filter(({ audience }) => audience !== null)
      .map(({ id }) => table.lineItemLive[table.lineItemId.indexOf(id)] === Live.LIVE);
  };
  return { at, desk, people, refusals, liveOf };
}

test("of 1,200 segments those in use are in memory, and an edit brings others in", async () => {
  publish();
  const { at, desk, people, liveOf } = setUp(["group.s40"]);
  expect(await people.start(true)).toBe(true);
  expect(desk.servedPeople.parts.planes).toEqual([1]);
  expect(liveOf()).toEqual([true]);
  at.reading = readingOf(["group.s40", { all: ["group.s41", { none: ["group.s999"] }] }]);
  expect(await desk.reload()).toBe(true);
  expect([liveOf(), at.warmed]).toEqual([[true, false], [[targeted[1]!.id]]]);
  const before = desk.servedPeople;
  appendForget(forgetLogOf(root), [9] as Ordinal[]);
  expect(await people.refresh()).toBe(true);
  expect(desk.servedPeople.parts.planes).toEqual([1, 31]);
  expect([liveOf(), desk.warming(), at.loads]).toEqual([[true, true], [], 2]);
  for (const { parts } of [before, desk.servedPeople]) {
    expect(SegmentIndex.from(parts).isSuppressed(9 as Ordinal)).toBe(true);
  }
  expect([await people.refresh(), at.loads]).toEqual([false, 2]);
});

test("segments in more planes than fit are refused with a reason, and the World stays", async () => {
  publish();
  const { at, desk, people, refusals, liveOf } = setUp(["group.s40"]);
  await people.start(true);
  const wide = Array.from({ length: 17 }, (_, plane) => `group.s${plane * 32}`);
  at.reading = readingOf(["group.s40", { all: wide }, { any: wide }]);
  await desk.reload();
  expect(await people.refresh()).toBe(false);
  expect(refusals.last).toMatchObject({ code: "dictionary", words: /17 planes of 32, at most 16/ });
  expect(liveOf()).toEqual([true, false, false]);
  expect(desk.servedPeople.parts.planes).toEqual([1]);
  at.reading = readingOf(["group.s40", { any: wide.slice(1) }]);
  await desk.reload();
  expect([await people.refresh(), liveOf()]).toEqual([true, [true, true]]);
});

test("others' own segment neither loads a plane nor warms up nor is counted", async () => {
  const { campaign } = targeted[0]!;
  const { campaigns, advertisers } = demo.config!.book;
  const owner = campaigns.find(({ id }) => id === campaign)?.advertiser;
  const agency = advertisers.find(({ id }) => id === owner)!.agency;
  publish(
    new Map([
      ["group.s700", [agency + 1]],
      ["group.s800", [agency]],
    ]),
  );
  const { desk, people, liveOf, at } = setUp(["group.s700"]);
  await people.start(true);
  expect([desk.servedPeople.parts.planes, liveOf(), at.warmed]).toEqual([[], [false], []]);
  expect(desk.verdicts().map(({ verdict }) => verdict)).toEqual(["unknown_segment"]);
  at.reading = readingOf(["group.s800"]);
  await desk.reload();
  expect([await people.refresh(), liveOf()]).toEqual([true, [true]]);
  expect(desk.servedPeople.parts.epoch).toBe(1 as Epoch);
});
