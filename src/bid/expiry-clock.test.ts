import { expect, test } from "vitest";
import { ExpiryClock } from "./expiry-clock.js";

const wall = 1_800_000_000;
const days = 5 * 86_400;

/** Both clocks go on by so much, the wall clock by `setBy` besides. */
class Clocks {
  readonly clock = new ExpiryClock();
  wallSec = wall;
  monotonicSec = 77;

  constructor(...journalSec: number[]) {
    for (const timeSec of journalSec) this.clock.replay(timeSec);
    this.clock.start(this.wallSec, this.monotonicSec);
  }

  pass(sec: number, setBy = 0): number[] {
    this.wallSec += sec + setBy;
    this.monotonicSec += sec;
    this.clock.look(this.wallSec, this.monotonicSec);
    return [this.clock.trustedSec - wall, this.clock.doubtedSec];
  }
}

test("a clock that goes, stands, goes back or is set ahead by an hour is believed", () => {
  const clocks = new Clocks();
  expect(clocks.pass(7200)).toEqual([7200, 0]);
  expect(clocks.pass(10, 3600)).toEqual([10_810, 0]);
  expect(clocks.pass(10, -10)).toEqual([10_810, 0]);
  expect(clocks.pass(0, -days)).toEqual([10_810 - days, 0]);
});

test("a jump of days is not believed before it has lasted for an hour", () => {
  const clocks = new Clocks();
  expect(clocks.pass(0.5, days)).toEqual([0.5, days]);
  expect(clocks.clock.sinceStart).toBe(false);
  clocks.pass(3599);
  expect(clocks.clock.trustedSec).toBe(wall + 3599.5);
  clocks.pass(1);
  expect([clocks.clock.trustedSec, clocks.clock.doubtedSec]).toEqual([clocks.wallSec, 0]);
});

test("set right within the hour it was as if nothing had been", () => {
  const clocks = new Clocks();
  clocks.pass(1, days);
  clocks.pass(1800);
  expect(clocks.pass(1, -days)).toEqual([1802, 0]);
  // The next jump has its own hour.
  clocks.pass(1, days);
  clocks.pass(3000);
  expect(clocks.clock.doubtedSec).toBe(days);
});

test("set to another wrong time it is doubted for an hour from then on", () => {
  const clocks = new Clocks();
  clocks.pass(1, days);
  clocks.pass(3000);
  clocks.pass(1, days);
  clocks.pass(3000);
  expect(clocks.clock.doubtedSec).toBe(2 * days);
  clocks.pass(600);
  expect(clocks.clock.doubtedSec).toBe(0);
});

test("at a start the journal tells the time of before", () => {
  expect(new Clocks().clock).toMatchObject({ trustedSec: wall, doubtedSec: 0, sinceStart: false });
  expect(new Clocks(wall - 3600).clock).toMatchObject({ trustedSec: wall, doubtedSec: 0 });
  expect(new Clocks(wall + days).clock).toMatchObject({ trustedSec: wall, doubtedSec: 0 });
  const clocks = new Clocks(wall - days);
  expect(clocks.clock).toMatchObject({ doubtedSec: days, sinceStart: true });
  clocks.pass(60);
  expect(clocks.clock).toMatchObject({ trustedSec: wall - days + 60, sinceStart: true });
  clocks.pass(3600);
  expect(clocks.clock.doubtedSec).toBe(0);
});

test("a doubt outlives a restart, and its hour goes on over it", () => {
  const minute = 60;
  const before = [0, 10, 20].map((m) => wall - days + m * minute);
  const wrong = [-30, -20, -10].map((m) => wall + m * minute);
  const clocks = new Clocks(...before, ...wrong);
  expect(clocks.clock.trustedSec).toBe(wall - days + 50 * minute);
  expect(clocks.clock.sinceStart).toBe(true);
  clocks.pass(29 * minute);
  expect(clocks.clock.doubtedSec).toBeGreaterThan(0);
  clocks.pass(minute);
  expect([clocks.clock.trustedSec, clocks.clock.doubtedSec]).toEqual([clocks.wallSec, 0]);
  // An hour of the journal at the later time: it was right, or nobody will set it.
  const believed = [...before, ...[-90, -60, -30].map((m) => wall + m * minute)];
  expect(new Clocks(...believed).clock).toMatchObject({ trustedSec: wall, doubtedSec: 0 });
});
