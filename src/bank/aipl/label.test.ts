import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { AdvertiserId, AgencyId } from "../../base/ids.js";
import { SeededRandom } from "../../base/random.js";
import {
  behaviour,
  SmallBank,
  type TestEvent,
  type TestPerson,
  testConfig,
  testDaySec,
} from "../../testing/small-bank.js";
import type { Bank } from "../bank.js";
import type { AiplRules } from "../config/model.js";
import { compareStages } from "./compare.js";
import { labelStages } from "./label.js";

const day = 86_400;
const rulesOf = (advertiser: number, brand: string): AiplRules => {
  const brands = [brand];
  const order = { touchpoints: ["commerce"], behaviours: ["order"], brands, withinDays: 365 };
  return {
    ...{ advertiser: advertiser as AdvertiserId, agency: 1 as AgencyId, word: brand, label: brand },
    stages: {
      awareness: [
        behaviour({ touchpoints: ["ad"], behaviours: ["exposure"], brands, withinDays: 15 }),
        behaviour({ touchpoints: ["search"], brands, withinDays: 15 }),
      ],
      interest: [
        behaviour({ touchpoints: ["commerce"], behaviours: ["view"], brands, withinDays: 15 }),
      ],
      purchase: [behaviour(order)],
      loyalty: [behaviour({ ...order, count: 2 })],
    },
  };
};
const config = testConfig({ aipl: [rulesOf(11, "north"), rulesOf(12, "south")] });

const person = (ordinal: number, purposes = 3): TestPerson => ({
  ...{ ordinal, purposes },
  identifiers: [{ key: BigInt(ordinal), namespace: 1 }],
});
const did = (ordinal: number, touchpoint: string, word: string, daysAgo: number): TestEvent => ({
  ...{ touchpoint, who: BigInt(ordinal), behaviour: word, brand: "north" },
  seconds: testDaySec - daysAgo * day,
});

const opened: SmallBank[] = [];
afterEach(() => {
  for (const small of opened.splice(0)) small.close();
});
async function open(people: readonly TestPerson[], events: readonly TestEvent[]) {
  const small = await SmallBank.open(config);
  opened.push(small);
  await small.writePeople(1, people);
  if (events.length > 0) await small.writeEvents(events);
  return small;
}

type Label = { ordinal: number; advertiser: number; stage: number };
const labelsOf = (bank: Bank, name: string): Promise<Label[]> =>
  bank.duck.rows<Label>(
    `SELECT ordinal, advertiser, stage FROM '${bank.folders.aiplOf(name)}' ORDER BY ALL`,
  );
const stagesOf = async (bank: Bank, name: string, advertiser = 11): Promise<[number, number][]> =>
  (await labelsOf(bank, name))
    .filter((label) => label.advertiser === advertiser)
    .map(({ ordinal, stage }) => [ordinal, stage]);

test("loyalty, purchase, interest, awareness: one label a person, the highest", async () => {
  const small = await open(
    [1, 2, 3, 4, 5].map((o) => person(o)),
    [
      did(1, "ad", "exposure", 1),
      ...[did(2, "ad", "exposure", 1), did(2, "commerce", "view", 2)],
      ...[did(3, "commerce", "view", 1), did(3, "commerce", "order", 300)],
      ...[
        did(4, "ad", "exposure", 1),
        did(4, "commerce", "order", 9),
        did(4, "commerce", "order", 8),
      ],
      did(5, "search", "anything", 3),
    ],
  );
  const result = await labelStages(small.bank, 1);
  expect(result).toEqual({ day: "2026-11-26", made: true, labels: 5 });
  expect(await stagesOf(small.bank, "2026-11-26")).toEqual([
    ...[
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 1],
    ],
  ]);
  expect(await stagesOf(small.bank, "2026-11-26", 12)).toEqual([]);
});

test("awareness and interest lapse after 15 days, purchase and loyalty after 365", async () => {
  const small = await open(
    [1, 2, 3, 4].map((o) => person(o)),
    [
      ...[did(1, "ad", "exposure", 15), did(2, "commerce", "view", 15)],
      ...[did(3, "commerce", "order", 365), did(4, "commerce", "order", 365)],
      did(4, "commerce", "order", 364),
    ],
  );
  await labelStages(small.bank, 1);
  expect(await stagesOf(small.bank, "2026-11-26")).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
  await labelStages(small.with({ asOfSec: testDaySec + day }), 1);
  expect(await stagesOf(small.bank, "2026-11-27")).toEqual([[4, 3]]);
});

test("yesterday's exposure is today's awareness, today's is tomorrow's", async () => {
  const small = await open(
    [person(1), person(2)],
    [did(1, "ad", "exposure", 1 / day), did(2, "ad", "exposure", 0)],
  );
  await labelStages(small.bank, 1);
  expect(await stagesOf(small.bank, "2026-11-26")).toEqual([[1, 1]]);
  await labelStages(small.with({ asOfSec: testDaySec + day }), 1);
  expect(await stagesOf(small.bank, "2026-11-27")).toEqual([
    [1, 1],
    [2, 1],
  ]);
});

test("who withdrew a purpose is not labelled by its touch-points", async () => {
  const small = await open(
    [person(1, 1), person(2, 2), person(3, 0)],
    [...[1, 2, 3].flatMap((o) => [did(o, "ad", "exposure", 1), did(o, "commerce", "order", 1)])],
  );
  await labelStages(small.bank, 1);
  // Shops are used for advertising, ads for measurement.
  expect(await stagesOf(small.bank, "2026-11-26")).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

test("a day is labelled once, and the same day again gives the same bytes", async () => {
  const small = await open([person(1), person(2)], [did(1, "search", "x", 1)]);
  const file = small.bank.folders.aiplOf("2026-11-26");
  await labelStages(small.bank, 1);
  const first = readFileSync(file);
  rmSync(file);
  await labelStages(small.bank, 1);
  expect(readFileSync(file).equals(first)).toBe(true);
  await small.writeEvents([did(2, "search", "x", 1)]);
  expect((await labelStages(small.bank, 1)).made).toBe(false);
  expect(readFileSync(file).equals(first)).toBe(true);
  expect(existsSync(`${small.bank.folders.writing}/aipl-2026-11-26.parquet`)).toBe(false);
});

/** The rules again in the words of the design, one person after the other. */
function naiveStages(events: readonly TestEvent[], people: number, brand: string, asOf: number) {
  const labels: [number, number][] = [];
  for (let ordinal = 1; ordinal <= people; ordinal++) {
    const own = events.filter((e) => e.who === BigInt(ordinal) && e.brand === brand);
    const rows = (touchpoint: string, word: string | null, days: number): number =>
      own.filter(
        (e) =>
          e.touchpoint === touchpoint &&
          (word === null || e.behaviour === word) &&
          e.seconds < asOf &&
          e.seconds >= asOf - days * day,
      ).length;
    const orders = rows("commerce", "order", 365);
    if (orders >= 2) labels.push([ordinal, 4]);
    else if (orders === 1) labels.push([ordinal, 3]);
    else if (rows("commerce", "view", 15) > 0) labels.push([ordinal, 2]);
    else if (rows("ad", "exposure", 15) + rows("search", null, 15) > 0) labels.push([ordinal, 1]);
  }
  return labels;
}

test("flows between two days add up to the change of each stage", async () => {
  const random = new SeededRandom(5);
  const people = Array.from({ length: 80 }, (_, i) => person(i + 1));
  const events = Array.from({ length: 900 }, () => ({
    ...did(1 + random.below(80), random.pick(["ad", "search", "commerce"]), "", random.below(60)),
    behaviour: random.pick(["exposure", "view", "view", "order"]),
    brand: random.pick(["north", "south", "west"]),
  }));
  const small = await open(people, events);
  const earlier = small.with({ asOfSec: testDaySec - 20 * day });
  await labelStages(earlier, 1);
  await labelStages(small.bank, 1);
  const flows = await compareStages(small.bank, 1, "2026-11-06", "2026-11-26");
  expect(flows.map(({ advertiser }) => advertiser)).toEqual([11, 12]);
  for (const { advertiser, people: flow } of flows) {
    const before = await stagesOf(small.bank, "2026-11-06", advertiser);
    const after = await stagesOf(small.bank, "2026-11-26", advertiser);
    const brand = advertiser === 11 ? "north" : "south";
    expect(after).toEqual(naiveStages(events, 80, brand, testDaySec));
    expect(before).toEqual(naiveStages(events, 80, brand, testDaySec - 20 * day));
    for (let stage = 1; stage <= 4; stage++) {
      const out = flow[stage]!.reduce((sum, n) => sum + n, 0);
      const into = flow.reduce((sum, row) => sum + row[stage]!, 0);
      expect(out).toBe(before.filter(([, s]) => s === stage).length);
      expect(into).toBe(after.filter(([, s]) => s === stage).length);
    }
    expect(flow[0]![0]).toBe(0);
    expect(flow[1]![4]! + flow[2]![4]! + flow[0]![3]!).toBeGreaterThan(0);
  }
  const same = await compareStages(small.bank, 1, "2026-11-26", "2026-11-26");
  expect(same[0]!.people.every((row, a) => row.every((n, b) => a === b || n === 0))).toBe(true);
});

test("who merged since brings the label along, the higher one; who is gone has none", async () => {
  const small = await open(
    [1, 2, 3, 4, 5].map((o) => person(o)),
    [
      ...[did(1, "ad", "exposure", 1), did(2, "commerce", "order", 1)],
      ...[did(3, "commerce", "view", 1), did(4, "search", "x", 1), did(5, "search", "x", 1)],
    ],
  );
  await labelStages(small.bank, 1);
  // 2 went into 1; 3 into 6 and 6 into 7 later; 4 is gone; 5 had another owner long before.
  await small.writePeople(
    2,
    [person(1), person(5), person(7)],
    [
      ...[
        { ordinal: 2, day: "2026-11-26", into: 1 },
        { ordinal: 3, day: "2026-11-27", into: 6 },
      ],
      ...[
        { ordinal: 6, day: "2026-11-28", into: 7 },
        { ordinal: 4, day: "2026-11-28", into: 0 },
      ],
      { ordinal: 5, day: "2026-08-01", into: 1 },
    ],
  );
  const [flow] = await compareStages(small.bank, 2, "2026-11-26", "2026-11-26");
  // Of 1 and 2 the purchase stays, 7 has 3's interest, 5 its own awareness.
  expect(flow!.people.map((row, stage) => row[stage])).toEqual([0, 1, 1, 1, 0]);
});

test("a day without labels and an epoch without people are named", async () => {
  const small = await open([person(1)], []);
  await labelStages(small.bank, 1);
  const refused = compareStages(small.bank, 1, "2026-11-25", "2026-11-26");
  await expect(refused).rejects.toThrow(/no stages of 2026-11-25/);
  await expect(labelStages(small.with({ asOfSec: testDaySec + day }), 9)).rejects.toThrow(
    /epoch 9 has no people/,
  );
});
