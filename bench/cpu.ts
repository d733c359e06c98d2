import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU time of all threads of a process, nanoseconds, from /proc/<pid>/task/<tid>/schedstat (first
 * field: time on a CPU). Threads that ended in between are not counted.
 */
export function threadCpuNs(pid: number): number {
  let totalNs = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8");
      totalNs += Number(text.split(" ")[0]);
    } catch {
      // the thread ended between the two calls
    }
  }
  return totalNs;
}
