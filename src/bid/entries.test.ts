import { expect, test } from "vitest";
import { mix32 } from "../base/hash.js";
import { SeededRandom } from "../base/random.js";
import { emptyTable } from "../testing/empty-table.js";
import { addEntry, takeEntry } from "./entries.js";
import { Scratch } from "./scratch.js";

test("entries leave best first: guaranteed deals, deals, open bids, and the higher price within a rank", () => {
  const seed = 7;
  const random = new SeededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const scratch = new Scratch(emptyTable(), 1);
    const expected: { rank: number; price: number }[] = [];
    for (let i = 0; i < random.below(300); i++) {
      const rank = random.below(3);
      const price = random.below(50);
      addEntry(scratch, i, rank === 0 ? -1 : i, 0, rank, price, price, mix32(seed, i));
      expected.push({ rank, price });
    }
    expected.sort((a, b) => b.rank - a.rank || b.price - a.price);
    for (const { rank, price } of expected) {
      const entry = takeEntry(scratch);
      expect([scratch.entryRank[entry], scratch.entryPrice[entry]]).toEqual([rank, price]);
    }
    expect(takeEntry(scratch)).toBe(-1);
  }
});

test("a tie is broken by the request's seed, the same way each time", () => {
  const order = (seed: number): number[] => {
    const scratch = new Scratch(emptyTable(), 1);
    for (let lineItem = 0; lineItem < 20; lineItem++) {
      addEntry(scratch, lineItem, -1, 0, 0, 5, 5, mix32(seed, lineItem));
    }
    return Array.from({ length: 20 }, () => scratch.entryLineItem[takeEntry(scratch)] ?? -1);
  };
  expect(order(1)).toEqual(order(1));
  expect(order(1)).not.toEqual(order(2));
});
