import { describe, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import { SeededRandom } from "../base/random.js";
import { AskCounts, Asked, askCountBytes, noteAnswered, noteAsked } from "./ask-counts.js";

const key = sipKeyFrom(new Uint8Array(16).fill(3));
const countsOf = (cells: number) => new AskCounts(new SharedArrayBuffer(askCountBytes(cells)));

function ask(counts: AskCounts, person: number, day: number, exchange = 1, answer = true) {
  const asked = new Asked();
  noteAsked(counts, key, person, exchange, day, 1, asked);
  if (answer) noteAnswered(counts, asked, day);
  return asked;
}

describe("what was asked of a person", () => {
  test("is counted by exchange, answers apart from requests", () => {
    const counts = countsOf(4096);
    for (let i = 0; i < 5; i++) ask(counts, 42, 100, 1, i < 2);
    expect(ask(counts, 42, 100, 1)).toMatchObject({ asked: 6, answered: 2 });
    expect(ask(counts, 42, 100, 2)).toMatchObject({ asked: 1, answered: 0 });
    expect(ask(counts, 43, 100, 1)).toMatchObject({ asked: 1, answered: 0 });
  });

  test("is never too little, however many share the cells", () => {
    const counts = countsOf(64);
    const exact = new Map<number, number>();
    const random = new SeededRandom(1);
    let tooMuch = 0;
    for (let i = 0; i < 5000; i++) {
      const person = 1 + random.below(300);
      const before = exact.get(person) ?? 0;
      const { answered, asked } = ask(counts, person, 100);
      expect(answered).toBeGreaterThanOrEqual(Math.min(before, 1023));
      expect(asked).toBeGreaterThan(Math.min(before, 16_382));
      if (answered > before) tooMuch++;
      exact.set(person, before + 1);
    }
    expect(tooMuch).toBeGreaterThan(1000);
  });

  test("begins anew with the day, and goes on when the clock goes back over midnight", () => {
    const counts = countsOf(4096);
    for (const day of [100, 255, 256, 500]) {
      for (let i = 0; i < 3; i++) ask(counts, 42, day);
      expect(ask(counts, 42, day).answered).toBe(3);
      expect(ask(counts, 42, day - 1).answered).toBe(4);
    }
  });

  test("stops at its highest and leaves the other count alone", () => {
    const counts = countsOf(4096);
    for (let i = 0; i < 17_000; i++) ask(counts, 42, 100);
    expect(ask(counts, 42, 100)).toMatchObject({ asked: 16_383, answered: 1023 });
  });

  test("of nobody adds nothing, also where somebody is counted", () => {
    const counts = countsOf(4096);
    const asked = new Asked();
    noteAsked(counts, key, 42, 1, 100, 0, asked);
    expect(counts.words.every((word) => (word & 0xff_ffff) === 0)).toBe(true);
    expect(asked.asked).toBe(0);
    ask(counts, 42, 100);
    noteAsked(counts, key, 42, 1, 100, 0, asked);
    expect(asked.asked).toBe(1);
  });
});
