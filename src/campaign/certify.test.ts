import { expect, test } from "vitest";
import { bitWords, countBits, hasBit, setBit } from "../base/bitset.js";
import { SeededRandom } from "../base/random.js";
import { certify, countTerm, TermCounter } from "./certify.js";

test("a hundred thousand people are a crowd, one fewer are not", () => {
  expect(certify(100_000)).toBe(true);
  expect(certify(99_999)).toBe(false);
  expect(certify(9, 9)).toBe(true);
});

test.each([1, 31, 32, 33, 64, 1000])("a term over %i people is counted exactly", (people) => {
  const random = new SeededRandom(people);
  const planes = [0, 1, 2].map(() => Uint32Array.from({ length: people }, () => random.nextU32()));
  const eligible = new Uint32Array(bitWords(people)).fill(0);
  for (let i = 0; i < people; i++) if (random.below(4) > 0) setBit(eligible, i);
  const terms = [
    [],
    [{ plane: 0, ones: 1 << 31, zeros: 0 }],
    [{ plane: 1, ones: 0b101, zeros: 0b10 }],
    [
      { plane: 2, ones: 1, zeros: (1 << 30) | 2 },
      { plane: 0, ones: 0, zeros: 1 << 31 },
    ],
  ];
  const truth = terms.map((term) => {
    let count = 0;
    for (let i = 0; i < people; i++) {
      const fits = term.every(({ plane, ones, zeros }) => {
        const word = planes[plane]![i]!;
        return (word & ones) === ones && (word & zeros) === 0;
      });
      if (fits && hasBit(eligible, i)) count++;
    }
    return count;
  });
  expect(terms.map((term) => countTerm(planes, eligible, people, term))).toEqual(truth);
  expect(truth[0]).toBe(countBits(eligible));
});

test("bits behind the last person are not people", () => {
  expect(countTerm([], Uint32Array.of(0xffff_ffff), 5, [])).toBe(5);
});

test("blocks add up", () => {
  const counter = new TermCounter([[{ plane: 0, ones: 1, zeros: 0 }]], 64);
  for (let i = 0; i < 3; i++) {
    counter.addBlock([Uint32Array.of(1, 0, 3, 5)], Uint32Array.of(0b1111), 4);
  }
  expect([...counter.counts]).toEqual([9]);
});
