import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * CPU time of all threads of a process, nanoseconds, from /proc/<pid>/task/<tid>/schedstat (first
 * field: time on a CPU). Threads that ended in between are not counted; 0 for a process that ended.
 */
export function threadCpuNs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return 0;
  let totalNs = 0;
  for (const tid of readdirSync(tasks)) {
    try {
      const text = readFileSync(`${tasks}/${tid}/schedstat`, "utf8");
      totalNs += Number(text.split(" ")[0]);
    } catch {
      // the thread ended between the two calls
    }
  }
  return totalNs;
}

const cores = { server: "0", client: "1", any: `0-${availableParallelism() - 1}` } as const;

/**
 * Puts all threads of a process on one core: servers on the first, whoever loads them on the
 * second. `any` lets go of it. False where there is one core, or no taskset.
 */
export function pinTo(pid: number, side: keyof typeof cores): boolean {
  if (availableParallelism() < 2) return false;
  return spawnSync("taskset", ["-acp", cores[side], String(pid)]).status === 0;
}
