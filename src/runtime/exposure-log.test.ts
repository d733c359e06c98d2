import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import { closeLeftovers } from "./exposure-close.js";
import { Behaviour, exposureHead } from "./exposure-file.js";
import { ExposureLog } from "./exposure-log.js";
import { scanExposures } from "./exposure-scan.js";
import { scrubExposures } from "./exposure-scrub.js";
import { appendForget } from "./forget-log.js";

let data = "";
let folder = "";
let log: ExposureLog;
/** Eight o'clock, UTC. */
const eight = Date.parse("2026-11-26T08:00:00Z") / 1000;
const day = "2026-11-26";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "exposure-log-"));
  folder = join(data, "exposures");
  log = new ExposureLog(folder, 90, "ab");
  log.begin(9);
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const row = (person: number, lineItem = 50) => ({
  ...{ person, epoch: 3, behaviour: Behaviour.EXPOSURE, lineItem, campaign: 1, advertiser: 7 },
  country: "USA",
});
const show = (person: number, atSec: number, lineItem = 50): void => {
  log.add(row(person, lineItem), atSec);
  log.flush(atSec);
};
const names = (): string[] => readdirSync(join(folder, day)).sort();
const rows = (name: string): string[][] =>
  readFileSync(join(folder, day, name), "latin1")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
/** Persons that a cap would count. */
const counted = (): number[] => {
  const people: number[] = [];
  for (const _ of scanExposures(folder, 0, ({ person }) => people.push(person)));
  return people.sort((a, b) => a - b);
};

test("the rows of a closed file and their numbers say nothing of the order of the bills", () => {
  const random = new SeededRandom(5);
  const shown = Array.from({ length: 200 }, () => [1 + random.below(1e6), 50 + random.below(3)]);
  for (const [person, lineItem] of shown) show(person!, eight + 60, lineItem);
  log.close(eight + 60);
  expect(names()).toEqual(["9-ab-0-0.csv"]);
  const written = rows("9-ab-0-0.csv");
  const said = written.map((columns) => [Number(columns[2]), Number(columns[5])]);
  expect(said).toEqual([...shown].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!));
  expect(written.map(([id]) => id)).toEqual(shown.map((_, i) => `9-ab-${i}`));
});

test("rows stand in the order of the bills for an hour at most, also where no more come", () => {
  show(42, eight + 3598);
  show(41, eight + 3599);
  log.sync(eight + 3599);
  expect(names()).toEqual(["9-ab-0-0.live"]);
  log.sync(eight + 3600);
  expect(names()).toEqual(["9-ab-0-0.csv"]);
  expect(rows("9-ab-0-0.csv").map((columns) => columns[2])).toEqual(["41", "42"]);
  show(40, eight + 3600);
  expect(names()).toEqual(["9-ab-0-0.csv", "9-ab-1-0.live"]);
  expect(counted()).toEqual([40, 41, 42]);
});

test("a full file is closed before its hour is over, and no row is lost", () => {
  for (let person = 1; person <= 32_769; person++) {
    log.add(row(person), eight);
    if (person % 1024 === 0 || person >= 32_768) log.flush(eight);
  }
  expect(names()).toEqual(["9-ab-0-0.csv", "9-ab-1-0.live"]);
  expect(counted()).toHaveLength(32_769);
});

test("a crash at any point of a close leaves every row once", () => {
  for (const person of [44, 43, 42]) show(person, eight);
  const live = join(folder, day, "9-ab-0-0.live");
  const text = readFileSync(live, "latin1");
  const closed = join(folder, day, "9-ab-0-0.csv");
  writeFileSync(`${closed}.sorting`, text.slice(0, 90));
  closeLeftovers(folder);
  expect(names()).toEqual(["9-ab-0-0.csv"]);
  // Closed, scrubbed to another name, and the live one is still there.
  renameSync(closed, join(folder, day, "9-ab-0-4.csv"));
  writeFileSync(live, text);
  expect(counted()).toEqual([42, 43, 44]);
  closeLeftovers(folder);
  expect(names()).toEqual(["9-ab-0-4.csv"]);
  expect(counted()).toEqual([42, 43, 44]);
});

test("torn lines, and lines that a failed write had brought already, are not in a closed file", () => {
  show(44, eight);
  show(43, eight);
  const live = join(folder, day, "9-ab-0-0.live");
  const [head = "", first = "", second = ""] = readFileSync(live, "latin1").split("\n");
  const lines = [head, first, second.slice(0, 20), first, second, "9-ab-2,1795"];
  writeFileSync(live, lines.join("\n"));
  closeLeftovers(folder);
  expect(readFileSync(join(folder, day, "9-ab-0-0.csv"), "latin1")).toBe(
    `${exposureHead}9-ab-0,${eight},43,3,exposure,50,1,7,USA\n` +
      `9-ab-1,${eight},44,3,exposure,50,1,7,USA\n`,
  );
});

test("a file that is closed while it is counted is read to its end", () => {
  for (const person of [44, 43]) show(person, eight);
  const people: number[] = [];
  mkdirSync(join(folder, "2026-11-25"));
  writeFileSync(join(folder, "2026-11-25", "8-ab-0-0.csv"), exposureHead);
  const steps = scanExposures(folder, 0, ({ person }) => people.push(person));
  steps.next();
  for (const person of [41, 40]) show(person, eight);
  log.close(eight);
  while (steps.next().done !== true);
  expect(people).toEqual([40, 41, 43, 44]);
});

test("caps count exposures alone, whatever else the log tells of", () => {
  const kinds = ["exposure", "click", "ghost", "exposures", "expo", "engagement", ""];
  const lines = kinds.map((kind, i) => `9-ab-${i},${eight},${i + 1},3,${kind},50,1,7,USA\n`);
  mkdirSync(join(folder, day));
  writeFileSync(join(folder, day, "9-ab-0-0.live"), exposureHead + lines.join(""));
  expect(counted()).toEqual([1]);
  closeLeftovers(folder);
  expect(rows("9-ab-0-0.csv").map((columns) => columns[4])).toEqual(kinds);
  expect(counted()).toEqual([1]);
});

test("rows that a full disk kept back never stand in a file that says they are forgotten", () => {
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder");
  show(42, eight);
  expect([log.isBehind, log.failure]).toEqual([true, `${folder} cannot be written: ENOTDIR`]);
  log.forgotten(7, eight);
  rmSync(folder);
  log.flush(eight);
  expect(names()).toEqual(["9-ab-0-0.live"]);
  log.sync(eight);
  expect(names()).toEqual(["9-ab-0-0.csv"]);
  show(43, eight);
  expect(names()).toEqual(["9-ab-0-0.csv", "9-ab-1-7.live"]);
});

test("what a killed run of forgetting had begun to write goes with the next one", async () => {
  show(42, eight);
  log.close(eight);
  const begun = join(folder, day, "9-ab-0-1.csv.writing");
  writeFileSync(begun, `${exposureHead}9-ab-0,${eight},42,3,exposure,50,1,7,USA\n`);
  appendForget(join(data, "forget.log"), [42, 43] as Ordinal[]);
  await scrubExposures(folder, join(data, "forget.log"), 0);
  expect(existsSync(begun)).toBe(false);
  expect(names()).toEqual(["9-ab-0-2.csv"]);
  expect(rows("9-ab-0-2.csv")).toEqual([]);
});
