import { expect, test } from "vitest";
import { askedMin, LoadShedder, lagMsMax, pendingMax, waitedMsMax } from "./shedding.js";

const shedOf = (shedder: LoadShedder, calls: number): number => {
  let shed = 0;
  for (let i = 0; i < calls; i++) if (shedder.sheds(0)) shed += 1;
  return shed;
};

test("nothing is shed while turns are short", () => {
  const shedder = new LoadShedder();
  for (let i = 0; i < 100; i++) shedder.sample(lagMsMax, pendingMax);
  expect(shedOf(shedder, 1000)).toBe(0);
});

test("the longer turns stay too long the more is shed, but never all", () => {
  const shedder = new LoadShedder();
  shedOf(shedder, askedMin);
  const shares = Array.from({ length: 20 }, () => {
    shedder.sample(lagMsMax + 1, 0);
    return shedOf(shedder, 1000);
  });
  expect(shares[0]).toBeCloseTo(100, -1);
  expect(shares[4]).toBeCloseTo(500, -1);
  expect(shares.at(-1)).toBeCloseTo(950, -1);
});

test("a lag without load is not overload", () => {
  const shedder = new LoadShedder();
  for (let i = 0; i < 100; i++) {
    shedder.sample(500, 0);
    expect(shedder.sheds(0)).toBe(false);
  }
});

test("two seconds of short turns after overload shed nothing any more", () => {
  const shedder = new LoadShedder();
  for (let i = 0; i < 1000; i++) {
    shedOf(shedder, askedMin);
    shedder.sample(500, 0);
  }
  expect(shedOf(shedder, 1000)).toBe(950);
  for (let i = 0; i < 2000 / lagMsMax; i++) shedder.sample(0, 0);
  expect(shedOf(shedder, 1000)).toBe(0);
});

test("too many requests without an answer shed every new one, until they are answered", () => {
  const shedder = new LoadShedder();
  shedder.sample(0, pendingMax + 1);
  expect(shedOf(shedder, 10)).toBe(10);
  shedder.sample(0, 0);
  expect(shedOf(shedder, 10)).toBe(0);
});

test("every new one is shed while the oldest waits for too long, and none when it is answered", () => {
  const shedder = new LoadShedder();
  expect(shedder.sheds(waitedMsMax)).toBe(false);
  for (let i = 0; i < 10; i++) expect(shedder.sheds(waitedMsMax + 0.1)).toBe(true);
  expect(shedder.sheds(0)).toBe(false);
});
