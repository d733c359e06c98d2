import { expect, test } from "vitest";
import { dayAfter, dayIn, lastDays } from "./days.js";

test("a day is that of the zone, on either side of midnight", () => {
  const atMs = Date.UTC(2026, 11, 31, 23, 30);
  expect(dayIn("UTC", atMs)).toBe("2026-12-31");
  expect(dayIn("Asia/Tokyo", atMs)).toBe("2027-01-01");
  expect(dayIn("America/Los_Angeles", Date.UTC(2027, 0, 1, 7, 59))).toBe("2026-12-31");
});

test("days cross months, leap days and changes of clocks", () => {
  expect(dayAfter("2026-12-02", 30)).toBe("2027-01-01");
  expect(dayAfter("2028-02-28", 1)).toBe("2028-02-29");
  expect(dayAfter("2026-10-24", 2)).toBe("2026-10-26");
  expect(dayAfter("2026-03-01", -1)).toBe("2026-02-28");
});

test("seven days end today and cross months", () => {
  expect(lastDays("2026-03-03", 7)).toEqual({ from: "2026-02-25", to: "2026-03-03" });
});
