import { afterEach, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import { identifierHashOf, Namespace } from "../base/identifier.js";
import type { AgencyId, Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import type { IndexImage } from "../index/index-builder.js";
import { partsOfImage } from "../index/index-parts.js";
import { SegmentIndex } from "../index/segment-index.js";
import {
  behaviour,
  SmallBank,
  type TestPerson,
  testConfig,
  testDaySec,
} from "../testing/small-bank.js";
import { labelStages } from "./aipl/label.js";
import type { Bank } from "./bank.js";
import type { AiplRules, SegmentRule } from "./config/model.js";
import { buildImage } from "./image.js";
import { type Admission, admitSegments } from "./segments/admit.js";
import { evaluateSegments } from "./segments/evaluate.js";

const key = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const random = new SeededRandom(21);
const cookieOf = (ordinal: number): string => `cookie-of-${ordinal}-x`;
const hashOf = (ordinal: number, namespace: Namespace = Namespace.BUYER_UID) =>
  identifierHashOf(namespace, cookieOf(ordinal), 1, key)!;
const keyOf = (ordinal: number, namespace?: Namespace): bigint => {
  const { hi, lo } = hashOf(ordinal, namespace);
  return (BigInt(hi) << 32n) | BigInt(lo);
};

const words = Array.from({ length: 40 }, (_, i) => `c${i}`);
const segments = words.map(
  (word, i): SegmentRule => ({
    ...{ name: `interest.${word}`, label: word, source: "search", recencyDays: 30 },
    ...{ method: "observed", outward: true, agencies: i === 3 ? [5 as AgencyId] : [] },
    rule: { kind: "did", behaviour: behaviour({ touchpoints: ["search"], categories: [word] }) },
  }),
);
const stagesFor = (advertiser: number, agency: number): AiplRules =>
  ({
    ...{ advertiser, agency, word: `w${advertiser}`, label: "Brand" },
    stages: {
      awareness: [behaviour({ touchpoints: ["search"], categories: ["c0", "c1", "c2"] })],
      interest: [],
      purchase: [],
      loyalty: [],
    },
  }) as unknown as AiplRules;
const people = Array.from({ length: 300 }, (_, i): TestPerson => {
  const ordinal = 1 + i * 3;
  const namespaces = [Namespace.BUYER_UID, Namespace.ACCOUNT];
  return {
    ...{ ordinal, area: random.below(4), purposes: random.pick([3, 3, 1, 2, 0]) },
    counts: random.below(4) > 0,
    identifiers: namespaces.map((namespace) => ({ key: keyOf(ordinal, namespace), namespace })),
  };
});
const events = Array.from({ length: 4000 }, () => ({
  ...{ touchpoint: "search", seconds: testDaySec - 50, category: random.pick(words) },
  who: random.pick(people).identifiers[random.below(2)]!.key,
}));

const opened: SmallBank[] = [];
afterEach(() => {
  for (const small of opened.splice(0)) small.close();
});
async function open(): Promise<SmallBank> {
  // Agency 9 comes first in the config: private segments are grouped by agency all the same.
  const aipl = [stagesFor(11, 9), stagesFor(12, 4), stagesFor(13, 9)];
  const small = await SmallBank.open(testConfig({ segments, aipl }));
  opened.push(small);
  await small.writePeople(1, people);
  await small.writeEvents(events);
  await small.writeList(
    4,
    "vips",
    people.slice(0, 30).map((p) => p.identifiers[1]!.key),
    2 ** 31,
  );
  return small;
}

async function build(bank: Bank, admit?: (all: Admission) => Admission) {
  await labelStages(bank, 1);
  const memberships = await evaluateSegments(bank, 1);
  // Everybody passes a minimum below zero: what is built is what was evaluated.
  const all = admitSegments({ ...bank, crowdMinimum: -400 }, memberships);
  return buildImage(bank, 7, memberships, admit === undefined ? all : admit(all));
}

const indexOf = (image: IndexImage): SegmentIndex =>
  SegmentIndex.from(
    partsOfImage(
      image,
      image.planes.map((_, p) => p),
      {
        ...{ createdMs: 0 as UnixMs, notAfterMs: 1 as UnixMs, dictionaryKey: 1 },
      },
    ),
  );

test("an identifier leads to its person's segments and home area, to no other's", async () => {
  const small = await open();
  const { image, segments: entries, areas } = await build(small.bank);
  const index = indexOf(image);
  expect([image.epoch, image.planeCount, areas]).toEqual([7, 2, ["US-CA", "CN-31"]]);
  const row = new Uint32Array(index.rowWords);
  for (const { ordinal, identifiers, area, purposes } of people) {
    const { lo, hi } = hashOf(ordinal);
    const eligible = (purposes! & 1) === 1;
    expect(index.ordinalOf(lo, hi)).toBe(eligible ? ordinal : 0);
    const account = hashOf(ordinal, Namespace.ACCOUNT);
    expect(index.ordinalOf(account.lo, account.hi), "accounts stay in the bank").toBe(0);
    index.rowInto(ordinal as Ordinal, row);
    const own = new Set(
      events.filter((e) => identifiers.some((i) => i.key === e.who)).map((e) => e.category),
    );
    for (const [i, word] of words.entries()) {
      expect((row[i >>> 5]! >>> (i & 31)) & 1).toBe(eligible && own.has(word) ? 1 : 0);
    }
    // Area 3 is none of the config.
    expect(index.homeAreaOf(ordinal as Ordinal)).toBe(eligible && area! < 3 ? area : 0);
  }
  const eligibleCount = people.filter((p) => (p.purposes! & 1) === 1).length;
  const counting = people.filter((p) => (p.purposes! & 1) === 1 && p.counts === true).length;
  expect([image.peopleCount, image.identifierCount]).toEqual([counting, eligibleCount]);
  expect(entries).toHaveLength(40 + 12 + 1);
});

test("the config's segments come first, then private ones by agency", async () => {
  const small = await open();
  const { segments: entries } = await build(small.bank);
  expect(entries.slice(0, 40).map((e) => e.name)).toEqual(segments.map((s) => s.name));
  expect(
    entries.slice(40).map((e) => `${e.agencies.join()} ${e.name.replace(/w\d+\./, "")}`),
  ).toEqual([
    ...["awareness", "interest", "purchase", "loyalty"].map((stage) => `4 aipl.${stage}`),
    "4 list.4.vips",
    ...[1, 2].flatMap(() =>
      ["awareness", "interest", "purchase", "loyalty"].map((stage) => `9 aipl.${stage}`),
    ),
  ]);
  expect(entries.map((e) => e.agencies.length === 0).filter(Boolean)).toHaveLength(39);
  expect(entries[0]).toMatchObject({ label: "c0", source: "search", recencyDays: 30 });
});

test("what was left out leaves no bit, and the others keep their order", async () => {
  const small = await open();
  const { image, segments: entries } = await build(small.bank, ({ kept, areas }) => ({
    areas,
    kept: kept.filter(({ membership }) => membership.segment.name !== "interest.c1"),
    leftOut: [{ name: "interest.c1", why: "below the crowd minimum" }],
  }));
  expect(entries.map((e) => e.name).slice(0, 3)).toEqual([
    "interest.c0",
    "interest.c2",
    "interest.c3",
  ]);
  const row = new Uint32Array(image.planeCount);
  let members = 0;
  const index = indexOf(image);
  for (const { ordinal } of people) {
    index.rowInto(ordinal as Ordinal, row);
    members += (row[0]! >>> 1) & 1;
  }
  const c2 = people.filter(
    ({ purposes, identifiers }) =>
      (purposes! & 1) === 1 &&
      events.some((e) => e.category === "c2" && identifiers.some((i) => i.key === e.who)),
  );
  expect(members).toBe(c2.length);
});

test("the same files give the same bytes", async () => {
  const small = await open();
  const bytesOf = ({ table, planes, home, people: who }: IndexImage): string =>
    [table, ...planes, home, who]
      .flat()
      .map((part) => Buffer.from(part).toString("base64"))
      .join();
  const first = await build(small.bank);
  expect(bytesOf((await build(small.bank)).image)).toBe(bytesOf(first.image));
});

test("without a segment people are still there; too many are refused with advice", async () => {
  const small = await open();
  const { image } = await build(small.bank, ({ areas }) => ({
    ...{ areas, kept: [], leftOut: [] },
  }));
  expect([image.planeCount, image.peopleCount > 0]).toEqual([0, true]);
  const many = ({ kept, areas }: Admission): Admission => ({
    ...{ areas, kept: Array.from({ length: 4097 }, () => kept[0]!), leftOut: [] },
  });
  await expect(build(small.bank, many)).rejects.toThrow(
    /4097 segments.*holds 4096.*outward: false/,
  );
});

test("the index tells who went into whom, and nothing of who is gone", async () => {
  const small = await open();
  const day = "2026-11-20";
  const retired = [
    ...[
      { ordinal: 5001, day, into: 9 },
      { ordinal: 5002, day, into: 0 },
    ],
    ...[
      { ordinal: 5003, day, into: 4 },
      { ordinal: 5000, day, into: 9 },
    ],
  ];
  await small.writePeople(1, people, retired);
  const { merges } = indexOf((await build(small.bank)).image);
  const pairs = Array.from({ length: merges.count }, (_, i) => merges.earlier(i));
  expect(pairs).toEqual([5003, 5000, 5001]);
  expect([4, 9].map((ordinal) => merges.firstInto(ordinal))).toEqual([0, 1]);
});
