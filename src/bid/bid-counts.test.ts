import { expect, test } from "vitest";
import { BidCounts, BidReader, bidCountsBytes } from "./bid-counts.js";

const newCounts = () => new BidCounts(new SharedArrayBuffer(bidCountsBytes(64)));

test("each bid is read once, also of pairs that came after the first look", () => {
  const counts = [newCounts(), newCounts()] as const;
  const reader = new BidReader(counts);
  const read = () => {
    const bids: string[] = [];
    reader.since((campaign, exchange, slice, count) =>
      bids.push(`${campaign}/${exchange}/${slice}: ${count}`),
    );
    return bids.toSorted();
  };
  expect(read()).toEqual([]);
  counts[0].add(7, 1, 0);
  counts[0].add(7, 1, 1);
  expect(read()).toEqual(["7/1/0: 2"]);
  expect(read()).toEqual([]);
  counts[0].add(8, 2, 2);
  counts[0].add(7, 1, 4);
  counts[1].add(9, 1, 6);
  expect(read()).toEqual(["7/1/2: 1", "8/2/1: 1", "9/1/3: 1"]);
  expect(read()).toEqual([]);
});

test("a reader that starts late reads what was there", () => {
  const counts = newCounts();
  counts.add(5, 3, 0);
  const bids: number[] = [];
  new BidReader([counts]).since((campaign) => bids.push(campaign));
  expect(bids).toEqual([5]);
});
