import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bitWords, setBit } from "../../base/bitset.js";
import { crowdMarginPeople, crowdNoise } from "../../base/crowd-minimum.js";
import { crowdMinimumPeople } from "../../base/limits.js";
import { SmallBank, testConfig, testDaySec } from "../../testing/small-bank.js";
import type { Bank } from "../bank.js";
import type { SegmentRule } from "../config/model.js";
import { admitSegments } from "./admit.js";
import type { Membership, Memberships } from "./evaluate.js";
import type { People } from "./people.js";

const F = 1000;
const m = crowdMarginPeople;
const day = 86_400;
const today = testDaySec / day;
let small: SmallBank;
beforeAll(async () => {
  small = await SmallBank.open(testConfig({}), { crowdMinimum: F });
});
beforeEach(() => writeFileSync(small.bank.folders.segmentState, '{"schema":1,"sets":{}}'));
afterAll(() => small.close());

/** A segment of so many people under the digest that the number stands for. */
function membership(name: string, digest: number, people: number): Membership {
  const bits = new Uint32Array(bitWords(people + 1));
  bits.fill(0xffffffff, 0, people >>> 5);
  for (let bit = people & ~31; bit < people; bit++) setBit(bits, bit);
  const segment: SegmentRule = {
    ...{ name, label: name, source: "mixed", recencyDays: 30, outward: true, agencies: [] },
    ...{ method: "observed", rule: { kind: "all", of: [] } },
  };
  return { segment, bits, digest: new Uint8Array(32).fill(digest) };
}
const noiseOf = (digest: number, drawDay = today): number =>
  crowdNoise(small.bank.keys.crowd, new Uint8Array(32).fill(digest), drawDay);

const everybodyOf = (rowCount: number): People =>
  ({
    ...{ rowCount, areas: new Uint16Array(rowCount) },
    counting: new Uint32Array(bitWords(rowCount)).fill(0xffffffff),
  }) as unknown as People;

const ask = (bank: Bank, ...segments: Membership[]): Record<string, string | number> => {
  const asked: Memberships = { people: everybodyOf(1 << 18), segments };
  const { kept, leftOut } = admitSegments(bank, asked);
  return Object.fromEntries([
    ...kept.map((k) => [k.membership.segment.name, k.bandedPeople]),
    ...leftOut.map(({ name, why }) => [name, why]),
  ]);
};
const on = (days: number): Bank => small.with({ asOfSec: testDaySec + days * day });
const below = "below the crowd minimum";

test("the line is the noisy one, to the person, and the band is at least the minimum", () => {
  for (let digest = 1; digest < 30; digest++) {
    const line = F + m - noiseOf(digest);
    expect(ask(small.bank, membership("a", digest, line - 1))).toEqual({ a: below });
    expect(ask(small.bank, membership("a", digest, line))).toEqual({ a: F });
  }
  expect(ask(small.bank, membership("a", 1, 2400))).toEqual({ a: 2000 });
});

test("at the real minimum 99,999 never pass and 100,356 always do", () => {
  const real = small.with({ crowdMinimum: crowdMinimumPeople });
  for (let digest = 1; digest < 100; digest++) {
    const fewer = membership("fewer", digest, crowdMinimumPeople - 1);
    const enough = membership("enough", digest, crowdMinimumPeople + 2 * m);
    expect(ask(real, fewer)).toEqual({ fewer: below });
    expect(ask(real, enough)).toEqual({ enough: crowdMinimumPeople });
  }
});

test("the same set has the same draw for 30 days under any name, then another one", () => {
  const digest = 5;
  const [old, next] = [noiseOf(digest), noiseOf(digest, today + 30)];
  expect(old).not.toBe(next);
  const line = F + m - old;
  ask(small.bank, membership("a", digest, 1));
  for (const days of [1, 29]) {
    expect(ask(on(days), membership("b", digest, line - 1))).toEqual({ b: below });
  }
  const nextLine = F + m - next;
  expect(ask(on(30), membership("a", digest, nextLine - 1))).toEqual({ a: below });
  expect(ask(on(30), membership("a", digest, nextLine))).toEqual({ a: F });
});

test("what falls below goes at once and returns after 30 days, not before", () => {
  const at = (days: number, people: number) => ask(on(days), membership("a", 6, people))["a"];
  expect(at(0, 2000)).toBe(2000 - (noiseOf(6) < 0 ? 500 : 0));
  expect(at(10, 900)).toBe("withdrawn until 2027-01-05");
  expect(at(10, 900)).toBe("withdrawn until 2027-01-05");
  expect(at(11, 5000)).toBe("withdrawn until 2027-01-05");
  // Below again meanwhile: it was not in a snapshot, so nothing is withdrawn anew.
  expect(at(30, 10)).toBe("withdrawn until 2027-01-05");
  expect(at(39, 5000)).toBe("withdrawn until 2027-01-05");
  expect(at(40, 10)).toBe(below);
  expect(at(41, 5500)).toBe(5000);
});

test("what was never in is not withdrawn, and a new rule under an old name is a new set", () => {
  expect(ask(small.bank, membership("a", 7, 900))).toEqual({ a: below });
  expect(ask(on(1), membership("a", 7, 5500))).toEqual({ a: 5000 });
  expect(ask(on(2), membership("a", 7, 900))).toEqual({ a: "withdrawn until 2026-12-28" });
  expect(ask(on(3), membership("a", 8, 5500))).toEqual({ a: 5000 });
  // The old rule does not come back early by the detour.
  expect(ask(on(4), membership("b", 7, 5500))).toEqual({ b: "withdrawn until 2026-12-28" });
});

test("members who do not count are no crowd, whoever they are", () => {
  const line = F + m - noiseOf(12);
  const people = everybodyOf(1 << 12);
  const padded = (counting: number) => {
    people.counting.fill(0).set(membership("x", 12, counting).bits);
    return admitSegments(small.bank, { people, segments: [membership("a", 12, 4000)] }).kept;
  };
  expect(padded(line - 1)).toEqual([]);
  expect(padded(line)).toHaveLength(1);
});

test("an area is a home only where a crowd of those who count lives", () => {
  const people = everybodyOf(1 << 12);
  const admitted = (atHome: number) => {
    people.areas
      .fill(0)
      .fill(2, 1, 1 + atHome)
      .fill(1, 2000, 3999);
    return [...admitSegments(small.bank, { people, segments: [] }).areas];
  };
  expect(admitted(F + 2 * m)).toEqual([0, 1, 1]);
  expect(admitted(F - 1)).toEqual([0, 1, 0]);
  // Withdrawn like a segment: back after 30 days, not before.
  expect(admitted(F + 2 * m)).toEqual([0, 1, 0]);
});

test("neither verdicts nor the state file hold a count", () => {
  ask(small.bank, membership("a", 9, 4321), membership("b", 10, 321));
  const text = readFileSync(small.bank.folders.segmentState, "utf8");
  expect(text).not.toMatch(/4321|\D321\D/);
  expect(Object.keys(Object.values(JSON.parse(text).sets)[0] as object).sort()).toEqual([
    ...["admitted", "drawnDay", "seenDay", "withdrawnDay"],
  ]);
});

test("sets that nobody asks for are forgotten once nothing of them is in force", () => {
  ask(small.bank, membership("a", 11, 2000));
  const stored = (): number =>
    Object.keys(JSON.parse(readFileSync(small.bank.folders.segmentState, "utf8")).sets).length -
    small.bank.config.areas.length;
  ask(on(29));
  expect(stored()).toBe(1);
  ask(on(30));
  expect(stored()).toBe(0);
});

test("a damaged state file is refused with what to do", () => {
  writeFileSync(small.bank.folders.segmentState, '{"schema":1,"se');
  expect(() => ask(small.bank, membership("a", 1, 1))).toThrow(/is damaged: restore it/);
});
