import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

/** What a figure was measured on, for its JSON line. */
export type Machine = {
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  readonly memoryGib: number;
};

export function machineOf(): Machine {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = `${cpus()[0]?.model ?? "unknown"} x ${availableParallelism()}`;
  return { commit, node: process.version, machine, memoryGib: Math.round(totalmem() / 2 ** 30) };
}

/** The most memory that a process has had resident so far, bytes (VmHWM; shared buffers count). */
export function residentPeakBytes(pid: number | "self" = "self"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}
