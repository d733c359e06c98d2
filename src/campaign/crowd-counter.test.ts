import { expect, test } from "vitest";
import { bitWords, countBits, hasBit, setBit } from "../base/bitset.js";
import { SeededRandom } from "../base/random.js";
import { type CountedTerm, CrowdCounter } from "./crowd-counter.js";

const everybody: CountedTerm = { clauses: [], mark: -1 };

/** Terms over three planes and two marks, as one person sees them. */
const terms: readonly CountedTerm[] = [
  everybody,
  { clauses: [{ plane: 0, ones: 1 << 31, zeros: 0 }], mark: -1 },
  { clauses: [{ plane: 1, ones: 0b101, zeros: 0b10 }], mark: 1 },
  {
    clauses: [
      { plane: 2, ones: 1, zeros: (1 << 30) | 2 },
      { plane: 0, ones: 0, zeros: 1 << 31 },
    ],
    mark: -1,
  },
  { clauses: [], mark: 0 },
];
const audiences = [[0], [1, 2], [3], [2, 3, 4], []];
const pairs = [
  [0, 1],
  [1, 3],
  [2, 1],
  [4, 0],
] as const;

test.each([1, 31, 32, 33, 64, 1000])("%i people are counted exactly", (people) => {
  const random = new SeededRandom(people);
  const planes = [0, 1, 2].map(() => Uint32Array.from({ length: people }, () => random.nextU32()));
  const bits = (): Uint32Array => {
    const out = new Uint32Array(bitWords(people));
    for (let i = 0; i < people; i++) if (random.below(4) > 0) setBit(out, i);
    return out;
  };
  const [eligible, marks] = [bits(), [bits(), bits()]];
  const fits = ({ clauses, mark }: CountedTerm, i: number): boolean =>
    hasBit(eligible, i) &&
    (mark < 0 || hasBit(marks[mark]!, i)) &&
    clauses.every(({ plane, ones, zeros }) => {
      const word = planes[plane]![i]!;
      return (word & ones) === ones && (word & zeros) === 0;
    });
  const isIn = (audience: number, i: number): boolean =>
    audiences[audience]!.some((t) => fits(terms[t]!, i));
  const countOf = (holds: (i: number) => boolean): number =>
    Array.from({ length: people }, (_, i) => i).filter(holds).length;

  const counter = new CrowdCounter({ terms, audiences, pairs }, people);
  counter.addBlock(planes, eligible, people, marks);
  expect([...counter.termPeople]).toEqual(terms.map((term) => countOf((i) => fits(term, i))));
  expect([...counter.audiencePeople]).toEqual(audiences.map((_, a) => countOf((i) => isIn(a, i))));
  expect([...counter.pairPeople]).toEqual(
    pairs.map(([a, b]) => countOf((i) => isIn(a, i) && isIn(b, i))),
  );
  expect(counter.termPeople[0]).toBe(countBits(eligible));
});

test("bits behind the last person are not people", () => {
  const counter = new CrowdCounter({ terms: [everybody], audiences: [[0]], pairs: [] }, 5);
  counter.addBlock([], Uint32Array.of(0xffff_ffff), 5);
  expect([counter.termPeople[0], counter.audiencePeople[0]]).toEqual([5, 5]);
});

test("blocks add up, and nothing of one is left in the next", () => {
  const term = { clauses: [{ plane: 0, ones: 1, zeros: 0 }], mark: -1 };
  const order = { terms: [term, everybody], audiences: [[0], [1]], pairs: [[0, 1]] as const };
  const counter = new CrowdCounter(order, 64);
  for (let i = 0; i < 3; i++) {
    counter.addBlock([Uint32Array.of(1, 0, 3, 5)], Uint32Array.of(0b1111), 4);
  }
  counter.addBlock([Uint32Array.of(0, 0)], Uint32Array.of(0b11), 2);
  expect([...counter.termPeople]).toEqual([9, 14]);
  expect([...counter.audiencePeople]).toEqual([9, 14]);
  expect([...counter.pairPeople]).toEqual([9]);
});
