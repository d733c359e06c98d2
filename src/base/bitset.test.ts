import { expect, test } from "vitest";
import {
  bitWords,
  clearBit,
  countBits,
  countOnes,
  countSharedBits,
  hasBit,
  SharedBits,
  setBit,
} from "./bitset.js";
import { SeededRandom } from "./random.js";

test("a bitset holds what a set of numbers holds, whatever is set and cleared", () => {
  const random = new SeededRandom(1);
  const words = new Uint32Array(bitWords(1000));
  const truth = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    const bit = random.below(1000);
    if (random.below(3) === 0) {
      clearBit(words, bit);
      truth.delete(bit);
    } else {
      setBit(words, bit);
      truth.add(bit);
    }
  }
  for (let bit = 0; bit < 1000; bit++) expect(hasBit(words, bit)).toBe(truth.has(bit));
  expect(countBits(words)).toBe(truth.size);
});

test("the ones of a word are counted, the sign bit too", () => {
  for (const word of [0, 1, 0x80000000, 0xffffffff, 0x55555555, 0x12345678]) {
    expect(countOnes(word)).toBe([...(word >>> 0).toString(2)].filter((c) => c === "1").length);
  }
});

test("what two sets share is counted whatever their length, full sets too", () => {
  const random = new SeededRandom(2);
  for (let length = 0; length < 40; length++) {
    const [a, b] = [new Uint32Array(length), new Uint32Array(length)];
    for (let i = 0; i < length; i++) [a[i], b[i]] = [random.nextU32(), random.nextU32()];
    const common = a.map((word, i) => word & b[i]!);
    expect(countSharedBits(a, b)).toBe(countBits(common));
    expect(countSharedBits(a.fill(0xffffffff), a)).toBe(32 * length);
  }
});

test("shared bits are seen by every view of the buffer, and setting tells news from old", () => {
  const buffer = new SharedArrayBuffer(SharedBits.bytesFor(70));
  const [one, other] = [new SharedBits(buffer, 70), new SharedBits(buffer, 70)];
  expect(one.set(69)).toBe(true);
  expect(other.set(69)).toBe(false);
  expect(other.has(69)).toBe(true);
  expect(other.has(68)).toBe(false);
  expect(one.count()).toBe(1);
});

test("bits beyond the end are clear and stay so", () => {
  const bits = new SharedBits(new SharedArrayBuffer(SharedBits.bytesFor(33)), 33);
  expect(bits.set(33)).toBe(false);
  expect(bits.has(33)).toBe(false);
  expect(bits.has(4e9)).toBe(false);
});
