import { compareZones } from "../src/testing/zone-oracle.js";

/**
 * Days and hours of the week an hour before and after every change of clocks 2025-2030, minute by
 * minute, against Python's zoneinfo. True = no difference.
 */
export function printTimeZones(write: (line: string) => void): boolean {
  const found = compareZones(60);
  if (found === null) {
    write("no python3 with zoneinfo here: nothing was compared");
    return true;
  }
  const { zones, transitions, moments, unknown, wrong } = found;
  write(`${zones} zones, ${transitions} transitions 2025-2030, ${moments} moments`);
  if (unknown.length > 0) write(`the oracle does not know ${unknown.join(", ")}`);
  for (const line of wrong.slice(0, 20)) write(line);
  write(`${wrong.length} differences`);
  write(JSON.stringify({ bench: "time-zones", zones, transitions, moments, wrong: wrong.length }));
  return wrong.length === 0;
}
