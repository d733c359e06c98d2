import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ordinal } from "../base/ids.js";
import { appendForget, forgetLogStart, readForgetLog, tailForgetLog } from "./forget-log.js";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crowdbid-forget-"));
  path = join(folder, "forget.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

const ordinals = (...numbers: number[]): Ordinal[] => numbers as Ordinal[];

test("a log is lines of text with rising sequences, pinned byte by byte", () => {
  expect(appendForget(path, ordinals(123456, 7))).toBe(2);
  expect(appendForget(path, ordinals(629_999_999))).toBe(3);
  expect(readFileSync(path, "latin1")).toBe(
    "000000000001 0000123456 4244c6ab\n" +
      "000000000002 0000000007 9b8a577f\n" +
      "000000000003 0629999999 ca34f1c6\n",
  );
  const read = readForgetLog(path, forgetLogStart);
  expect(read.records.map((r) => r.ordinal)).toEqual([123456, 7, 629_999_999]);
  expect(read.position).toEqual({ byteOffset: 99, sequence: 3 });
});

test("a reader goes on where it was, and a missing log is empty", () => {
  expect(readForgetLog(path, forgetLogStart).records).toEqual([]);
  appendForget(path, ordinals(1));
  const { position } = readForgetLog(path, forgetLogStart);
  appendForget(path, ordinals(2, 3));
  expect(readForgetLog(path, position).records).toEqual([
    { sequence: 2, ordinal: 2 },
    { sequence: 3, ordinal: 3 },
  ]);
});

test("a torn last line is not there yet, and the next writer removes it", () => {
  appendForget(path, ordinals(1));
  appendFileSync(path, "000000000002 0000");
  expect(readForgetLog(path, forgetLogStart).records.length).toBe(1);
  expect(appendForget(path, ordinals(9))).toBe(2);
  expect(readForgetLog(path, forgetLogStart)).toMatchObject({
    records: [{ ordinal: 1 }, { ordinal: 9 }],
    damagedAt: [],
  });
});

test("a damaged line is reported, and the lines behind it still count", () => {
  appendForget(path, ordinals(1, 2, 3));
  const text = readFileSync(path, "latin1");
  writeFileSync(path, text.replace("0000000002 ", "0000000902 "));
  const read = readForgetLog(path, forgetLogStart);
  expect(read.records.map((r) => r.ordinal)).toEqual([1, 3]);
  expect(read.damagedAt).toEqual([33]);
});

test("a log that was put back from a backup is read again without repeating anyone", () => {
  appendForget(path, ordinals(1, 2));
  const backup = readFileSync(path);
  appendForget(path, ordinals(3));
  const { position } = readForgetLog(path, forgetLogStart);
  writeFileSync(path, backup);
  expect(readForgetLog(path, position).records).toEqual([]);
});

test("the tail gives each person once, in its turn, and survives an unreadable log", async () => {
  appendForget(path, ordinals(4));
  const { position } = readForgetLog(path, forgetLogStart);
  const forgotten: number[] = [];
  const alarms: string[] = [];
  const tail = tailForgetLog(
    path,
    position,
    ({ ordinal }) => forgotten.push(ordinal),
    (words) => alarms.push(words),
    20,
  );
  appendForget(path, ordinals(5));
  await expect.poll(() => forgotten, { timeout: 20_000 }).toEqual([5]);
  appendFileSync(path, `${"x".repeat(32)}\n`);
  appendForget(path, ordinals(6));
  tail.poll();
  tail.stop();
  expect(forgotten).toEqual([5, 6]);
  expect(alarms).toEqual([`${path}: damaged line at byte 66`]);
  const broken = tailForgetLog(
    folder,
    position,
    () => {},
    (words) => alarms.push(words),
  );
  broken.poll();
  broken.poll();
  broken.stop();
  expect(alarms.length).toBe(2);
  expect(alarms[1]).toMatch(/cannot be read/);
});
