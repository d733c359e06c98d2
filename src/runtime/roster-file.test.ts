import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import { RosterFile } from "./roster-file.js";

const key = sipKeyFrom(new Uint8Array(16).fill(3));
const dayMs = 86_400_000;
const noon = 100 * dayMs + dayMs / 2;
const certified = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ agency: 7 as AgencyId, digest: `audience ${i}` }));

let root = "";
let path = "";
let problems: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "roster-"));
  path = join(root, "asking-roster.json");
  problems = [];
});
afterEach(() => rmSync(root, { recursive: true }));
const open = () => new RosterFile(path, key, (words) => problems.push(words));

test("a restart goes on with the places of the day", () => {
  open().turn(certified(6), noon);
  const grown = open().turn(certified(8), noon);
  expect(open().turn(certified(3), noon)).toEqual(grown);
  expect(grown.placeOf.size).toBe(8);
  // The ninth came in the same day: it has no place, after a restart neither.
  expect(open().turn(certified(9), noon)).toEqual(grown);
  expect(open().turn(certified(9), noon + dayMs).placeOf.size).toBe(9);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a damaged file opens nothing on its day, and is no obstacle on the next", () => {
  for (const text of [
    "{",
    '{"day":100,"agencies":[{"agency":7,"places":1,"digests":["a","b"]}]}',
  ]) {
    writeFileSync(path, text);
    const file = open();
    expect(file.turn(certified(3), noon).placeOf.size).toBe(0);
    expect(file.turn(certified(3), noon + dayMs).placeOf.size).toBe(3);
    expect(problems.splice(0)).toEqual([expect.stringContaining("is damaged")]);
  }
});

test("what cannot be kept is not used: new audiences stay closed, yesterday's day goes on", () => {
  const file = open();
  const before = file.turn(certified(6), noon);
  rmSync(root, { recursive: true });
  writeFileSync(root, "");
  expect(file.turn(certified(7), noon)).toEqual(before);
  expect(file.turn(certified(7), noon + dayMs)).toEqual(before);
  expect(problems[0]).toContain("cannot be written");
  expect(file.isOver(before.day, noon + dayMs + 1000)).toBe(false);
  expect(file.isOver(before.day, noon + dayMs + 60_000)).toBe(true);
});

test("the file says agencies and digests of audiences alone", () => {
  open().turn(certified(1), noon);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
    ...{ day: 100, agencies: [{ agency: 7, places: 5, digests: ["audience 0"] }] },
  });
});
