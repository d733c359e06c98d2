import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Log } from "./log.js";
import { childMark } from "./process.js";

const firstPauseMs = 100;
const pauseMsMax = 5000;
const restartsPerMinuteMax = 10;
const minuteMs = 60_000;
/** Longer than a child's own way out. */
const stopMsMax = 25_000;
const shell = "/bin/sh";

export type ParentOptions = {
  /** The compiled script that the child runs. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly log: Log;
  readonly restartsMax?: number;
};

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/**
 * Starts the child without core dumps: the uWS core ends by abort where something is wrong, and the
 * heap holds identifiers. Node has no setrlimit, so a shell sets it and becomes the child.
 */
function startChild({ entry, args }: ParentOptions): ChildProcess {
  const command = [process.execPath, ...process.execArgv, entry, ...args];
  const options: SpawnOptions = {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [childMark]: "1" },
  };
  const [first = "", ...rest] = command;
  if (!existsSync(shell)) return spawn(first, rest, options);
  return spawn(shell, ["-c", 'ulimit -c 0; exec "$0" "$@"', ...command], options);
}

/**
 * The tiny process that outlives the one that does the work: passes SIGTERM and SIGINT on, restarts
 * after a crash with a growing pause, gives up after `restartsMax` in a minute. Resolves with the
 * exit code. A child that ends by itself before it was ready is not started again: its start is
 * what is wrong, and its code says so.
 */
export class Parent {
  private readonly options: ParentOptions;
  private child: ChildProcess | null = null;
  private wasReady = false;
  private stopping = false;
  private wake: (() => void) | null = null;
  private readonly crashTimesMs: number[] = [];

  constructor(options: ParentOptions) {
    this.options = options;
  }

  async run(): Promise<number> {
    const stop = (signal: NodeJS.Signals): void => this.stop(signal);
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    try {
      return await this.keepAlive();
    } finally {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
    }
  }

  private async keepAlive(): Promise<number> {
    const { log, restartsMax = restartsPerMinuteMax } = this.options;
    for (;;) {
      const end = await this.childEnds();
      if (this.stopping) return end.code ?? 1;
      if (end.code === 0 || end.code === 2) return end.code;
      if (!this.wasReady && end.code !== null) return end.code;
      const pauseMs = this.pauseAfterCrash(performance.now());
      log.error({ code: end.code, signal: end.signal, pauseMs }, "the server crashed");
      if (this.crashTimesMs.length > restartsMax) {
        log.error({ restarts: restartsMax }, "too many crashes in a minute: giving up");
        return 1;
      }
      await this.pause(pauseMs);
      if (this.stopping) return 0;
    }
  }

  private childEnds(): Promise<End> {
    return new Promise((resolve) => {
      const child = startChild(this.options);
      this.child = child;
      child.on("message", (message: { readonly kind?: unknown }) => {
        if (message.kind === "ready") this.wasReady = true;
      });
      child.once("error", () => resolve({ code: 1, signal: null }));
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
  }

  private pauseAfterCrash(nowMs: number): number {
    const recent = this.crashTimesMs.filter((timeMs) => nowMs - timeMs < minuteMs);
    this.crashTimesMs.splice(0, this.crashTimesMs.length, ...recent, nowMs);
    return Math.min(pauseMsMax, firstPauseMs * 2 ** recent.length);
  }

  private pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The first signal asks the child to end, a second one makes it end. */
  private stop(signal: NodeJS.Signals): void {
    if (this.stopping) {
      this.child?.kill("SIGKILL");
      return;
    }
    this.stopping = true;
    this.options.log.info({ signal }, "stopping");
    this.child?.kill("SIGTERM");
    setTimeout(() => this.child?.kill("SIGKILL"), stopMsMax).unref();
    this.wake?.();
  }
}
