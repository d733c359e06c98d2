import { expect, test } from "vitest";
import { columnsOf } from "./series-columns.js";

const hourMs = 3_600_000;
const point = (atMs: number, bids: number, wins: number, cpm: string | null) => ({
  ...{ at: new Date(atMs).toISOString(), spend: "1.25", bids, wins, cpm },
});

test("hours sum their minutes, the price being the mean of what was won", () => {
  const points = [point(0, 10, 1, "2"), point(60_000, 10, 3, "4"), point(hourMs, 0, 0, null)];
  expect(columnsOf(points, "14 days")).toEqual({
    ...{ atSec: [0, 3600], spend: [2.5, 1.25], winPercent: [20, null], cpm: [3.5, null] },
  });
});

test("six hours end with the last point and keep each minute", () => {
  const points = [
    point(0, 1, 1, "1"),
    point(6 * hourMs, 1, 0, null),
    point(12 * hourMs, 2, 1, "1"),
  ];
  expect(columnsOf(points, "6 hours").atSec).toEqual([12 * 3600]);
  expect(columnsOf([], "6 hours").atSec).toEqual([]);
});
