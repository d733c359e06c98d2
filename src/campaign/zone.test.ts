import { describe, expect, test } from "vitest";
import { isZone, offsetSecAt, startOfLocalDay, transitionsOf } from "./zone.js";

const zones = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "America/St_Johns",
  "Asia/Shanghai",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Pacific/Apia",
  "America/Asuncion",
];
const sec = (text: string): number => Date.parse(text) / 1000;

describe("transitions", () => {
  test("give the platform's own offset in every quarter of an hour around each change", () => {
    let changes = 0;
    for (const zone of zones) {
      const list = transitionsOf(zone, sec("2024-01-01T00:00Z"), sec("2030-01-01T00:00Z"));
      for (const { fromSec } of list.slice(1)) {
        changes++;
        for (let at = fromSec - 7200; at <= fromSec + 7200; at += 900) {
          const offset = list.findLast((change) => change.fromSec <= at)?.offsetSec;
          expect(offset).toBe(offsetSecAt(zone, at));
        }
        expect(offsetSecAt(zone, fromSec - 1)).not.toBe(offsetSecAt(zone, fromSec));
      }
    }
    expect(changes).toBeGreaterThan(50);
  });

  test("of Paris in 2026 are the last Sundays of March and October at 01:00 UTC", () => {
    const list = transitionsOf("Europe/Paris", sec("2026-01-01T00:00Z"), sec("2027-01-01T00:00Z"));
    expect(list).toEqual([
      { fromSec: sec("2026-01-01T00:00Z"), offsetSec: 3600 },
      { fromSec: sec("2026-03-29T01:00Z"), offsetSec: 7200 },
      { fromSec: sec("2026-10-25T01:00Z"), offsetSec: 3600 },
    ]);
  });

  test("are whole seconds where the span ends half a second after one", () => {
    const change = sec("2026-03-29T01:00Z");
    const list = transitionsOf("Europe/Paris", change - 5, change + 0.5);
    expect(list.map(({ fromSec }) => fromSec)).toEqual([change - 5, change]);
  });
});

describe("a local day", () => {
  test("begins at local midnight", () => {
    expect(startOfLocalDay("Asia/Shanghai", 2026, 12, 1)).toBe(Date.parse("2026-11-30T16:00Z"));
    expect(startOfLocalDay("America/New_York", 2026, 7, 1)).toBe(Date.parse("2026-07-01T04:00Z"));
    expect(startOfLocalDay("Europe/Paris", 2026, 3, 29)).toBe(Date.parse("2026-03-28T23:00Z"));
    expect(startOfLocalDay("Europe/Paris", 2026, 3, 30)).toBe(Date.parse("2026-03-29T22:00Z"));
    expect(startOfLocalDay("UTC", 2026, 12, 32)).toBe(Date.parse("2027-01-01T00:00Z"));
  });

  test("begins at 01:00 where the clocks skip midnight", () => {
    // Asuncion, 2024-10-06: 00:00 became 01:00.
    const start = startOfLocalDay("America/Asuncion", 2024, 10, 6);
    expect(start).toBe(Date.parse("2024-10-06T04:00Z"));
    // Beirut, 2026-03-29: 00:00 became 01:00.
    expect(startOfLocalDay("Asia/Beirut", 2026, 3, 29)).toBe(Date.parse("2026-03-28T22:00Z"));
  });

  test("begins at the first of two midnights", () => {
    // Havana, 2026-11-01: 01:00 became 00:00, so that midnight came twice.
    expect(startOfLocalDay("America/Havana", 2026, 11, 1)).toBe(Date.parse("2026-11-01T04:00Z"));
  });

  test("begins on every day of a leap year where the platform's date changes", () => {
    for (const zone of zones) {
      const date = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
      for (let day = 1; day <= 366; day++) {
        const start = startOfLocalDay(zone, 2028, 1, day);
        const wanted = new Date(Date.UTC(2028, 0, day)).toISOString().slice(0, 10);
        expect(date.format(start)).toBe(wanted);
        expect(date.format(start - 1000)).not.toBe(wanted);
      }
    }
  });
});

test("only names of the database are zones", () => {
  expect(zones.every(isZone)).toBe(true);
  for (const name of ["Europe/Pariss", "+01:00", "", "CST6CDT4", "../etc"]) {
    expect(isZone(name), name).toBe(false);
  }
});
