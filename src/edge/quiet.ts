import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../base/clock.js";

/**
 * Keep-alive connections in use get `Connection: close` with their next answer. The core counts no
 * connections, so those that asked nothing for this long are taken for idle, and closed.
 */
const quietMs = 1000;
const pollMs = 20;

/** What a driver has to do: requests without an answer, and when the last one arrived. */
export type Activity = {
  readonly pending: () => number;
  readonly lastArrivalNs: () => number;
};

/** Resolves when all is answered and nothing came for `quietMs`, or after `withinMs`. */
export async function untilQuiet(
  activity: Activity,
  clock: Clock,
  withinMs: number,
): Promise<void> {
  const endNs = clock.monotonicNs() + withinMs * 1e6;
  while (clock.monotonicNs() < endNs) {
    const quietNs = clock.monotonicNs() - activity.lastArrivalNs();
    if (activity.pending() === 0 && quietNs >= quietMs * 1e6) return;
    await delay(pollMs);
  }
}
