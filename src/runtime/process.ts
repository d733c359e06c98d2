import type { Ending } from "./ending.js";
import { reasonOf } from "./worker-messages.js";

/** The variable by which a process knows that it runs under the parent. */
export const childMark = "CROWDBID_CHILD";

export const isUnderParent = (): boolean =>
  process.env[childMark] === "1" && process.send !== undefined;

/**
 * What every process of the program does first. Files are for their owner alone; SIGUSR1 opens no
 * inspector (any handler stops Node from doing so); no report is ever written, as it would hold the
 * environment and the heap holds identifiers.
 */
export function hardenProcess(): void {
  process.umask(0o077);
  process.on("SIGUSR1", () => {});
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
