import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { labelStages } from "../bank/aipl/label.js";
import type { AiplRules, Touchpoint } from "../bank/config/model.js";
import { sqlParquet } from "../bank/duck.js";
import { eventFiles } from "../bank/ingest/duplicates.js";
import { ingest } from "../bank/ingest/ingest.js";
import { tryLock } from "../bank/lock.js";
import type { AdvertiserId, AgencyId, Ordinal } from "../base/ids.js";
import { NoticeKind } from "../base/lists.js";
import { ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { behaviour, SmallBank, testConfig, testDaySec } from "../testing/small-bank.js";
import { exposureLockOf } from "./data-folder.js";
import { exposureFiles } from "./exposure-file.js";
import { scrubExposures } from "./exposure-scrub.js";
import { appendForget } from "./forget-log.js";

/** Stages of the advertiser whose line items the bidder serves. */
const brands = ["north"];
const rules: AiplRules = {
  ...{ advertiser: 7 as AdvertiserId, agency: 1 as AgencyId, word: "north", label: "North" },
  stages: {
    awareness: [behaviour({ touchpoints: ["ad"], behaviours: ["exposure"], brands })],
    interest: [behaviour({ touchpoints: ["ad"], behaviours: ["click"], brands })],
    purchase: [],
    loyalty: [],
  },
};
const { touchpoints, ...rest } = testConfig({ aipl: [rules] });
const ad: Touchpoint = {
  ...touchpoints.get("ad")!,
  ...{ markets: ["US"], behaviours: ["exposure", "click"], retentionDays: 90 },
};
const config = { ...rest, touchpoints: new Map([...touchpoints, ["ad", ad] as const]) };

let small: SmallBank;
let data = "";
let log = "";
const now = { ms: 0 };
const person = (ordinal: number) => ({
  ...{ ordinal, identifiers: [{ key: BigInt(1000 + ordinal), namespace: 1 }] },
});
beforeEach(async () => {
  small = await SmallBank.open(config);
  data = join(small.bank.folders.root, "..");
  log = join(data, "exposures");
  // 43 became 42, 44 is somebody else, 45 is not there any more.
  const retired = [{ ordinal: 43, day: "2026-11-25", into: 42 }];
  await small.writePeople(1, [person(42), person(44)], retired);
  now.ms = (testDaySec - 3600) * 1000;
});
afterEach(() => small.close());

/** Yesterday's bidder: what it showed to whom, and a click. */
function serve(mark = "ab"): ExposureBoot {
  const boot = new ExposureBoot(data, new FaultyFolder(), now, mark);
  boot.adopt([], 1);
  for (const ordinal of [43, 44, 45]) {
    const bid = boot.bid({ ordinal }, 50)!;
    boot.notify(bid);
    if (ordinal === 44) boot.notify(bid, NoticeKind.CLICK);
  }
  return boot;
}

const stages = (): Promise<{ ordinal: number; stage: number }[]> =>
  small.bank.duck.rows(
    `SELECT ordinal, stage FROM ${sqlParquet([small.bank.folders.aiplOf("2026-11-26")])}
      ORDER BY ordinal`,
  );
const counts = async () => {
  const { touchpoints: taken, warnings, refused } = await ingest(small.bank, null, log);
  expect([warnings, refused]).toEqual([[], []]);
  return taken.map(({ accepted, duplicates, quarantined }) => [accepted, duplicates, quarantined]);
};
const text = (): string =>
  exposureFiles(log)
    .map(({ path }) => readFileSync(path, "latin1"))
    .join("");

test("what crowdbid showed yesterday makes awareness today, a click interest", async () => {
  serve().loop.close();
  expect(await counts()).toEqual([[3, 0, { no_identifier: 1 }]]);
  const events = await small.bank.duck.rows(
    `SELECT who, market, behaviour, brand FROM ${sqlParquet(eventFiles(small.bank, "ad"))}
      ORDER BY who, behaviour`,
  );
  expect(events).toEqual([
    { who: "1042", market: "US", behaviour: "exposure", brand: "north" },
    { who: "1044", market: "US", behaviour: "click", brand: "north" },
    { who: "1044", market: "US", behaviour: "exposure", brand: "north" },
  ]);
  await labelStages(small.bank, 1);
  expect(await stages()).toEqual([
    { ordinal: 42, stage: 1 },
    { ordinal: 44, stage: 2 },
  ]);
  expect(await counts()).toEqual([]);
});

test("the day that is written and live files are not taken in", async () => {
  const boot = serve();
  expect(await counts()).toEqual([]);
  now.ms += 3_700_000;
  boot.notify(boot.bid({ ordinal: 44 }, 50)!);
  boot.loop.close();
  expect(exposureFiles(log).map(({ day, live }) => [day, live])).toEqual([
    ["2026-11-25", false],
    ["2026-11-26", false],
  ]);
  expect(await counts()).toEqual([[3, 0, { no_identifier: 1 }]]);
});

test("forgetting rewrites the log, also what a bidder writes, and its rows come in once", async () => {
  const boot = serve();
  const lock = tryLock(exposureLockOf(log));
  if (!lock.ok) throw new Error("the lock is free");
  try {
    appendForget(join(data, "forget.log"), [44 as Ordinal]);
    // The bidder has not heard of it yet.
    const early = await scrubExposures(log, join(data, "forget.log"), 200);
    expect(early.refused).toHaveLength(1);
    expect(text()).toContain(",44,");
    now.ms += 1500;
    boot.loop.step();
    boot.notify(boot.bid({ ordinal: 44 }, 50)!);
    boot.notify(boot.bid({ ordinal: 42 }, 50)!);
    const done = await scrubExposures(log, join(data, "forget.log"), 200);
    expect(done).toEqual({ files: 2, refused: [] });
    expect(text()).not.toContain(",44,");
    expect(text().match(/,4[23],/g)).toHaveLength(2);
    boot.loop.close();
    expect(await counts()).toEqual([[2, 0, { no_identifier: 1 }]]);
    appendForget(join(data, "forget.log"), [45 as Ordinal]);
    await scrubExposures(log, join(data, "forget.log"), 200);
    expect(text()).not.toContain(",45,");
    // Another content is another file: its rows are known by their event ids.
    expect(await counts()).toEqual([[0, 1, {}]]);
  } finally {
    lock.lock.release();
  }
});

test("files that a crash left live are closed and rewritten where no bidder runs", async () => {
  serve();
  expect(exposureFiles(log).map(({ live }) => live)).toEqual([true]);
  appendForget(join(data, "forget.log"), [44 as Ordinal]);
  expect(await scrubExposures(log, join(data, "forget.log"))).toEqual({ files: 1, refused: [] });
  expect(text()).not.toContain(",44,");
  expect(exposureFiles(log).map(({ live, forgets }) => [live, forgets])).toEqual([[false, 1]]);
});
