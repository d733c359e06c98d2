import { constants, PerformanceObserver } from "node:perf_hooks";
import { BroadcastChannel, isMainThread, workerData } from "node:worker_threads";
import { Bidder } from "../src/runtime/bidder.js";
import type { EdgeWorkerData } from "../src/runtime/worker-messages.js";

/**
 * Loaded before an edge worker's own entry where a bench asks for it: tells its pauses for garbage
 * and makes each bid cost so much more that any client can overload it. The program knows nothing
 * of it.
 */
export const probeChannel = "crowdbid-bench-probe";

export type ProbeOrder = { readonly spinUs: number } | { readonly tellGarbage: true };
/** Pauses of one worker since it was asked last. */
export type Garbage = {
  readonly worker: number;
  readonly minor: number;
  readonly major: number;
  readonly totalMs: number;
  readonly longestMs: number;
};

/** The types of Node 20 do not know what a pause tells of itself. */
type Pause = { readonly duration: number; readonly detail: { readonly kind: number } };

function probe(worker: number): void {
  const channel = new BroadcastChannel(probeChannel);
  channel.unref();
  let spinUs = 0;
  let garbage: Garbage = { worker, minor: 0, major: 0, totalMs: 0, longestMs: 0 };
  const bid = Bidder.prototype.bid;
  Bidder.prototype.bid = function slowed(...request) {
    if (spinUs > 0) {
      const untilMs = performance.now() + spinUs / 1000;
      while (performance.now() < untilMs);
    }
    return bid.apply(this, request);
  };
  new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as unknown as readonly Pause[]) {
      const isMinor = detail.kind === constants.NODE_PERFORMANCE_GC_MINOR;
      garbage = {
        worker,
        minor: garbage.minor + (isMinor ? 1 : 0),
        major: garbage.major + (isMinor ? 0 : 1),
        totalMs: garbage.totalMs + duration,
        longestMs: Math.max(garbage.longestMs, duration),
      };
    }
  }).observe({ entryTypes: ["gc"] });
  channel.onmessage = (event) => {
    const order = (event as { data: ProbeOrder }).data;
    if ("spinUs" in order) spinUs = order.spinUs;
    else if ("tellGarbage" in order) {
      channel.postMessage({ garbage });
      garbage = { worker, minor: 0, major: 0, totalMs: 0, longestMs: 0 };
    }
  };
}

/** Of the process's threads an edge worker alone is given generations. */
const data = workerData as EdgeWorkerData | null;
if (!isMainThread && data !== null && "generations" in data) probe(data.index);
