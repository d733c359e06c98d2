import { type ChildProcess, fork } from "node:child_process";
import { leash } from "../src/testing/leash.js";

/** The processes of the bench: each compiled from `bench/<name>.ts`, told one order. */
export function start(
  name: string,
  args: readonly string[] = [],
  /** Other entries, loaded first into the process and each of its threads. */
  preloaded: readonly string[] = [],
): ChildProcess {
  const execArgv = preloaded.flatMap((entry) => ["--import", urlOf(entry).href]);
  return fork(urlOf(name), [...args], { execArgv });
}

const urlOf = (entry: string): URL => new URL(`./${entry}.js`, import.meta.url);

/** The next message of a process; rejects when it ends before. */
export const message = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once("message", (value) => resolve(value as T));
    child.once("exit", (code) => reject(new Error(`a bench process ended with ${code}`)));
  });

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** Done so far, of how much, in which stage of the order. */
export type Progress = (stage: string, done: number, total: number) => void;
type ChildMessage<Result> =
  | { readonly stage: string; readonly done: number; readonly total: number }
  | { readonly result: Result };

/**
 * Starts a process, gives it an order and resolves with its result when it has ended. It ends with
 * this one, also where this one is killed: an order may run for minutes.
 */
export function ask<Result>(name: string, order: object, onProgress: Progress): Promise<Result> {
  const child = fork(urlOf(name), [], { execArgv: [...leash("SIGKILL")] });
  const end = (): boolean => child.kill("SIGKILL");
  process.once("exit", end);
  child.send(order);
  return new Promise((resolve, reject) => {
    let result: { readonly value: Result } | null = null;
    child.on("message", (message: ChildMessage<Result>) => {
      if ("result" in message) result = { value: message.result };
      else onProgress(message.stage, message.done, message.total);
    });
    child.once("exit", (code) => {
      process.off("exit", end);
      if (result !== null && code === 0) resolve(result.value);
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}

/** The other side of `ask`: does the one order that comes, answers and lets the process end. */
export function answerOrder<Order, Result>(
  carryOut: (order: Order, onProgress: Progress) => Promise<Result>,
): void {
  const post = (message: ChildMessage<Result>): void => void process.send?.(message);
  process.once("message", (order) => {
    carryOut(order as Order, (stage, done, total) => post({ stage, done, total }))
      .then((result) => {
        process.send?.({ result }, () => process.disconnect());
      })
      .catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : "failed"}\n`);
        process.exit(1);
      });
  });
}
