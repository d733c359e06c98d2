import { expect, test } from "vitest";
import { LoadWindow } from "./open-loop.js";
import { WindowSlices } from "./window-slices.js";

const sliceOf = (us: number, status = 200): LoadWindow => {
  const slice = new LoadWindow();
  for (let i = 0; i < 10; i++) slice.note(status, us, us);
  return slice;
};

test("latencies of a slice that the host took, and of two beside it, are left out", () => {
  const slices = new WindowSlices();
  for (let i = 0; i < 12; i++) slices.add(sliceOf(i >= 4 && i <= 8 ? 90_000 : 200), i === 6);
  const { figures } = slices.cut();
  expect(figures).toMatchObject({ answered: 120, errors: 0, maxUs: 200 });
  expect(figures.stolen).toBeCloseTo(5 / 12);
});

test("errors count whatever the host took", () => {
  const slices = new WindowSlices();
  for (let i = 0; i < 8; i++) slices.add(sliceOf(200, i === 1 ? 500 : 204), i === 1);
  const { figures } = slices.cut();
  expect(figures).toMatchObject({ answered: 80, errors: 10, share200: 0 });
});

test("what the host took at the end of a window is left out at the start of the next", () => {
  const slices = new WindowSlices();
  slices.add(sliceOf(90_000), true);
  expect(slices.cut().figures.stolen).toBe(1);
  for (const us of [90_000, 90_000, 200, 200, 200]) slices.add(sliceOf(us), false);
  const { figures } = slices.cut();
  expect(figures.maxUs).toBe(200);
  expect(figures.stolen).toBeCloseTo(2 / 5);
});

test("where nearly all of a window was taken its latencies are those of all of it", () => {
  const slices = new WindowSlices();
  for (let i = 0; i < 8; i++) slices.add(sliceOf(i === 7 ? 200 : 90_000), i < 5);
  const { figures } = slices.cut();
  expect(figures.stolen).toBeCloseTo(7 / 8);
  expect(figures.maxUs).toBe(90_000);
});
