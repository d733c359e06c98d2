import type { Clock } from "../base/clock.js";
import type { MonotonicNs, UnixMs } from "../base/units.js";

/**
 * The one real clock of a thread. `performance.now` counts from the thread's own start: monotonic
 * times of two threads do not compare.
 */
export const realClock: Clock = {
  nowMs: () => Date.now() as UnixMs,
  monotonicNs: () => (performance.now() * 1e6) as MonotonicNs,
};
