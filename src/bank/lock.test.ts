import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BankError } from "./bank.js";
import { takeLock, tryLock, waitForLock } from "./lock.js";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crowdbid-lock-"));
  path = join(folder, "bank", "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("one holder at a time; the next one hears who holds it and what to do", () => {
  const lock = takeLock(path);
  expect(() => takeLock(path)).toThrow(BankError);
  expect(() => takeLock(path)).toThrow(`process ${process.pid} writes the bank now (${path})`);
  lock.release();
  expect(existsSync(path)).toBe(false);
  takeLock(path).release();
  expect(readdirSync(join(folder, "bank"))).toEqual([]);
});

test("the lock of a process that is gone is taken over, a released one stays the new holder's", async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  const first = takeLock(path);
  const ours = readFileSync(path, "utf8");
  writeFileSync(
    path,
    ours.replace(/^\d+ \d+/, () => `${pid} ${startTicksOf(pid)}`),
  );
  expect(tryLock(path)).toMatchObject({ ok: false, holder: { pid } });
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  const second = takeLock(path);
  writeFileSync(path, `${pid} elsewhere\n`);
  second.release();
  first.release();
  expect(existsSync(path)).toBe(true);
});

test("a process with the number of a dead holder does not hold its lock", () => {
  takeLock(path);
  writeFileSync(path, readFileSync(path, "utf8").replace(/ \d+@/, " 1@"));
  takeLock(path).release();
});

test("a file without a holder is no lock, nor is one whose take-over was killed half-way", () => {
  takeLock(path).release();
  writeFileSync(path, "");
  writeFileSync(`${path}.stale`, "999999999 -\n");
  takeLock(path).release();
  expect(readdirSync(join(folder, "bank"))).toEqual([]);
});

test("who waits gets it once it is free, and gives up in time", async () => {
  const lock = takeLock(path);
  await expect(waitForLock(path, 60)).rejects.toThrow(/one process writes at a time/);
  setTimeout(lock.release, 100);
  (await waitForLock(path, 5000)).release();
});

const startTicksOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[19] ?? "";
