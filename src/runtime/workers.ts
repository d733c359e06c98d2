import { type AddressInfo, createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { type Transferable, Worker } from "node:worker_threads";
import { assert } from "../base/assert.js";
import type { EdgeKind } from "./flags.js";
import type { EdgeWorkerData, FromWorker, ToWorker } from "./worker-messages.js";

const readyMs = 30_000;
const adoptMsMax = 10_000;
/** What a worker may take for its end beyond the time that it was given to drain. */
const endMs = 2000;
/**
 * Three times the space that new objects fill: 2 MB instead of 8. A request leaves 2 kB behind,
 * most of it the socket's, and nothing of it lives. At 12,000/s for 12 s a pause for garbage took
 * 0.56 ms (worst tenth 1.1) instead of 1.42 to 1.64 (4.1 to 4.8), all of them 156 ms instead of 118
 * to 145. With 1 MB a pause took 0.45 ms, and all of them 268.
 */
const youngMb = 6;
/** What is left alive is too little to be shared: waiting for a thread took 0.3 of 0.7 ms. */
const ownGarbage = "--no-parallel-scavenge";

export type WorkersOptions = {
  /** The compiled entry, which calls `startEdgeWorker`. */
  readonly entry: URL;
  readonly count: number;
  readonly edge: EdgeKind;
  readonly host: string;
  /** 0 = any free port, the same for all. */
  readonly port: number;
  /** The bidder's own data of each worker (structured clone; shared buffers stay shared). */
  readonly own: (index: number) => unknown;
  /**
   * A worker failed, went away or did not adopt a World in time: end the process with 1, the parent
   * starts a new one.
   */
  readonly onCrash: (reason: string) => void;
  /** How long a worker may take to adopt a World; 10 s unless a test says otherwise. */
  readonly adoptMs?: number;
  /** What a worker posted with `postToMain`. */
  readonly onMessage?: (index: number, payload: unknown) => void;
};

/** One World as the bidder packs it: buffers are shared, the rest is cloned. */
export type WorldMessage = { readonly generation: number; readonly payload: unknown };

/** One worker thread and what main waits for from it. */
class EdgeWorker {
  readonly thread: Worker;
  adopted = 0;
  port = 0;
  drained = false;
  exited = false;
  private readonly waiters = new Set<() => void>();

  constructor(thread: Worker) {
    this.thread = thread;
  }

  post(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.thread.postMessage(message, transfer);
  }

  /** Something changed: whoever waits looks again. */
  changed(): void {
    for (const look of this.waiters) look();
  }

  /** Resolves when `done` holds; rejects after `withinMs`, or when the worker is gone. */
  until(what: string, withinMs: number, done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(new Error(`${what} took over ${withinMs} ms`)), withinMs);
      const end = (error: Error | null): void => {
        clearTimeout(timer);
        this.waiters.delete(look);
        if (error === null) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (done()) end(null);
        else if (this.exited) end(new Error(`a worker ended before ${what}`));
      };
      this.waiters.add(look);
      look();
    });
  }
}

/**
 * The port to share, for sure free: SO_REUSEPORT would let a second program take a share of the
 * traffic in silence, so it is first bound without it. 0 = any (the core shares no port that it was
 * given as 0).
 */
export function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is in use" : (error.code ?? "unknown");
      reject(new Error(`cannot listen on ${host} port ${port}: ${why}`));
    });
    probe.listen({ host, port, exclusive: true }, () => {
      const bound = probe.address() as AddressInfo;
      probe.close(() => resolve(bound.port));
    });
  });
}

/**
 * The edge workers as main sees them: started together on one port, given each World in turn,
 * drained together. A World is not replaced before every worker has adopted it.
 */
export class Workers {
  port = 0;
  private readonly workers: readonly EdgeWorker[];
  private readonly options: WorkersOptions;
  private readonly generations: Int32Array;
  private publishing: Promise<void> = Promise.resolve();
  private ending = false;
  private crashed = false;

  private constructor(options: WorkersOptions) {
    assert(options.count >= 1, "at least one worker");
    assert(options.edge === "uws" || options.count === 1, "node:http shares no port");
    this.options = options;
    const generations = new SharedArrayBuffer(options.count * 4);
    this.generations = new Int32Array(generations);
    setFlagsFromString(ownGarbage);
    const resourceLimits = { maxYoungGenerationSizeMb: youngMb };
    this.workers = Array.from({ length: options.count }, (_, index) => {
      const { edge, entry } = options;
      const workerData: EdgeWorkerData = { index, edge, generations, own: options.own(index) };
      const thread = new Worker(entry, { workerData, resourceLimits });
      return this.watched(index, new EdgeWorker(thread));
    });
  }

  /** Starts all workers, gives them their first World, opens the port in each. */
  static async start(options: WorkersOptions, first: WorldMessage): Promise<Workers> {
    const workers = new Workers(options);
    try {
      const port = await freePort(options.host, options.port);
      await workers.adopted(first, readyMs);
      await workers.listen(port);
    } catch (error) {
      await workers.drain(0);
      throw error;
    }
    return workers;
  }

  private watched(index: number, worker: EdgeWorker): EdgeWorker {
    worker.thread.on("message", (message: FromWorker) => {
      if (message.kind === "adopted") worker.adopted = message.generation;
      else if (message.kind === "listening") worker.port = message.port;
      else if (message.kind === "drained") worker.drained = true;
      else if (message.kind === "app") this.options.onMessage?.(index, message.payload);
      else this.crash(`worker ${index}: ${message.reason}`);
      worker.changed();
    });
    worker.thread.on("error", (error) => this.crash(`worker ${index}: ${error.message}`));
    worker.thread.on("exit", (code) => {
      worker.exited = true;
      if (!worker.drained) this.crash(`worker ${index} ended with ${code}`);
      worker.changed();
    });
    return worker;
  }

  private crash(reason: string): void {
    if (this.crashed || this.ending) return;
    this.crashed = true;
    this.options.onCrash(reason);
  }

  private async listen(port: number): Promise<void> {
    const { host } = this.options;
    const opened = this.workers.map((worker) => {
      worker.post({ kind: "listen", host, port });
      return worker.until("listening", readyMs, () => worker.port !== 0);
    });
    await Promise.all(opened);
    this.port = port;
  }

  private async adopted({ generation, payload }: WorldMessage, withinMs: number): Promise<void> {
    assert(generation > 0, "generations begin at 1");
    for (const worker of this.workers) worker.post({ kind: "world", generation, payload });
    const waits = this.workers.map((worker) =>
      worker.until(
        `adopting generation ${generation}`,
        withinMs,
        () => worker.adopted >= generation,
      ),
    );
    await Promise.all(waits);
    assert(this.generations.every((cell) => cell === generation));
  }

  /**
   * Posts a World to all workers, one publication after the other. Resolves after the last
   * acknowledgement: the World before is then nowhere in use and may be freed. A worker that has
   * not adopted it by then may serve either World, so there the process ends.
   */
  publish(world: WorldMessage): Promise<void> {
    const { adoptMs = adoptMsMax } = this.options;
    const turn = this.publishing.then(() => this.adopted(world, adoptMs));
    this.publishing = turn.catch((error: Error) => this.crash(error.message));
    return turn;
  }

  /** Posts to one worker's `message`. */
  post(index: number, payload: unknown, transfer: readonly Transferable[] = []): void {
    this.workers[index]?.post({ kind: "app", payload }, transfer);
  }

  /** The generation that each worker has adopted, read from shared memory. */
  adoptedGenerations(): number[] {
    return Array.from(this.generations, (_, index) => Atomics.load(this.generations, index));
  }

  /**
   * Drains all workers at once and waits for their end. Resolves true when each has acknowledged
   * and gone; false when one had to be given up: the process can then only be killed.
   */
  async drain(withinMs: number): Promise<boolean> {
    this.ending = true;
    const ends = await Promise.all(this.workers.map((worker) => this.endOf(worker, withinMs)));
    return ends.every((ended) => ended);
  }

  private async endOf(worker: EdgeWorker, withinMs: number): Promise<boolean> {
    if (worker.exited) return true;
    worker.post({ kind: "drain", withinMs });
    try {
      await worker.until("draining", withinMs + endMs, () => worker.drained || worker.exited);
      await worker.until("ending", endMs, () => worker.exited);
    } catch {
      // Drained: its app is closed, so nothing stands against ending the thread from here.
      if (!worker.drained) return false;
      await worker.thread.terminate();
    }
    return true;
  }
}
