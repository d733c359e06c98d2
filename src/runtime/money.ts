import { MessageChannel, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { Cell, MoneyState, NO_WORKER, sharedStateFrom } from "../bid/shared-state.js";
import type { SharedBuffers } from "../bid/shared-state.js";
import type { BudgetPlan } from "./budget-plan.js";
import type { FromMoney, MoneyThreadData, MoneyTotals, ToMoney } from "./money-messages.js";

/** Main's handle on the money thread. */
export type Money = {
  /** This process's number for token nonces. */
  readonly boot: number;
  /** "" while bills are booked; else why not: notices get 503, nothing is bid, and only a restart goes on. */
  readonly failure: () => string;
  /** Before a World is published: its budgets. */
  readonly sendPlan: (plan: BudgetPlan) => void;
  /** The end of a channel for an edge worker: a message on it means "look at your durable sequence". */
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

/** Starts the thread, replays the journal, and gives the handle; rejects with a message for the operator. */
export function startMoney(options: MoneyOptions): Promise<Money> {
  const state = sharedStateFrom(options.buffers, NO_WORKER);
  const wake = state.wakeWord();
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
  let failure = "";
  let totals: MoneyTotals | null = null;

  function send(message: ToMoney, transfer: readonly MessagePort[] = []): void {
    port1.postMessage(message, transfer);
    Atomics.add(wake, 0, 1);
    Atomics.notify(wake, 0);
  }

  function fail(why: string): void {
    if (failure !== "") return;
    failure = why;
    state.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
    options.onFailure?.(why);
  }

  const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  async function close(): Promise<void> {
    send({ type: "close" });
    await ended;
    port1.close();
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
    port1.on("message", (message: FromMoney) => {
      if (message.type === "ready") {
        started = true;
        const { boot } = message;
        const sendPlan = (plan: BudgetPlan): void => send({ type: "plan", plan });
        resolve({
          boot,
          failure: () => failure,
          sendPlan,
          connectWorker,
          totals: () => totals,
          close,
        });
      } else if (message.type === "totals") totals = message.totals;
      else if (message.type === "closed") closed = true;
      else if (started) fail(message.failure);
      else reject(new Error(message.failure));
    });
    thread.once("error", (error) => {
      reject(error);
      fail(`money thread: ${error.message}`);
    });
    thread.once("exit", () => {
      if (started && !closed) fail("money thread: ended before its time");
    });
  });
}
