import { expect, test } from "vitest";
import type { PacedSpan } from "./pacing-day.js";
import { PacingDay } from "./pacing-day.js";
import { PacingDays } from "./pacing-days.js";
import { TrafficShape } from "./traffic-shape.js";

const midnightSec = 20_000 * 86_400;
const span: PacedSpan = {
  zone: [{ fromSec: 0, offsetSec: 0 }],
  startMs: (midnightSec - 86_400) * 1000,
  endMs: (midnightSec + 9 * 86_400) * 1000,
  week: null,
  mode: "even",
};

test("equal spans share one day within an hour, and have another in the next", () => {
  const days = new PacingDays(new TrafficShape());
  const first = days.of(span, midnightSec + 7200);
  expect(days.of(structuredClone(span), midnightSec + 9000)).toBe(first);
  const next = days.of(span, midnightSec + 10_800);
  expect(next).not.toBe(first);
  // A clock that was set back.
  expect(days.of(span, midnightSec + 7200)).not.toBe(first);
});

test.each<[string, Partial<PacedSpan>]>([
  ["pace", { mode: "ahead" }],
  ["beginning", { startMs: (midnightSec + 3600) * 1000 }],
  ["end", { endMs: (midnightSec + 3 * 86_400) * 1000 }],
  ["hours", { week: [0xff00, 0, 0, 0, 0, 0xff] }],
  ["zone", { zone: [{ fromSec: 0, offsetSec: 3600 }] }],
])("another %s: the day is the one made of that span alone", (_, change) => {
  const shape = new TrafficShape();
  const days = new PacingDays(shape);
  const other = { ...span, ...change };
  const nowSec = midnightSec + 7200;
  const shared = days.of(span, nowSec);
  expect(days.of(other, nowSec)).toEqual(new PacingDay(other, shape, nowSec));
  expect(days.of(other, nowSec)).not.toEqual(shared);
});

test("a local day that begins within an hour has its own plan", () => {
  const days = new PacingDays(new TrafficShape());
  const halfHour = { ...span, zone: [{ fromSec: 0, offsetSec: 19_800 }] };
  const before = days.of(halfHour, midnightSec + 18.4 * 3600);
  const after = days.of(halfHour, midnightSec + 18.6 * 3600);
  expect(after.day).toBe(before.day + 1);
});
