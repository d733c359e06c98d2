import { expect, test } from "vitest";
import { compareZones } from "../testing/zone-oracle.js";

const zones = [
  ...["Europe/Paris", "America/New_York", "America/Havana", "America/St_Johns", "Asia/Beirut"],
  ...["Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Chatham", "Africa/Cairo"],
];

test("days and hours at changes of clocks are those of Python's zoneinfo", (context) => {
  const found = compareZones(300, zones);
  if (found === null) {
    context.skip("no python3 with zoneinfo here: npm run bench -- --time-zones compares all zones");
    return;
  }
  expect(found.wrong).toEqual([]);
  expect(found.unknown).toEqual([]);
  expect(found.transitions).toBeGreaterThan(80);
});
