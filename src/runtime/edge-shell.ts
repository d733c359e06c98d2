import { getHeapStatistics } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../base/assert.js";
import type { EdgeApp, HttpEdge, HttpEdgeDriver } from "../edge/http-edge.js";
import { Single, type WorkerCounters } from "./counters.js";
import type { EdgeKind } from "./flags.js";
import type { LoadShedder } from "./shedding.js";
import {
  type EdgeWorkerData,
  type FromWorker,
  reasonOf,
  type ToWorker,
} from "./worker-messages.js";

const sampleMs = 10;
const fatalPauseMs = 200;
const heapSampleEvery = 100;

export type EdgeShellParts = {
  readonly app: EdgeApp;
  /** Takes a World over, between two requests; the first comes before the port opens. */
  readonly adopt: (payload: unknown, generation: number) => void;
  /** Work before the port opens, after the first World; ends early where the worker drains. */
  readonly beforeListening?: () => Promise<void>;
  /** Anything else that main posts (`Workers.post`). */
  readonly message?: (payload: unknown) => void;
  /** After the last answer and before the acknowledgement: what must not be lost. */
  readonly drained?: () => Promise<void>;
  readonly shedder?: LoadShedder;
  readonly counters?: WorkerCounters;
};

/** What this worker is, and what the bidder gave it. */
export const edgeWorkerData = (): EdgeWorkerData => workerData as EdgeWorkerData;

/** Posts to main's `onMessage`. */
export function postToMain(payload: unknown): void {
  send({ kind: "app", payload });
}

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function driverOf(edge: EdgeKind): Promise<HttpEdgeDriver> {
  // The native addon is loaded only where it is asked for.
  if (edge === "uws") return (await import("../edge/uws-driver.js")).uwsDriver;
  return (await import("../edge/node-driver.js")).nodeDriver;
}

/** How late a timer runs is how long a turn of the event loop was. */
function watchLoad(parts: EdgeShellParts, pending: () => number): void {
  const { clock } = parts.app;
  let lastNs = clock.monotonicNs() as number;
  let samples = 0;
  const timer = setInterval(() => {
    const nowNs = clock.monotonicNs();
    const lagMs = Math.max(0, (nowNs - lastNs) / 1e6 - sampleMs);
    lastNs = nowNs;
    parts.shedder?.sample(lagMs, pending());
    parts.counters?.setLevel(Single.LAG_MS, lagMs);
    if (samples++ % heapSampleEvery === 0) {
      parts.counters?.setLevel(Single.HEAP_BYTES, getHeapStatistics().used_heap_size);
    }
  }, sampleMs);
  timer.unref();
}

/**
 * The body of an edge worker's entry: adopts Worlds, opens the port when told, drains. Its HTTP app
 * is closed before the thread ends, on every road: a thread that ends with one connection open
 * aborts the whole process.
 */
export function startEdgeWorker(parts: EdgeShellParts): void {
  const port = parentPort;
  assert(port !== null, "an edge worker runs in a worker thread");
  const { index, edge, generations } = edgeWorkerData();
  const cells = new Int32Array(generations);
  let http: HttpEdge | null = null;
  let ending = false;

  const fail = (error: unknown): void => {
    http?.close();
    send({ kind: "fatal", reason: reasonOf(error) });
    // Main ends the process; until its message is out this thread only waits.
    port.removeAllListeners("message");
    port.close();
    setTimeout(() => process.exit(1), fatalPauseMs).unref();
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("exit", () => http?.close());

  const adopt = (generation: number, payload: unknown): void => {
    parts.adopt(payload, generation);
    parts.counters?.add(Single.WORLDS_ADOPTED);
    Atomics.store(cells, index, generation);
    send({ kind: "adopted", generation });
  };
  const listen = async (host: string, at: number): Promise<void> => {
    assert(cells[index] !== 0, "a World comes before the port");
    await parts.beforeListening?.();
    const driver = await driverOf(edge);
    if (ending) return;
    http = await driver(parts.app, { host, port: at });
    watchLoad(parts, http.pending);
    send({ kind: "listening", port: http.port });
  };
  const drain = async (withinMs: number): Promise<void> => {
    ending = true;
    await http?.drain(withinMs);
    await parts.drained?.();
    http?.close();
    send({ kind: "drained" });
    port.close();
  };

  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "world":
        adopt(message.generation, message.payload);
        break;
      case "listen":
        listen(message.host, message.port).catch(fail);
        break;
      case "drain":
        drain(message.withinMs).catch(fail);
        break;
      case "app":
        parts.message?.(message.payload);
        break;
    }
  });
}
