import fc from "fast-check";
import { expect, test } from "vitest";
import type { Epoch, Ordinal } from "../base/ids.js";
import { NOBODY } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import { smallImage, testShifts } from "../testing/small-snapshot.js";
import { IndexBuilder } from "./index-builder.js";
import { partsOfImage, rowShiftFor } from "./index-parts.js";
import { PeopleFill } from "./people-fill.js";
import { SegmentIndex } from "./segment-index.js";

const facts = { createdMs: 0 as UnixMs, notAfterMs: 1 as UnixMs, dictionaryKey: 5 };

test("every person of a random population is found with their own row and home area", () => {
  const population = fc.record({
    seed: fc.nat(),
    people: fc.integer({ min: 1, max: 400 }),
    segments: fc.integer({ min: 1, max: 150 }),
  });
  fc.assert(
    fc.property(population, fc.nat(), ({ seed, people, segments }, planeBits) => {
      const { image, truth } = smallImage(seed, people, segments);
      const planes = Array.from({ length: image.planeCount }, (_, p) => p).filter(
        (p) => ((planeBits >>> p) & 1) === 0,
      );
      const index = SegmentIndex.from(partsOfImage(image, planes, facts));
      const out = new Uint32Array(planes.length);
      for (const [n, hashes] of truth.hashes.entries()) {
        for (const [lo, hi] of hashes) expect(index.ordinalOf(lo, hi)).toBe(n);
        expect(index.rowInto(n as Ordinal, out)).toBe(planes.length);
        expect([...out]).toEqual(planes.map((p) => truth.rows[n]?.[p]));
        expect(index.homeAreaOf(n as Ordinal)).toBe(truth.areas[n]);
      }
      expect(index.peopleCount).toBe(people - Math.floor(people / 7));
    }),
    { numRuns: 60 },
  );
});

test("strangers are nobody, and nobody has an empty row", () => {
  const { image } = smallImage(1, 300, 40);
  const index = SegmentIndex.from(partsOfImage(image, [0, 1], facts));
  const random = new SeededRandom(99);
  const out = new Uint32Array(2);
  for (let i = 0; i < 10_000; i++) {
    expect(index.ordinalOf(random.nextU32(), random.nextU32())).toBe(NOBODY);
  }
  out.fill(7);
  expect(index.rowInto(NOBODY, out)).toBe(2);
  expect([...out]).toEqual([0, 0]);
  expect(index.rowInto(4_000_000_000 as Ordinal, out)).toBe(2);
  expect([...out]).toEqual([0, 0]);
  expect(index.homeAreaOf(4_000_000_000 as Ordinal)).toBe(0);
});

test("who is suppressed is nobody for every instance over the memory, and nobody else is", () => {
  const { image, truth } = smallImage(2, 100, 32);
  const parts = partsOfImage(image, [0], facts);
  const [one, other] = [SegmentIndex.from(parts), SegmentIndex.from(parts)];
  const [lo, hi] = truth.hashes[5]![0]!;
  expect(other.ordinalOf(lo, hi)).toBe(5);
  expect(one.suppress(5 as Ordinal)).toBe(true);
  expect(one.suppress(5 as Ordinal)).toBe(false);
  for (const [lo5, hi5] of truth.hashes[5]!) expect(other.ordinalOf(lo5, hi5)).toBe(NOBODY);
  expect(other.isSuppressed(5 as Ordinal)).toBe(true);
  const [lo6, hi6] = truth.hashes[6]![0]!;
  expect(other.ordinalOf(lo6, hi6)).toBe(6);
  expect(one.suppress(NOBODY)).toBe(false);
  expect(one.suppress(1_000_000 as Ordinal)).toBe(false);
  expect(other.suppressedCount()).toBe(1);
});

test("the empty index knows nobody", () => {
  const index = SegmentIndex.empty();
  expect(index.epoch).toBe(0);
  expect(index.peopleCount).toBe(0);
  expect(index.ordinalOf(1, 2)).toBe(NOBODY);
  expect(index.ordinalOf(0, 0)).toBe(NOBODY);
  expect(index.rowInto(NOBODY, new Uint32Array(1))).toBe(0);
  expect(index.homeAreaOf(NOBODY)).toBe(0);
});

test("parts survive a post between threads", () => {
  const { image, truth } = smallImage(3, 50, 32);
  const posted = structuredClone(partsOfImage(image, [0], facts));
  const [lo, hi] = truth.hashes[1]![0]!;
  expect(SegmentIndex.from(posted).ordinalOf(lo, hi)).toBe(1);
});

test("parts of another version or epoch are not adopted", () => {
  const { image } = smallImage(4, 50, 32);
  const parts = partsOfImage(image, [0], facts);
  expect(() => SegmentIndex.from({ ...parts, epoch: 2 as Epoch })).toThrow(/epoch 1 instead of 2/);
  new Uint32Array(parts.table[0]!)[1] = 9;
  expect(() => SegmentIndex.from(parts)).toThrow(/version 9 instead of 1/);
});

test("the builder refuses nobody, strangers and use after the end", () => {
  const counts = { identifierCountMax: 4, ordinalMax: 3, planeCount: 1, shifts: testShifts };
  const builder = new IndexBuilder({ epoch: 1 as Epoch, ...counts });
  expect(() => builder.add(1, 2, NOBODY)).toThrow(/ordinal 0/);
  expect(() => builder.setHomeArea(4 as Ordinal, 1)).toThrow(/ordinal 4/);
  expect(() => builder.setHomeArea(1 as Ordinal, 70_000)).toThrow(/u16/);
  builder.finish();
  expect(() => builder.add(1, 2, 1 as Ordinal)).toThrow(/finished/);
});

test("blocks beside a fill through a posted share give the bytes of single calls", () => {
  const people = 300;
  const counts = { identifierCountMax: people, ordinalMax: people, planeCount: 2 };
  const builderOf = () => new IndexBuilder({ epoch: 1 as Epoch, ...counts, shifts: testShifts });
  const random = new SeededRandom(8);
  const hashes = Uint32Array.from({ length: 2 * people }, () => random.nextU32());
  const rows = Uint32Array.from({ length: 2 * people }, () => random.nextU32());
  const [single, apart] = [builderOf(), builderOf()];
  const fill = new PeopleFill(structuredClone(apart.peopleShare()));
  for (let n = 1; n <= people; n++) {
    const at = 2 * (n - 1);
    single.add(hashes[at]!, hashes[at + 1]!, n as Ordinal);
    apart.addBlock(hashes.subarray(at), Uint32Array.of(n), 1);
    if (n % 5 === 0) {
      fill.exist(n);
      continue;
    }
    const row = rows.subarray(at, at + 2);
    single.setRow(n as Ordinal, row);
    single.setHomeArea(n as Ordinal, n);
    fill.setRow(n, row);
    fill.setHomeArea(n, n);
  }
  const image = single.finish();
  expect(image.identifierCount).toBe(people);
  expect(image.peopleCount).toBe(people);
  expect(apart.finish()).toEqual(image);
});

test("a block marks nobody: who exists is for the thread that fills the people", () => {
  const counts = { identifierCountMax: 4, ordinalMax: 3, planeCount: 1, shifts: testShifts };
  const builder = new IndexBuilder({ epoch: 1 as Epoch, ...counts });
  builder.addBlock(Uint32Array.of(1, 2), Uint32Array.of(3), 1);
  expect(builder.exists(3 as Ordinal)).toBe(false);
  new PeopleFill(builder.peopleShare()).exist(3);
  expect(builder.exists(3 as Ordinal)).toBe(true);
  expect(() => builder.addBlock(Uint32Array.of(1, 2), Uint32Array.of(4), 1)).toThrow(/ordinal 4/);
  expect(() => builder.addBlock(Uint32Array.of(1), Uint32Array.of(1), 1)).toThrow(/a hash/);
  expect(() => builder.addBlock(new Uint32Array(200), new Uint32Array(100), 65)).toThrow(/a block/);
  expect(() => new PeopleFill(builder.peopleShare()).exist(4)).toThrow(/1..ordinalMax/);
});

test("rows of 630 million people never need more than 1 GiB in one chunk", () => {
  for (let words = 1; words <= 16; words++) {
    expect(2 ** rowShiftFor(words, 27) * words * 4).toBeLessThanOrEqual(2 ** 30);
  }
});
