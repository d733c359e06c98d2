import type { MessagePort } from "node:worker_threads";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Steps } from "../base/steps.js";
import type { SharedBuffers, SharedState } from "../bid/shared-state.js";
import { Cell, MoneyState, NO_WORKER, sharedStateFrom } from "../bid/shared-state.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { entryUrl } from "./entry-url.js";
import type {
  ExposureSettings,
  FromMoney,
  MoneyAlarm,
  MoneyThreadData,
  MoneyTotals,
  ToMoney,
} from "./money-messages.js";
import { planMessages } from "./plan-message.js";
import { inSlices } from "./slices.js";

/** Main's handle on the money thread. */
export type Money = {
  /** This process's number for token nonces. */
  readonly boot: number;
  /**
   * "" while bills are booked; else why not: notices get 503, nothing is bid, and only a restart
   * goes on.
   */
  readonly failure: () => string;
  /**
   * Before a World is published: its budgets, in slices, one plan after another. Resolves when the
   * thread has read them; rejects where it ended before that: such a World must not be published.
   */
  readonly sendPlan: (plan: BudgetPlan) => Promise<void>;
  /** The same for a World whose plan is the last one. */
  readonly sendGeneration: (generation: number) => void;
  /**
   * The end of a channel for an edge worker: a message on it means "look at your durable sequence".
   */
  readonly connectWorker: (worker: number) => MessagePort;
  /** At most about a second old; null before the first. */
  readonly totals: () => MoneyTotals | null;
  /** Lets a held campaign bid at an exchange again; false = it is not held there. */
  readonly release: (campaign: number, exchange: number) => boolean;
  /** After the last bid and notice: returns allowances, closes the journal, ends the thread. */
  readonly close: () => Promise<void>;
};

export type MoneyOptions = {
  readonly buffers: SharedBuffers;
  readonly journalPath: string;
  readonly bootFile: string;
  readonly segmentBytesMax?: number;
  readonly exposures?: ExposureSettings;
  /** The compiled thread; beside this file unless a test says where. */
  readonly threadUrl?: URL;
  /** Billing stopped, now or at the thread's death. */
  readonly onFailure?: (failure: string) => void;
  readonly onAlarm?: (alarm: MoneyAlarm) => void;
  /** From the journal's beginning on; each row once. */
  readonly onSums?: (rows: Float64Array) => void;
  /** Whole each time. */
  readonly onPaces?: (rows: Float64Array) => void;
  /**
   * The thread is gone: nobody tops allowances up or settles. End the process with 1, the parent
   * starts a new one. A journal that cannot be written is no death: bids stop, clicks lead on.
   */
  readonly onDeath?: (reason: string) => void;
};

function startThread(options: MoneyOptions): { thread: Worker; port: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  const data: MoneyThreadData = {
    buffers: options.buffers,
    journalPath: options.journalPath,
    bootFile: options.bootFile,
    segmentBytesMax: options.segmentBytesMax ?? 64 * 1024 * 1024,
    ...(options.exposures === undefined ? {} : { exposures: options.exposures }),
    port: port2,
  };
  const url = options.threadUrl ?? entryUrl("money-thread");
  const thread = new Worker(url, { name: "money", workerData: data, transferList: [port2] });
  return { thread, port: port1 };
}

/** Starts the thread and replays the journal; rejects with a message for the operator. */
export function startMoney(options: MoneyOptions): Promise<Money> {
  return new MoneyHandle(options).ready;
}

type Unheard = { readonly done: () => void; readonly fail: (why: Error) => void };

class MoneyHandle implements Money {
  boot = 0;
  readonly ready: Promise<Money>;
  private readonly options: MoneyOptions;
  private readonly state: SharedState;
  private readonly thread: Worker;
  private readonly port: MessagePort;
  private readonly ended: Promise<void>;
  private why = "";
  private newest: MoneyTotals | null = null;
  private started = false;
  private closing = false;
  private closed = false;
  private dead = false;
  /** Why no message is read any more; null while the thread lives. */
  private gone: Error | null = null;
  /** The plan before, and who waits for the one under way to be read. */
  private sending: Promise<unknown> = Promise.resolve();
  private unheard: Unheard | null = null;

  constructor(options: MoneyOptions) {
    this.options = options;
    this.state = sharedStateFrom(options.buffers, NO_WORKER);
    const { thread, port } = startThread(options);
    this.thread = thread;
    this.port = port;
    this.ended = new Promise((resolve) => thread.once("exit", () => resolve()));
    this.ready = new Promise((resolve, reject) => this.listen(resolve, reject));
  }

  readonly failure = (): string => this.why;
  readonly totals = (): MoneyTotals | null => this.newest;
  readonly sendPlan = (plan: BudgetPlan): Promise<void> => {
    // Parts of two at a time would be mixed up.
    const sent = this.sending.then(() => this.sendWhole(plan));
    this.sending = sent.catch(() => undefined);
    return sent;
  };

  readonly sendGeneration = (generation: number): void =>
    this.send({ type: "generation", generation });

  readonly release = (campaign: number, exchange: number): boolean => {
    const held = this.newest?.held.some(
      (one) => one.campaign === campaign && one.exchange === exchange,
    );
    if (held === true) this.send({ type: "release", campaign, exchange });
    return held === true;
  };

  readonly connectWorker = (worker: number): MessagePort => {
    const channel = new MessageChannel();
    this.send({ type: "worker", worker, port: channel.port1 }, [channel.port1]);
    return channel.port2;
  };

  readonly close = async (): Promise<void> => {
    // A dead thread has nothing left to close; its death is told already.
    if (this.dead) return;
    this.closing = true;
    this.send({ type: "close" });
    await this.ended;
    if (this.why !== "") throw new Error(this.why);
  };

  private listen(resolve: (money: Money) => void, reject: (error: Error) => void): void {
    const hear = (message: FromMoney): void => {
      if (message.type === "ready") {
        this.started = true;
        this.boot = message.boot;
        resolve(this);
      } else if (message.type === "totals") this.newest = message.totals;
      else if (message.type === "sums") this.options.onSums?.(message.rows);
      else if (message.type === "paces") this.options.onPaces?.(message.rows);
      else if (message.type === "alarm") this.options.onAlarm?.(message.alarm);
      else if (message.type === "planHeard") this.unheard?.done();
      else if (message.type === "closed") this.closed = true;
      else if (this.started) this.fail(message.failure);
      else reject(new Error(message.failure));
    };
    const { port, thread } = this;
    port.on("message", hear);
    thread.once("error", (error: Error) => {
      reject(error);
      this.die(`money thread: ${error.message}`);
    });
    thread.once("exit", () => {
      // The end of the thread may be told before its last words.
      for (let last = receiveMessageOnPort(port); last; last = receiveMessageOnPort(port)) {
        hear((last as { message: FromMoney }).message);
      }
      port.close();
      if (!this.started) reject(new Error("money thread: ended before it was ready"));
      else if (!this.closed) this.die("money thread: ended before its time");
      this.gone = new Error(this.why || "money thread: ended before it read a plan");
      this.unheard?.fail(this.gone);
    });
  }

  private async sendWhole(plan: BudgetPlan): Promise<void> {
    if (this.gone !== null) throw this.gone;
    const heard = new Promise<void>((done, fail) => {
      this.unheard = { done, fail };
    });
    await Promise.all([inSlices(this.planSteps(plan)), heard]);
  }

  private *planSteps(plan: BudgetPlan): Steps<void> {
    for (const message of planMessages(plan)) {
      this.send(message);
      yield;
    }
  }

  private send(message: ToMoney, transfer: readonly MessagePort[] = []): void {
    const wake = this.state.wakeWord();
    this.port.postMessage(message, transfer);
    Atomics.add(wake, 0, 1);
    Atomics.notify(wake, 0);
  }

  private fail(why: string): void {
    if (this.why !== "") return;
    this.why = why;
    this.state.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
    this.options.onFailure?.(why);
  }

  private die(why: string): void {
    this.fail(why);
    if (this.dead || this.closing || !this.started) return;
    this.dead = true;
    this.options.onDeath?.(why);
  }
}
