import { readdirSync } from "node:fs";
import { close as closeInspector, url as inspectorUrl } from "node:inspector";
import { setPriority } from "node:os";
import type { Ending } from "./ending.js";
import { reasonOf } from "./worker-messages.js";

/** The variable by which a process knows that it runs under the parent. */
export const childMark = "CROWDBID_CHILD";

export const isUnderParent = (): boolean =>
  process.env[childMark] === "1" && process.send !== undefined;

/**
 * Flags of Node that let others look into the memory, which holds identifiers and keys: debuggers,
 * heap snapshots, profiles, reports, cores.
 */
const lookingFlag = new RegExp(
  `^--(${[
    ...["inspect", "debug", "experimental-network-inspection", "heap-?snapshot", "heap-prof"],
    ...["cpu-prof", "prof\\b", "report", "abort-on-uncaught", "node-snapshot", "build-snapshot"],
    ...["expose-?internals", "trace-event"],
  ].join("|")})`,
);

/** Those that this process was started with, on its command line or in NODE_OPTIONS. */
export const lookingFlags = (
  execArgv: readonly string[] = process.execArgv,
  nodeOptions = process.env["NODE_OPTIONS"] ?? "",
): string[] =>
  [...execArgv, ...nodeOptions.split(/\s+/)]
    .map((flag) => flag.replaceAll("_", "-").replaceAll(/["']/g, ""))
    .filter((flag) => lookingFlag.test(flag));

/**
 * What every process of the program does first. Files are for their owner alone; SIGUSR1 opens no
 * inspector (any handler stops Node from doing so); no report is ever written, as it would hold the
 * environment and the heap holds identifiers.
 */
export function hardenProcess(): void {
  process.umask(0o077);
  process.on("SIGUSR1", () => {});
  // The signal may have come before this line.
  if (inspectorUrl() !== undefined && lookingFlags().length === 0) closeInspector();
  const { report } = process;
  report.reportOnFatalError = false;
  report.reportOnSignal = false;
  report.reportOnUncaughtException = false;
  // Newer Node only.
  if ("excludeEnv" in report) report.excludeEnv = true;
}

/**
 * Signals and failures of the process that does the work lead to its one ending. Under the parent
 * an interrupt from the terminal reaches both: there the parent alone decides.
 */
export function endOnSignals(ending: Ending): void {
  const stop = (signal: string): void => {
    void ending.begin(0, signal);
  };
  process.on("SIGTERM", stop);
  if (isUnderParent()) {
    process.on("SIGINT", () => {});
    process.on("disconnect", () => stop("the parent is gone"));
  } else {
    process.on("SIGINT", stop);
  }
  process.on("uncaughtException", (error) => void ending.begin(1, reasonOf(error)));
  process.on("unhandledRejection", (error) => void ending.begin(1, reasonOf(error)));
}

/** Tells the parent that a crash from here on is worth a restart. */
export function announceReady(): void {
  if (isUnderParent()) process.send?.({ kind: "ready" });
}

/**
 * Nice value of what may wait: main's Worlds, pages and reports, the store, cold processes. 15
 * parts of a core against a worker's 1,024 where both want it. Linux wakes a thread that has just
 * slept only once the other has had its share, at its next tick: beside a busy thread at nice 10
 * (110 parts) one that woke 4,000 times a second for 0.12 ms waited 3.1 ms at p99, at 19 0.10 ms.
 * The price, where there are as many workers as cores and all are overloaded: a change of all
 * prices took 10 to 20 s instead of 3.
 */
export const coldNice = 19;

/** Of V8's threads: at 19 they compile too late; after a start 81 % were bid on instead of 89 %. */
const compilerNice = 10;

/** Where the threads of this process are listed, by their numbers; Linux alone has it. */
const threadsFolder = "/proc/self/task";

/**
 * The threads of now. Before anything is started they are main, V8's own, which compile and collect
 * garbage for all of the others, and libuv's.
 */
export function threadsNow(): readonly number[] {
  try {
    return readdirSync(threadsFolder).map(Number);
  } catch {
    return [process.pid];
  }
}

/**
 * On Linux a priority is a thread's own. Called by main once workers and money run: their threads
 * keep theirs, and what main computes and whom it starts later wait for bids. So do V8's threads:
 * while prices were reloaded on the worker's core they took 23 % of it, as much as main, most of it
 * for main, and of 1.05 s that bids waited for the core 0.75 s were theirs. `threads` 0 = the one
 * that calls.
 */
export function letBidsGoFirst(threads: readonly number[]): void {
  for (const thread of threads) {
    try {
      setPriority(thread, thread === 0 || thread === process.pid ? coldNice : compilerNice);
    } catch {
      // A sandbox may forbid it, or the thread has ended; bids then share the cores with it.
    }
  }
}
