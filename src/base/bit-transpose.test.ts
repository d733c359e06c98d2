import { expect, test } from "vitest";
import { transposeBits } from "./bit-transpose.js";
import { SeededRandom } from "./random.js";

test("bit i of word j becomes bit j of word i, and twice is nothing", () => {
  const random = new SeededRandom(3);
  const words = Uint32Array.from({ length: 32 }, () => random.nextU32());
  const turned = words.slice();
  transposeBits(turned);
  for (let i = 0; i < 32; i++) {
    for (let j = 0; j < 32; j++) {
      expect((turned[i]! >>> j) & 1).toBe((words[j]! >>> i) & 1);
    }
  }
  transposeBits(turned);
  expect(turned).toEqual(words);
});
