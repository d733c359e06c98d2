import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BankError } from "./bank.js";

/**
 * One writer at a time: `bank/lock` names the process that writes. A process is its number and the
 * moment of its start, since numbers come again: the lock of one that is gone is taken over.
 */
export type HeldLock = { readonly release: () => void };

/** Who holds it. */
export type LockHolder = { readonly pid: number; readonly started: string };

type Attempt =
  | { readonly ok: true; readonly lock: HeldLock }
  | { readonly ok: false; readonly holder: LockHolder };

/** The lock, or who holds it. */
export function tryLock(path: string): Attempt {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const ours = textOf({ pid: process.pid, started: startOf(process.pid) });
  for (;;) {
    if (createWith(path, ours)) return { ok: true, lock: heldLock(path, ours) };
    const found = readLock(path);
    if (found === null) continue;
    if (isAlive(found.holder)) return { ok: false, holder: found.holder };
    takeAway(path, found.text, ours);
  }
}

/** Another process writes the bank. */
export class BankHeldError extends BankError {}

/** Throws BankHeldError where another process holds it. */
export function takeLock(path: string): HeldLock {
  const attempt = tryLock(path);
  if (attempt.ok) return attempt.lock;
  const who = `process ${attempt.holder.pid} writes the bank now`;
  throw new BankHeldError(`${who} (${path}): wait until it ends, one process writes at a time`);
}

/** Tries again until it gets the lock, or throws BankHeldError after about `withinMs`. */
export async function waitForLock(path: string, withinMs: number, everyMs = 20): Promise<HeldLock> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += everyMs) {
    const attempt = tryLock(path);
    if (attempt.ok) return attempt.lock;
    await pause(everyMs);
  }
  return takeLock(path);
}

const textOf = ({ pid, started }: LockHolder): string => `${pid} ${started}\n`;

function heldLock(path: string, ours: string): HeldLock {
  return {
    release: () => {
      if (readLock(path)?.text === ours) rmSync(path, { force: true });
    },
  };
}

/** The file appears with its content or not at all; false when it is there. */
function createWith(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
  writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

/** null: it is gone by now. */
function readLock(path: string): { readonly text: string; readonly holder: LockHolder } | null {
  try {
    const text = readFileSync(path, "utf8");
    const [pid = "", started = ""] = text.trim().split(" ");
    return { text, holder: { pid: Number(pid), started } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Removes the lock of a dead process. Two may find it at once, and the slower one must not remove
 * the lock that the faster one has taken since: so only who holds `<lock>.stale` removes it, after
 * a second look.
 */
function takeAway(path: string, dead: string, ours: string): void {
  const guard = `${path}.stale`;
  if (!createWith(guard, ours)) {
    const other = readLock(guard);
    if (other !== null && !isAlive(other.holder)) rmSync(guard, { force: true });
    return;
  }
  try {
    if (readLock(path)?.text === dead) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function isAlive({ pid, started }: LockHolder): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startOf(pid);
  return now === unknownStart || started === unknownStart || now === started;
}

const unknownStart = "-";

/** Clock ticks from the machine's start to the process's, with the boot; "-" where none tells. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Behind the name in brackets, which may hold spaces: state, ..., start as the 20th word.
    const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Killed, but nobody has asked how it ended: it does not run any more.
    if (words[0] === "Z") return "zombie";
    const ticks = words[19] ?? "";
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${ticks}@${boot}`;
  } catch {
    return unknownStart;
  }
}
