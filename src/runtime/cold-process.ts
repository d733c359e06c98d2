import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { entryUrl } from "./entry-url.js";
import { coldNice } from "./process.js";

/** Starts one of the program's processes for cold work that may wait: counts, builds. */
export function startCold(name: string): ChildProcess {
  const child = fork(fileURLToPath(entryUrl(name)), { serialization: "advanced" });
  if (child.pid !== undefined) {
    try {
      setPriority(child.pid, coldNice);
    } catch {
      // It has ended already, which its owner hears of.
    }
  }
  return child;
}
