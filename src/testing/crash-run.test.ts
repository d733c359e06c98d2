import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { type CrashOrder, type CrashResult, crashOnce } from "./crash-run.js";

const usual: CrashOrder = {
  ...{ seed: 4, events: 200, call: null, moment: "before", afterMs: 10_000, under: [] },
};
const wrongOf = (results: readonly CrashResult[]): string[] =>
  results.flatMap(({ wrong }) => [...wrong]);

test("a life to its end shows that the script writes, syncs and bills", async () => {
  const { wrong, killed, calls, bills, acknowledged } = await crashOnce(usual);
  expect([wrong, killed]).toEqual([[], false]);
  expect(calls).toBeGreaterThan(120);
  expect(bills).toBeGreaterThan(20);
  expect(acknowledged).toBeGreaterThan(30);
});

test("killed at calls of the disk all over its life: nothing acknowledged is lost", async () => {
  const results: CrashResult[] = [];
  for (let call = 3; call < 140; call += 7) {
    const moment = call % 2 === 0 ? "before" : "after";
    results.push(await crashOnce({ ...usual, call, moment }));
  }
  expect(wrongOf(results)).toEqual([]);
  expect(results.every(({ killed }) => killed)).toBe(true);
});

test("killed at a random moment: nothing acknowledged is lost", async () => {
  const random = new SeededRandom(1);
  const results: CrashResult[] = [];
  for (let run = 0; run < 12; run++) {
    results.push(await crashOnce({ ...usual, seed: run, afterMs: random.fraction() * 60 }));
  }
  expect(wrongOf(results)).toEqual([]);
  expect(results.filter(({ killed }) => killed).length).toBeGreaterThan(2);
});
