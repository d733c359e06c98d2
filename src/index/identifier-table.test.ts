import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { lineCountFor, lineWords, loadTarget, slotsPerLine } from "./format.js";
import {
  findOrdinal,
  firstLine,
  Insert,
  InsertTally,
  insertBlock,
  insertBlockMax,
  insertOrdinal,
  otherLine,
} from "./identifier-table.js";

const shift = 4;
const tableOf = (lineCount: number): Uint32Array[] =>
  Array.from({ length: Math.ceil(lineCount / 2 ** shift) }, () => new Uint32Array(2 ** shift * 16));

test.each([1, 10, 100, 1000, 20_000])(
  "%i identifiers fit at the target load and are all found again",
  (count) => {
    const lineCount = lineCountFor(count);
    const lines = tableOf(lineCount);
    const random = new SeededRandom(count);
    const keys = Array.from({ length: count }, () => [random.nextU32(), random.nextU32()] as const);
    for (const [i, [lo, hi]] of keys.entries()) {
      expect(insertOrdinal(lines, shift, lineCount, lo, hi, i + 1)).toBe(Insert.ADDED);
    }
    for (const [i, [lo, hi]] of keys.entries()) {
      expect(findOrdinal(lines, shift, lineCount, lo, hi)).toBe(i + 1);
    }
  },
);

test("no insert fails at a load of 0.95, over several seeds, without the spare lines", () => {
  const lineCount = 512;
  const count = Math.floor(lineCount * slotsPerLine * loadTarget);
  for (let seed = 0; seed < 20; seed++) {
    const lines = tableOf(lineCount);
    const random = new SeededRandom(seed);
    for (let n = 1; n <= count; n++) {
      const [lo, hi] = [random.nextU32(), random.nextU32()];
      expect(insertOrdinal(lines, shift, lineCount, lo, hi, n)).toBe(Insert.ADDED);
    }
  }
});

test("a full table says so instead of losing the caller's trust silently", () => {
  const lines = tableOf(2);
  const random = new SeededRandom(3);
  const outcomes = Array.from({ length: 17 }, (_, i) =>
    insertOrdinal(lines, shift, 2, random.nextU32(), random.nextU32(), i + 1),
  );
  expect(outcomes.at(-1)).toBe(Insert.FULL);
});

test("strangers are not found, even with the fingerprint of a free slot", () => {
  const lineCount = lineCountFor(1000);
  const lines = tableOf(lineCount);
  const random = new SeededRandom(5);
  for (let n = 1; n <= 900; n++) {
    insertOrdinal(lines, shift, lineCount, random.nextU32(), random.nextU32(), n);
  }
  for (let i = 0; i < 10_000; i++) {
    expect(findOrdinal(lines, shift, lineCount, random.nextU32(), random.nextU32())).toBe(0);
    expect(findOrdinal(lines, shift, lineCount, random.nextU32(), 0)).toBe(0);
  }
});

test("the same identifier twice is a duplicate, another person's a harmless collision", () => {
  const lines = tableOf(8);
  expect(insertOrdinal(lines, shift, 8, 123, 456, 7)).toBe(Insert.ADDED);
  expect(insertOrdinal(lines, shift, 8, 123, 456, 7)).toBe(Insert.DUPLICATE);
  expect(insertOrdinal(lines, shift, 8, 123, 456, 9)).toBe(Insert.COLLISION);
  expect(findOrdinal(lines, shift, 8, 123, 456)).toBe(7);
});

test("each of an entry's two lines leads to the other, and both lie in the table", () => {
  const random = new SeededRandom(9);
  for (const lineCount of [1, 2, 3, 1000, 82_894_741]) {
    for (let i = 0; i < 2000; i++) {
      const finger = random.nextU32();
      const first = firstLine(i === 0 ? 0xffff_ffff : random.nextU32(), lineCount);
      const second = otherLine(first, finger, lineCount);
      expect(first).toBeLessThan(lineCount);
      expect(second).toBeLessThan(lineCount);
      expect(otherLine(second, finger, lineCount)).toBe(first);
    }
  }
});

test("630 million identifiers take 8.43 bytes each", () => {
  expect((lineCountFor(630e6) * lineWords * 4) / 630e6).toBeLessThan(8.43);
});

test.each([1, 63, 64, 65, 5000])(
  "blocks of %i identifiers in all give the same table as one by one, and the same outcomes",
  (count) => {
    const lineCount = lineCountFor(count);
    const [single, blocks] = [tableOf(lineCount), tableOf(lineCount)];
    const random = new SeededRandom(count);
    const hashes = Uint32Array.from({ length: 2 * count }, () => random.nextU32());
    const ordinals = Uint32Array.from({ length: count }, (_, i) => i + 1);
    // The last one is the first once more: for the same person, or for another one.
    hashes.copyWithin(2 * (count - 1), 0, 2);
    ordinals[count - 1] = count === 65 ? 1 : count;
    const outcomes = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const [lo, hi] = [hashes[2 * i]!, hashes[2 * i + 1]!];
      const how = insertOrdinal(single, shift, lineCount, lo, hi, ordinals[i]!);
      outcomes[how] = outcomes[how]! + 1;
    }
    const tally = new InsertTally();
    for (let first = 0; first < count; first += insertBlockMax) {
      const inBlock = Math.min(insertBlockMax, count - first);
      const own = hashes.subarray(2 * first);
      insertBlock(blocks, shift, lineCount, own, ordinals.subarray(first), inBlock, tally);
    }
    expect(blocks).toEqual(single);
    expect([...tally.outcomes]).toEqual(outcomes);
    expect(tally.displacedMax).toBeLessThanOrEqual(tally.displaced);
    if (count === 5000) expect(tally.displaced).toBeGreaterThan(500);
  },
);

test("a table filled to 0.95 by displacing has the bytes that it always had", () => {
  const lineCount = 512;
  const lines = tableOf(lineCount);
  const random = new SeededRandom(1);
  for (let n = 1; n <= lineCount * slotsPerLine * loadTarget; n++) {
    const [lo, hi] = [random.nextU32(), random.nextU32()];
    insertOrdinal(lines, shift, lineCount, lo, hi, n);
  }
  const digest = createHash("sha256");
  for (const part of lines) digest.update(part);
  expect(digest.digest("hex").slice(0, 16)).toBe("95925fd7ca79ba29");
});
