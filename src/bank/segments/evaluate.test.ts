import { afterEach, expect, test } from "vitest";
import { bitWords, hasBit } from "../../base/bitset.js";
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
import { labelStages } from "../aipl/label.js";
import type { Bank } from "../bank.js";
import type { AiplRules, Rule, SegmentRule } from "../config/model.js";
import { evaluateSegments } from "./evaluate.js";
import { matchLists } from "./lists.js";
import { loadPeople } from "./people.js";

const day = 86_400;
const agency = (id: number): AgencyId => id as AgencyId;
const segment = (name: string, rule: Rule, over: Partial<SegmentRule> = {}): SegmentRule => ({
  ...{ name, label: name, source: "mixed", recencyDays: 30, method: "observed", outward: true },
  ...{ agencies: [], rule, ...over },
});
const searched = (category: string): Rule => ({
  kind: "did",
  behaviour: behaviour({ touchpoints: ["search"], categories: [category] }),
});
const part = (name: string): Rule => ({ kind: "segment", name });
const list = (name: string, of = 1): Rule => ({ kind: "list", agency: agency(of), name });
const north: AiplRules = {
  ...{ advertiser: 11 as AdvertiserId, agency: agency(2), word: "north", label: "North" },
  stages: {
    awareness: [behaviour({ touchpoints: ["ad"], brands: ["north"], withinDays: 15 })],
    interest: [],
    purchase: [behaviour({ touchpoints: ["commerce"], brands: ["north"], withinDays: 365 })],
    loyalty: [
      behaviour({ touchpoints: ["commerce"], brands: ["north"], withinDays: 365, count: 2 }),
    ],
  },
};
const person = (ordinal: number, over: Partial<TestPerson> = {}): TestPerson => ({
  ...{ ordinal, identifiers: [{ key: BigInt(ordinal), namespace: 1 }], ...over },
});
const searches = (ordinal: number, category: string): TestEvent => ({
  ...{ touchpoint: "search", who: BigInt(ordinal), seconds: testDaySec - day, category },
});

const opened: SmallBank[] = [];
afterEach(() => {
  for (const small of opened.splice(0)) small.close();
});
async function open(
  segments: readonly SegmentRule[],
  people: readonly TestPerson[],
  events: readonly TestEvent[] = [],
  aipl: readonly AiplRules[] = [],
): Promise<SmallBank> {
  const small = await SmallBank.open(testConfig({ segments, aipl }));
  opened.push(small);
  await small.writePeople(1, people);
  if (events.length > 0) await small.writeEvents(events);
  return small;
}

/** Members by segment, in dictionary order. */
async function members(bank: Bank): Promise<Record<string, number[]>> {
  await labelStages(bank, 1);
  const { people, segments } = await evaluateSegments(bank, 1);
  const ordinals = Array.from({ length: people.rowCount }, (_, o) => o);
  return Object.fromEntries(
    segments.map(({ segment: { name }, bits }) => {
      expect(bits.length).toBe(bitWords(people.rowCount));
      return [name, ordinals.filter((o) => hasBit(bits, o))];
    }),
  );
}

test("rules combine: all, any, none, segments within segments, areas, markets", async () => {
  const small = await open(
    [
      segment("both", { kind: "all", of: [searched("beauty"), searched("sports")] }),
      segment("either", { kind: "any", of: [searched("beauty"), part("inside.sports")] }),
      segment("neither", { kind: "none", of: [part("either")] }),
      segment("beauty.only", {
        ...{ kind: "all", of: [searched("beauty"), { kind: "none", of: [searched("sports")] }] },
      }),
      segment("california", { kind: "area", areas: ["US-CA"] }),
      segment("overseas", { kind: "market", markets: ["CN", "EU"] }),
      segment("inside.sports", searched("sports"), { outward: false }),
      segment("everybody", { kind: "all", of: [] }),
      segment("nobody", { kind: "any", of: [] }),
    ],
    [
      ...[person(1, { area: 1, market: "US" }), person(2, { area: 2, market: "CN" }), person(3)],
      ...[person(40, { area: 3, market: "EU" }), person(70, { area: 1, market: null })],
    ],
    [searches(1, "beauty"), searches(2, "sports"), searches(40, "beauty"), searches(40, "sports")],
  );
  expect(await members(small.bank)).toEqual({
    ...{ both: [40], either: [1, 2, 40], neither: [3, 70], "beauty.only": [1] },
    ...{ california: [1, 70], overseas: [2, 40], everybody: [1, 2, 3, 40, 70], nobody: [] },
  });
});

test("only people who may be advertised to are in any segment, a complement too", async () => {
  const small = await open(
    [
      segment("beauty", searched("beauty")),
      segment("others", { kind: "none", of: [part("beauty")] }),
    ],
    [person(1), person(2, { purposes: 2 }), person(3, { purposes: 0 }), person(4, { purposes: 1 })],
    [1, 2, 3].map((o) => searches(o, "beauty")),
  );
  expect(await members(small.bank)).toEqual({ beauty: [1], others: [4] });
});

test("stages of an advertiser are private segments, and rules may ask for them", async () => {
  const bought = (ordinal: number): TestEvent => ({
    ...{ touchpoint: "commerce", who: BigInt(ordinal), seconds: testDaySec - 99, brand: "north" },
  });
  const rule: Rule = {
    kind: "stage",
    advertiser: 11 as AdvertiserId,
    stages: ["purchase", "loyalty"],
  };
  const small = await open(
    [segment("customers", rule, { agencies: [agency(2)] })],
    [1, 2, 3, 4].map((o) => person(o, { purposes: o === 4 ? 2 : 3 })),
    [
      ...[bought(1), bought(2), bought(2)],
      ...[1, 3, 4].map((o) => ({ ...bought(o), touchpoint: "ad" })),
    ],
    [north],
  );
  expect(await members(small.bank)).toEqual({
    ...{ customers: [1, 2], "aipl.north.awareness": [3], "aipl.north.interest": [] },
    ...{ "aipl.north.purchase": [1], "aipl.north.loyalty": [2] },
  });
  const { segments } = await evaluateSegments(small.bank, 1);
  expect(segments.map((s) => s.segment.agencies)).toEqual(Array(5).fill([2]));
  const loyalty = segments.at(-1)!.segment;
  expect(loyalty).toMatchObject({ label: "North: loyalty", source: "commerce", recencyDays: 365 });
});

test("a list finds people of the bank by any identifier, is private, adds nobody", async () => {
  const two = person(2, {
    identifiers: [2n, 20n].map((key) => ({ key, namespace: 33 })),
  });
  const small = await open(
    [segment("beauty", searched("beauty"))],
    [person(1), two, person(3), person(4, { purposes: 2 })],
    [searches(3, "beauty")],
  );
  await small.writeList(7, "vips", [1n, 2n, 20n, 4n, 999n], testDaySec + day);
  await small.writeList(3, "old", [1n, 3n], testDaySec + 3600);
  await small.writeList(3, "new", [3n, 3n], testDaySec + 3601);
  expect(await members(small.bank)).toEqual({
    ...{ beauty: [3], "list.3.new": [3], "list.7.vips": [1, 2] },
  });
  const { segments } = await evaluateSegments(small.bank, 1);
  const vips = segments.at(-1)!.segment;
  expect(vips).toMatchObject({ agencies: [7], source: "list", method: "declared", recencyDays: 2 });
});

test("strangers in a list do not make it another set, whose noise would be drawn anew", async () => {
  const small = await open([], [person(1), person(2), person(3)], []);
  const fingerprintOf = async (keys: readonly bigint[]): Promise<string> => {
    await small.writeList(7, "vips", keys, testDaySec + day);
    const lists = await matchLists(small.bank, await loadPeople(small.bank, 1));
    return lists.get("7/vips")!.fingerprint;
  };
  const vips = await fingerprintOf([1n, 2n]);
  expect(await fingerprintOf([2n, 1n, 777n, 778n])).toBe(vips);
  expect(await fingerprintOf([1n, 2n, 3n])).not.toBe(vips);
});

test("a rule whose list has expired holds nobody: not everybody but the list", async () => {
  const rules = [
    segment("not.vips", { kind: "none", of: [list("vips")] }, { agencies: [agency(1)] }),
    segment("through", { kind: "none", of: [part("not.vips")] }),
    segment("first.through", { kind: "any", of: [part("through"), searched("beauty")] }),
    segment("named", { kind: "none", of: [part("list.1.vips")] }),
    segment("beauty", searched("beauty")),
  ];
  const small = await open(rules, [person(1), person(2)], [searches(2, "beauty")]);
  const empty = { "not.vips": [], through: [], "first.through": [], named: [], beauty: [2] };
  expect(await members(small.bank)).toEqual(empty);
  await small.writeList(1, "vips", [1n], testDaySec + day);
  expect(await members(small.bank)).toEqual({
    ...{ "not.vips": [2], through: [1], "first.through": [1, 2], named: [2], beauty: [2] },
    "list.1.vips": [1],
  });
});

test("segments in a circle and segments that do not exist are named", async () => {
  const circle = [segment("a", part("b")), segment("b", { kind: "all", of: [part("c")] })];
  const small = await open([...circle, segment("c", part("a"))], [person(1)]);
  await expect(members(small.bank)).rejects.toThrow(/in a circle: a -> b -> c -> a/);
  const other = await open([segment("a", part("z"))], [person(1)]);
  await expect(members(other.bank)).rejects.toThrow(/segment a: there is no segment z/);
});

test("random rules over random rules agree with one person after the other", async () => {
  const random = new SeededRandom(8);
  const words = ["beauty", "sports", "garden", "travel"];
  const people = Array.from({ length: 100 }, (_, i) =>
    person(1 + i, { market: random.pick(["US", "CN", null]), purposes: random.pick([3, 3, 3, 2]) }),
  );
  const events = Array.from({ length: 150 }, () =>
    searches(1 + random.below(100), random.pick(words)),
  );
  const randomRule = (depth: number, below: number): Rule => {
    const kind = random.below(depth === 0 ? 3 : 6);
    if (kind === 0) return searched(random.pick(words));
    if (kind === 1) return { kind: "market", markets: [random.pick(["US", "CN"])] };
    if (kind === 2) return below === 0 ? searched("beauty") : part(`s${random.below(below)}`);
    const of = Array.from({ length: random.below(4) }, () => randomRule(depth - 1, below));
    return { kind: (["all", "any", "none"] as const)[kind - 3]!, of };
  };
  const segments = Array.from({ length: 60 }, (_, i) =>
    segment(`s${i}`, randomRule(3, i), { outward: random.below(3) > 0 }),
  );
  // Later ones first: sets are evaluated when they are needed, not in file order.
  segments.reverse();
  const small = await open(segments, people, events);
  const holds = (rule: Rule, p: TestPerson): boolean => {
    if (p.purposes === 2) return false;
    if (rule.kind === "did") {
      const [word] = rule.behaviour.categories;
      return events.some((e) => e.who === BigInt(p.ordinal) && e.category === word);
    }
    if (rule.kind === "market") return p.market != null && rule.markets.includes(p.market);
    if (rule.kind === "segment") return holds(segments.find((s) => s.name === rule.name)!.rule, p);
    if (rule.kind === "all") return rule.of.every((child) => holds(child, p));
    if (rule.kind === "any") return rule.of.some((child) => holds(child, p));
    return rule.kind === "none" && !rule.of.some((child) => holds(child, p));
  };
  const wanted = segments
    .filter(({ outward }) => outward)
    .map(({ name, rule }) => [name, people.filter((p) => holds(rule, p)).map((p) => p.ordinal)]);
  expect(Object.entries(await members(small.bank))).toEqual(wanted);
});
