import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** What a figure was measured on, for its JSON line. */
export type Machine = {
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  readonly memoryGib: number;
};

export function machineOf(): Machine {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = `${cpus()[0]?.model ?? "unknown"} x ${cpus().length}`;
  return { commit, node: process.version, machine, memoryGib: Math.round(totalmem() / 2 ** 30) };
}

/** The most memory that a process has had resident so far, bytes (VmHWM; shared buffers count). */
export function residentPeakBytes(pid: number | "self" = "self"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

type CpuTimes = { readonly all: number; readonly idle: number; readonly stolen: number };

/** Of all CPUs since the machine's start, in ticks: proc(5), /proc/stat, its first line. */
export function cpuTimes(text = readFileSync("/proc/stat", "utf8")): CpuTimes {
  const ticks = (/^cpu +(.*)$/m.exec(text)?.[1] ?? "").split(" ").slice(0, 8).map(Number);
  const all = ticks.reduce((sum, one) => sum + one, 0);
  return { all, idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), stolen: ticks[7] ?? 0 };
}

/** Of the machine's time since `before`, what its host gave to other machines, 0..1. */
export function stolenShare(before: CpuTimes, now = cpuTimes()): number {
  return now.all === before.all ? 0 : (now.stolen - before.stolen) / (now.all - before.all);
}

/** Of one core; 0.15 was too little for two idle servers: seconds passed. A count takes one. */
const quietCoresMax = 0.3;
const lookMs = 500;

/** A server that has just started counts its audiences for so long, on the core of all servers. */
export const quietSecMax = 15;

/** Waits until nothing runs on the machine, `secMax` at most; how many cores are busy then. */
export async function quietMachine(secMax: number): Promise<{ quiet: boolean; cores: number }> {
  const untilMs = performance.now() + secMax * 1000;
  for (;;) {
    const before = cpuTimes();
    await delay(lookMs);
    const now = cpuTimes();
    const share = 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all);
    const cores = share * cpus().length;
    if (cores < quietCoresMax) return { quiet: true, cores };
    if (performance.now() >= untilMs) return { quiet: false, cores };
  }
}
