import { expect, test } from "vitest";
import { PacingRecord } from "./pacing-record.js";

const slotSec = 900;
const startSec = 1_800_000_000;
/** 10 a quarter of an hour. */
const planned = (fromSec: number, toSec: number): number => (10 * (toSec - fromSec)) / slotSec;

test("whole quarters of an hour count, those that were cut and other days do not", () => {
  const record = new PacingRecord();
  const note = (slot: number, spentToday: number, day = 1): void =>
    record.note(startSec + slot * slotSec, day, spentToday, planned);
  note(0.5, 7);
  note(1, 300);
  expect(record.error()).toBeNull();
  note(1.9, 305);
  note(2, 310);
  expect(record.error()).toBe(0);
  note(3, 330);
  // 10 and 20 of 10: the root of a half.
  expect(record.error()).toBeCloseTo(Math.SQRT1_2, 9);
  // The process stood still from before the end of a slot into the next: neither is whole.
  note(4.5, 900);
  note(5, 901);
  expect(record.error()).toBeCloseTo(Math.SQRT1_2, 9);
  note(6, 911);
  expect(record.error()).toBeCloseTo(Math.sqrt(1 / 3), 9);
  note(7, 0, 2);
  expect(record.error()).toBeNull();
});

test("what is neither planned nor spent is no slot", () => {
  const record = new PacingRecord();
  for (let slot = 0; slot <= 8; slot++) {
    record.note(startSec + slot * slotSec, 1, 0, () => 0);
  }
  expect(record.error()).toBeNull();
  record.note(startSec + 9 * slotSec, 1, 10, planned);
  record.note(startSec + 10 * slotSec, 1, 30, planned);
  expect(record.error()).toBeCloseTo(Math.SQRT1_2, 9);
});
