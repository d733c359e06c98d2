import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BootClock, ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";

let data = "";
let journal = new FaultyFolder();
let now: BootClock = { ms: 0 };
const days = 5 * 86_400_000;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "clock-jump-"));
  journal = new FaultyFolder();
  now = { ms: Date.parse("2026-11-26T08:10:00Z") };
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

function boot(mark: string): ExposureBoot {
  const one = new ExposureBoot(data, journal, now, mark);
  one.adopt([]);
  return one;
}
const ada = { ordinal: 42 };

test("bills come again while the clock is five days ahead, and count once it is set right", () => {
  const one = boot("a");
  const billed = one.bid(ada, 50)!;
  const waits = one.bid(ada, 50)!;
  one.notify(billed);
  now.aheadMs = days;
  for (const bid of [billed, waits]) one.notify(bid);
  expect(one.loop.counts).toMatchObject({ notices: 1, doubted: 2, expired: 0 });
  expect(one.loop.clockDoubt()).toEqual({ aheadSec: days / 1000, sinceStart: false });
  // What is bid and billed by the wrong clock counts at once.
  one.notify(one.bid(ada, 50)!);
  expect(one.loop.counts.notices).toBe(2);
  // Old tokens are forgotten every ten minutes.
  now.ms += 1_200_000;
  one.loop.step();
  now.aheadMs = 0;
  for (const bid of [billed, waits]) one.notify(bid);
  expect(one.loop.counts).toMatchObject({ notices: 3, duplicates: 1, expired: 0 });
  expect(one.loop.clockDoubt().aheadSec).toBe(0);
});

test("left alone for an hour the clock is believed, and set back then nothing is billed twice", () => {
  const one = boot("a");
  const billed = one.bid(ada, 50)!;
  one.notify(billed);
  now.aheadMs = days;
  one.loop.step();
  now.ms += 3_600_000;
  one.notify(billed);
  expect(one.loop.counts).toMatchObject({ notices: 1, doubted: 0, expired: 1 });
  now.ms += 1_200_000;
  one.loop.step();
  now.aheadMs = 0;
  one.notify(billed);
  expect(one.loop.counts).toMatchObject({ notices: 1, refused: 1 });
  one.notify(one.bid(ada, 50)!);
  expect(one.loop.counts.notices).toBe(2);
  // The journal still knows.
  const two = boot("b");
  two.notify(billed);
  expect(two.loop.counts).toMatchObject({ notices: 0, duplicates: 1 });
});

test("a start under a clock that is days ahead forgets nothing that is alive", () => {
  const one = boot("a");
  const billed = one.bid(ada, 50)!;
  const waits = one.bid(ada, 50)!;
  one.notify(billed);
  now.aheadMs = days;
  const two = boot("b");
  for (const bid of [billed, waits]) two.notify(bid);
  expect(two.loop.counts).toMatchObject({ notices: 0, doubted: 2, expired: 0 });
  expect(two.loop.clockDoubt().sinceStart).toBe(true);
  // What it wrote under the wrong clock makes that no better for the next one.
  const three = boot("c");
  for (const bid of [billed, waits]) three.notify(bid);
  expect(three.loop.counts).toMatchObject({ notices: 0, doubted: 2, expired: 0 });
  now.aheadMs = 0;
  for (const bid of [billed, waits]) three.notify(bid);
  expect(three.loop.counts).toMatchObject({ notices: 1, duplicates: 1 });
});
