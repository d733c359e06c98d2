import { performance } from "node:perf_hooks";
import type { Clock } from "../base/clock.js";
import type { MonotonicNs, UnixMs } from "../base/units.js";

/**
 * The one real clock of a thread. `performance.now` counts from the thread's own start: monotonic
 * times of two threads do not compare. Imported, because the global of that name is a getter that
 * no compiler melts away (m: 65 ns instead of 73).
 */
export const realClock: Clock = {
  nowMs: () => Date.now() as UnixMs,
  monotonicNs: () => (performance.now() * 1e6) as MonotonicNs,
};
