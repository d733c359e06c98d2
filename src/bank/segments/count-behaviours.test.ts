import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBit } from "../../base/bitset.js";
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
import type { Behaviour } from "../config/model.js";
import { countBehaviours } from "./count-behaviours.js";
import { behaviourKey } from "./count-plan.js";
import { loadPeople } from "./people.js";

const day = 86_400;
const currencies: Readonly<Record<string, string>> = { US: "USD", CN: "CNY", EU: "EUR" };
const purposeBits: Readonly<Record<string, number>> = { commerce: 1, search: 1, ad: 2 };

/** Ordinals that show a behaviour, one person and one row after the other. */
function oracle(people: readonly TestPerson[], events: readonly TestEvent[], b: Behaviour) {
  const takes = (asked: readonly string[], word: string | null | undefined): boolean =>
    asked.length === 0 || (word != null && asked.includes(word));
  return people
    .filter(({ purposes = 3, identifiers }) => {
      let rows = 0;
      const amounts = new Map<string, number>();
      for (const e of events) {
        if (!identifiers.some(({ key }) => key === e.who)) continue;
        if ((purposes & purposeBits[e.touchpoint]!) === 0) continue;
        if (!b.touchpoints.includes(e.touchpoint)) continue;
        if (e.seconds >= testDaySec || e.seconds < testDaySec - b.withinDays * day) continue;
        if (!takes(b.behaviours, e.behaviour) || !takes(b.categories, e.category)) continue;
        if (!takes(b.brands, e.brand) || !takes(b.sources, e.source)) continue;
        if (!takes(b.markets, e.market)) continue;
        const currency = currencies[e.market!]!;
        if (b.amountMicros !== null && !b.amountMicros.has(currency)) continue;
        rows++;
        amounts.set(currency, (amounts.get(currency) ?? 0) + (e.amount ?? 0));
      }
      if (rows < b.count) return false;
      if (b.amountMicros === null) return true;
      return [...b.amountMicros].some(([currency, least]) => (amounts.get(currency) ?? 0) >= least);
    })
    .map(({ ordinal }) => ordinal);
}

async function holdersOf(bank: Bank, behaviours: readonly Behaviour[]): Promise<number[][]> {
  const people = await loadPeople(bank, 1);
  const holders = await countBehaviours(bank, people, behaviours, "segments");
  return behaviours.map((b) => {
    const bits = holders.get(behaviourKey(b))!;
    return Array.from({ length: people.rowCount }, (_, o) => o).filter((o) => hasBit(bits, o));
  });
}

const random = new SeededRandom(11);
const wordsOf = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${kind}${i}`);
const some = (words: readonly string[]): string[] =>
  random.below(2) === 0 ? [] : words.filter(() => random.below(words.length) < 2);
const orNull = <T>(value: T): T | null => (random.below(5) === 0 ? null : value);

function randomPeople(count: number): TestPerson[] {
  let key = 1n;
  return Array.from({ length: count }, (_, i) => ({
    ordinal: 1 + i * 2,
    purposes: random.pick([0, 1, 2, 3, 3, 3]),
    market: orNull(random.pick(["US", "CN", "EU"])),
    // Keys above 2^63, as hashes are.
    identifiers: Array.from({ length: 1 + random.below(3) }, () => ({
      key: 2n ** 63n + key++ * 7n,
      namespace: 1,
    })),
  }));
}

type Words = { readonly category: string[]; readonly brand: string[]; readonly source: string[] };

function randomEvents(people: readonly TestPerson[], words: Words, count: number): TestEvent[] {
  return Array.from({ length: count }, () => ({
    touchpoint: random.pick(["commerce", "search", "ad"]),
    // One in ten is of somebody whom the bank does not know.
    who: random.below(10) === 0 ? 5n : random.pick(random.pick(people).identifiers).key,
    seconds: testDaySec - random.below(40) * day + random.pick([-1, 0, 1, 500]),
    market: random.pick(["US", "CN", "EU"]),
    behaviour: random.pick(["view", "order", "it's"]),
    category: orNull(random.pick(words.category)),
    brand: orNull(random.pick(words.brand)),
    source: orNull(random.pick(words.source)),
    amount: orNull(random.below(200) - 20),
  }));
}

const randomBehaviour = (words: Words): Behaviour =>
  behaviour({
    touchpoints: random.pick([["commerce"], ["commerce", "search"], ["ad"], ["ad", "search"]]),
    behaviours: some(["view", "order", "it's"]),
    ...{ categories: some(words.category), brands: some(words.brand) },
    ...{ sources: some(words.source), markets: some(["US", "CN", "EU"]) },
    ...{ withinDays: random.pick([1, 2, 15, 30, 365]), count: random.pick([1, 1, 1, 2, 3]) },
    amountMicros: random.pick([null, null, new Map([["USD", 100]]), twoCurrencies]),
  });
const twoCurrencies = new Map([
  ["CNY", 150],
  ["USD", 90],
]);

describe.each([
  ["few words, whose codes are all listed", 3],
  ["so many words that codes are asked of the data", 50],
])("against one person and one row after the other, %s", (_, wordCount) => {
  const words = {
    category: wordsOf("c", wordCount),
    brand: wordsOf("b", wordCount),
    source: wordsOf("s", wordCount),
  };
  const people = randomPeople(150);
  const events = randomEvents(people, words, 6000);
  const behaviours = Array.from({ length: 70 }, () => randomBehaviour(words));
  // All words of all columns are asked for at least once.
  behaviours.push(behaviour({ touchpoints: ["commerce"], categories: words.category }));
  behaviours.push(behaviour({ touchpoints: ["commerce"], brands: words.brand, count: 4 }));
  behaviours.push(behaviour({ touchpoints: ["commerce"], sources: words.source }));
  const wanted = behaviours.map((b) => oracle(people, events, b));
  let small: SmallBank;
  beforeAll(async () => {
    small = await SmallBank.open(testConfig({}));
    await small.writePeople(1, people);
    await small.writeEvents(events.slice(0, 3500));
    await small.writeEvents(events.slice(3500));
  });
  afterAll(() => small.close());

  test("everybody is found, nobody else", async () => {
    expect(await holdersOf(small.bank, behaviours)).toEqual(wanted);
    const sizes = wanted.map((ordinals) => ordinals.length);
    expect(sizes.filter((size) => size > 0 && size < 100).length).toBeGreaterThan(20);
  });

  test("people in slices of 32 give the same as all at once", async () => {
    const passes: number[] = [];
    const bank = small.with({
      limits: { memoryMb: 0.001, threads: 1 },
      report: (_stage, done) => void passes.push(done),
    });
    expect(await holdersOf(bank, behaviours)).toEqual(wanted);
    expect(new Set(passes)).toContain(288);
  });
});

test("a window starts with its first second and ends before the day's first", async () => {
  const small = await SmallBank.open(testConfig({}));
  try {
    const at = [-15 * day - 1, -15 * day, -1, 0].map((offset) => testDaySec + offset);
    await small.writePeople(
      1,
      at.map((_, i) => ({ ordinal: i + 1, identifiers: [{ key: BigInt(i + 1), namespace: 1 }] })),
    );
    await small.writeEvents(
      at.map((seconds, i) => ({ touchpoint: "search", who: BigInt(i + 1), seconds })),
    );
    const found = await holdersOf(small.bank, [
      behaviour({ touchpoints: ["search"], withinDays: 15 }),
      behaviour({ touchpoints: ["search"], withinDays: 100_000 }),
    ]);
    expect(found).toEqual([
      [2, 3],
      [1, 2, 3],
    ]);
  } finally {
    small.close();
  }
});

test("300 rows are still more than 254, and a bank without events has no holders", async () => {
  const small = await SmallBank.open(testConfig({}));
  try {
    await small.writePeople(1, [{ ordinal: 1, identifiers: [{ key: 9n, namespace: 1 }] }]);
    const often = behaviour({ touchpoints: ["commerce"], count: 255 });
    expect(await holdersOf(small.bank, [often])).toEqual([[]]);
    const event = { touchpoint: "commerce", who: 9n, seconds: testDaySec - 5 };
    await small.writeEvents(Array.from({ length: 300 }, () => event));
    expect(await holdersOf(small.bank, [often, behaviour({ touchpoints: ["ad"] })])).toEqual([
      [1],
      [],
    ]);
  } finally {
    small.close();
  }
});
