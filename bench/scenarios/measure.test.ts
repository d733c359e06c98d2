import { expect, test } from "vitest";
import { cpuTimes, stolenShare } from "../machine.js";
import { type Row, ratioOf, untilSteady } from "./measure.js";

const rowOf = (target: string, roundsUs: readonly (number | null)[]): Row => ({
  ...{ target, roundsUs, cpuUsPerRequest: 0, requestsPerSec: 0 },
  ...{ generatorBound: false, share200: 1, answerBytes: 0 },
});

test("a ratio is of pairs: a machine that gets slower, and one bad round, leave it alone", () => {
  const ours = rowOf("ours", [20, 24, 30, 36, 90, 44, 50]);
  const echo = rowOf("echo", [10, 12, 15, 18, 20, 22, 25]);
  expect(ratioOf(ours, echo)).toMatchObject({ middle: 0.5, high: 0.5, pairs: 7 });
});

test("a round that one of both was not measured in is no pair", () => {
  const ours = rowOf("ours", [20, 20, 20, 20]);
  const { middle, pairs, high } = ratioOf(ours, rowOf("json", [10, null, null, 14]));
  expect({ middle, pairs }).toEqual({ middle: 0.6, pairs: 2 });
  expect(high).toBe(Number.POSITIVE_INFINITY);
});

async function timesAsked(
  costs: readonly number[],
  inARow?: number,
): Promise<[times: number, steady: boolean]> {
  let times = 0;
  const cost = async (): Promise<number> => costs[times++] ?? Number.NaN;
  const steady = await untilSteady(cost, costs.length, inARow);
  return [times, steady];
}

test("a server is warm when two times in a row were not cheaper", async () => {
  expect(await timesAsked([50, 49, 50, 10])).toEqual([3, true]);
  expect(await timesAsked([90, 60, 59, 50, 51, 49.5, 10])).toEqual([6, true]);
  expect(await timesAsked([Number.POSITIVE_INFINITY, 60, 50, 45])).toEqual([4, false]);
  expect(await timesAsked([50, 49, 10], 1)).toEqual([2, true]);
  expect(await timesAsked([50, 40, 41, 10], 1)).toEqual([3, true]);
});

test("what was stolen from the machine is read from /proc/stat", () => {
  const before = cpuTimes("cpu  100 0 50 800 0 0 10 40 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  const now = cpuTimes("cpu  160 0 60 820 0 0 10 50 9 0\n");
  expect(stolenShare(before, now)).toBeCloseTo(0.1);
  expect(stolenShare(before, before)).toBe(0);
});
