import { readFileSync } from "node:fs";

/** The longest stretches in which this thread answered nobody. */
export type Turns = {
  /** From end to end, whatever the thread did meanwhile. */
  readonly longestMs: number;
  /**
   * The same without the time for which it was ready to run and others had the processors: what
   * its own work takes, waits for the disk included.
   */
  readonly ownMs: number;
};

const paceMs = 2;

/** Gives the longest turns of main's thread since it was asked last, less the timer's own pace. */
export function watchTurns(): () => Turns {
  let [lastMs, lastWaitedMs, longestMs, ownMs] = [performance.now(), waitedMs(), 0, 0];
  setInterval(() => {
    const [nowMs, nowWaitedMs] = [performance.now(), waitedMs()];
    const turnMs = nowMs - lastMs - paceMs;
    longestMs = Math.max(longestMs, turnMs);
    ownMs = Math.max(ownMs, turnMs - (nowWaitedMs - lastWaitedMs));
    [lastMs, lastWaitedMs] = [nowMs, nowWaitedMs];
  }, paceMs).unref();
  return () => {
    const told = { longestMs, ownMs };
    [longestMs, ownMs] = [0, 0];
    return told;
  };
}

/**
 * How long main's thread has stood in line for a processor since its start (Linux: the second
 * number of schedstat), 0 where nobody tells: there a turn's own time is all of it.
 */
function waitedMs(): number {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1");
    return Number(stat.split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
