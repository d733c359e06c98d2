import type { MessagePort } from "node:worker_threads";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { SharedBuffers } from "../bid/shared-state.js";
import { Cell, MoneyState, NO_WORKER, sharedStateFrom } from "../bid/shared-state.js";
import type { BudgetPlan } from "./budget-plan.js";
import type { FromMoney, MoneyThreadData, MoneyTotals, ToMoney } from "./money-messages.js";

/** Main's handle on the money thread. */
export type Money = {
  /** This process's number for token nonces. */
  readonly boot: number;
  /**
   * "" while bills are booked; else why not: notices get 503, nothing is bid, and only a restart
   * goes on.
   */
  readonly failure: () => string;
  /** Before a World is published: its budgets. */
  readonly sendPlan: (plan: BudgetPlan) => void;
  /**
   * The end of a channel for an edge worker: a message on it means "look at your durable sequence".
   */
  readonly connectWorker: (worker: number) => MessagePort;
  /** At most about a second old; null before the first. */
  readonly totals: () => MoneyTotals | null;
  /** After the last bid and notice: returns allowances, closes the journal, ends the thread. */
  readonly close: () => Promise<void>;
};

export type MoneyOptions = {
  readonly buffers: SharedBuffers;
  readonly journalPath: string;
  readonly bootFile: string;
  readonly segmentBytesMax?: number;
  /** The compiled thread; beside this file unless a test says where. */
  readonly threadUrl?: URL;
  /** Billing stopped, now or at the thread's death. */
  readonly onFailure?: (failure: string) => void;
};

function startThread(options: MoneyOptions): { thread: Worker; port: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  const data: MoneyThreadData = {
    buffers: options.buffers,
    journalPath: options.journalPath,
    bootFile: options.bootFile,
    segmentBytesMax: options.segmentBytesMax ?? 64 * 1024 * 1024,
    port: port2,
  };
  const url = options.threadUrl ?? new URL("./money-thread.js", import.meta.url);
  const thread = new Worker(url, { name: "money", workerData: data, transferList: [port2] });
  return { thread, port: port1 };
}

/** Starts the thread and replays the journal; rejects with a message for the operator. */
export function startMoney(options: MoneyOptions): Promise<Money> {
  const state = sharedStateFrom(options.buffers, NO_WORKER);
  const wake = state.wakeWord();
  const { thread, port } = startThread(options);
  let failure = "";
  let totals: MoneyTotals | null = null;

  function send(message: ToMoney, transfer: readonly MessagePort[] = []): void {
    port.postMessage(message, transfer);
    Atomics.add(wake, 0, 1);
    Atomics.notify(wake, 0);
  }

  function fail(why: string): void {
    if (failure !== "") return;
    failure = why;
    state.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
    options.onFailure?.(why);
  }

  let tellEnd = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    tellEnd = resolve;
  });
  async function close(): Promise<void> {
    send({ type: "close" });
    await ended;
    if (failure !== "") throw new Error(failure);
  }

  function connectWorker(worker: number): MessagePort {
    const channel = new MessageChannel();
    send({ type: "worker", worker, port: channel.port1 }, [channel.port1]);
    return channel.port2;
  }

  return new Promise((resolve, reject) => {
    let started = false;
    let closed = false;
    function hear(message: FromMoney): void {
      if (message.type === "ready") {
        started = true;
        const { boot } = message;
        const sendPlan = (plan: BudgetPlan): void => send({ type: "plan", plan });
        const told = { failure: () => failure, totals: () => totals };
        resolve({ boot, sendPlan, connectWorker, close, ...told });
      } else if (message.type === "totals") totals = message.totals;
      else if (message.type === "closed") closed = true;
      else if (started) fail(message.failure);
      else reject(new Error(message.failure));
    }
    port.on("message", hear);
    thread.once("error", (error: Error) => {
      reject(error);
      fail(`money thread: ${error.message}`);
    });
    thread.once("exit", () => {
      // The end of the thread may be told before its last words.
      for (let last = receiveMessageOnPort(port); last; last = receiveMessageOnPort(port)) {
        hear((last as { message: FromMoney }).message);
      }
      port.close();
      if (started && !closed) fail("money thread: ended before its time");
      if (!started) reject(new Error("money thread: ended before it was ready"));
      tellEnd();
    });
  });
}
