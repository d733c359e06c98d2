import fc from "fast-check";
import { expect, test } from "vitest";
import { assignOrdinals, type EarlierOrdinals, type Ordinals, reuseAfterDays } from "./ordinals.js";

const today = 20_000;
type Gone = readonly [ordinal: number, day: number, into: number];

const earlierOf = (ofRank: readonly number[], next: number, retired: readonly Gone[] = []) => {
  const gone = new Set(retired.map(([ordinal]) => ordinal));
  return {
    ofRank: Uint32Array.from(ofRank),
    living: Uint8Array.from({ length: next }, (_, o) => (o > 0 && !gone.has(o) ? 1 : 0)),
    next,
    retired: {
      ordinals: Uint32Array.from(retired, ([ordinal]) => ordinal),
      days: Uint32Array.from(retired, ([, day]) => day),
      into: Uint32Array.from(retired, ([, , into]) => into),
    },
  } satisfies EarlierOrdinals;
};

function assign(
  componentOf: readonly number[],
  earlier: EarlierOrdinals,
  first: readonly number[] = componentOf.map(() => 100),
) {
  const components = Uint32Array.from(componentOf);
  const found = assignOrdinals(components, Uint32Array.from(first), earlier, today);
  const { ordinals, days, into } = found.retired;
  const retired = [...ordinals].map((ordinal, i): Gone => [ordinal, days[i]!, into[i]!]);
  return { of: [...found.ofRank], next: found.next, counts: found.counts, retired };
}

test("new persons are numbered in the order of their least keys", () => {
  const found = assign([0, 1, 0, 3, 1], earlierOf([0, 0, 0, 0, 0], 1));
  expect(found.of).toEqual([1, 2, 1, 3, 2]);
  expect(found.next).toBe(4);
  expect(found.counts).toEqual({ new: 3, kept: 0, merged: 0, split: 0, gone: 0 });
});

test("a person keeps its ordinal, whatever joins it", () => {
  const found = assign([0, 0, 2], earlierOf([0, 1, 2], 3));
  expect(found.of).toEqual([1, 1, 2]);
  expect(found.counts).toEqual({ new: 0, kept: 2, merged: 0, split: 0, gone: 0 });
});

test("a merge keeps the smallest ordinal and retires the others into it", () => {
  const found = assign([0, 0, 0], earlierOf([3, 1, 2], 4));
  expect(found.of).toEqual([1, 1, 1]);
  expect(found.retired).toEqual([
    [2, today, 1],
    [3, today, 1],
  ]);
  expect(found.counts.merged).toBe(2);
});

test("a split leaves the ordinal with the oldest identifier and gives the other part a new one", () => {
  const found = assign([0, 0, 2, 2], earlierOf([1, 1, 1, 1], 2), [50, 80, 40, 70]);
  expect(found.of).toEqual([2, 2, 1, 1]);
  expect(found.counts).toEqual({ new: 0, kept: 1, merged: 0, split: 1, gone: 0 });
  // Of equally old identifiers the one with the least key.
  expect(assign([0, 1], earlierOf([1, 1], 2)).of).toEqual([1, 2]);
});

test("a part of a split that joins another person takes that person's ordinal", () => {
  const found = assign([0, 1, 1], earlierOf([1, 1, 2], 3));
  expect(found.of).toEqual([1, 2, 2]);
  expect(found.counts).toEqual({ new: 0, kept: 2, merged: 0, split: 0, gone: 0 });
});

test("an ordinal whose identifiers are all gone retires into nothing and is not given away", () => {
  const found = assign([0, 1], earlierOf([2, 0], 3));
  expect(found.of).toEqual([2, 3]);
  expect(found.retired).toEqual([[1, today, 0]]);
  expect(found.counts).toEqual({ new: 1, kept: 1, merged: 0, split: 0, gone: 1 });
});

test("a retired ordinal is given again after 90 days, the smallest first, and not before", () => {
  const old = today - reuseAfterDays - 1;
  const retired: readonly Gone[] = [
    [1, today - reuseAfterDays, 0],
    [2, old, 4],
    [3, old, 0],
  ];
  const found = assign([0, 1, 2, 3], earlierOf([0, 4, 0, 0], 5, retired));
  expect(found.of).toEqual([2, 4, 3, 5]);
  expect(found.retired).toEqual([[1, today - reuseAfterDays, 0]]);
});

test("an ordinal that was free and not needed is still free in the epoch after", () => {
  // 1 and 2 retired long ago and are in no list any more.
  const earlier = { ...earlierOf([0, 3], 4), living: Uint8Array.from([0, 0, 0, 1]) };
  expect(assign([0, 1], earlier).of).toEqual([1, 3]);
});

test("`into` follows its person when that one is merged or goes, so there are no chains", () => {
  const day = today - 5;
  const merged = assign([0, 0], earlierOf([2, 1], 4, [[3, day, 2]]));
  expect(merged.retired).toEqual([
    [2, today, 1],
    [3, day, 1],
  ]);
  const gone = assign([0], earlierOf([1], 4, [[3, day, 2]]));
  expect(gone.retired).toEqual([
    [2, today, 0],
    [3, day, 0],
  ]);
});

/** One epoch: days since the one before, and of each of twelve keys its group, -1 = absent. */
const epoch = fc.tuple(
  fc.integer({ min: 0, max: 70 }),
  fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 12, maxLength: 12 }),
);

test("through any epochs a person has one ordinal, and none returns within 90 days", () => {
  fc.assert(
    fc.property(fc.array(epoch, { maxLength: 8 }), (epochs) => {
      let day = today;
      let before: Ordinals | null = null;
      let had = new Map<number, number>();
      const left = new Map<number, number>();
      for (const [days, groups] of epochs) {
        day += days;
        const keys = groups.flatMap((group, key) => (group < 0 ? [] : [key]));
        const earlier = {
          ofRank: Uint32Array.from(keys, (key) => had.get(key) ?? 0),
          living: Uint8Array.from({ length: before?.next ?? 1 }, (_, ordinal) =>
            [...had.values()].includes(ordinal) ? 1 : 0,
          ),
          next: before?.next ?? 1,
          retired: before?.retired ?? earlierOf([], 1).retired,
        };
        const componentOf = keys.map((key) => keys.findIndex((k) => groups[k] === groups[key]));
        const first = Uint32Array.from(keys, (key) => key * 7 + 1);
        const now = assignOrdinals(Uint32Array.from(componentOf), first, earlier, day);
        const ordinalOfComponent = new Map(componentOf.map((c, rank) => [c, now.ofRank[rank]!]));
        const inUse = new Set(now.ofRank);
        expect([...now.ofRank]).toEqual(componentOf.map((c) => ordinalOfComponent.get(c)));
        expect(inUse.size).toBe(ordinalOfComponent.size);
        expect(inUse.has(0)).toBe(false);
        for (const ordinal of inUse) {
          expect(ordinal).toBeLessThan(now.next);
          const sinceDays = day - (left.get(ordinal) ?? -1000);
          const stayed = [...had.values()].includes(ordinal);
          if (!stayed) expect(sinceDays).toBeGreaterThan(reuseAfterDays);
        }
        for (const ordinal of had.values()) if (!inUse.has(ordinal)) left.set(ordinal, day);
        for (const [i, ordinal] of now.retired.ordinals.entries()) {
          expect(left.get(ordinal)).toBe(now.retired.days[i]);
          expect(inUse.has(now.retired.into[i]!) || now.retired.into[i] === 0).toBe(true);
        }
        had = new Map(keys.map((key, rank) => [key, now.ofRank[rank]!]));
        before = now;
      }
    }),
    { numRuns: 200 },
  );
});
