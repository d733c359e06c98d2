import { post } from "../src/testing/raw-http.js";
import { bidPath, headersOf } from "./closed-loop.js";
import { Hdr, type Quantiles } from "./hdr.js";
import { OpenConnection } from "./open-connection.js";
import type { BenchRequest } from "./scenarios/workloads.js";

/** What was answered in one stretch of time. */
export class LoadWindow {
  readonly statuses: Record<number, number> = {};
  /** Requests whose connection ended before the answer. */
  lost = 0;
  readonly startedMs = performance.now();
  /** From the moment a request was due to its answer. */
  readonly sinceDue = new Hdr();
  /** From the moment it was sent. */
  readonly sinceSent = new Hdr();
  /** Of 204 alone, since due: what was shed is among them. */
  readonly sinceDue204 = new Hdr();
  /** How late the client itself sent what was due, where a connection was free. */
  readonly late = new Hdr();

  note(status: number, dueUs: number, sentUs: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.sinceDue.note(dueUs);
    this.sinceSent.note(sentUs);
    if (status === 204) this.sinceDue204.note(dueUs);
  }

  add(other: LoadWindow): void {
    for (const [status, count] of Object.entries(other.statuses)) {
      this.statuses[Number(status)] = (this.statuses[Number(status)] ?? 0) + count;
    }
    this.lost += other.lost;
    this.sinceDue.add(other.sinceDue);
    this.sinceSent.add(other.sinceSent);
    this.sinceDue204.add(other.sinceDue204);
    this.late.add(other.late);
  }

  figures(): WindowFigures {
    const { statuses, lost } = this;
    const good = (statuses[200] ?? 0) + (statuses[204] ?? 0);
    const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - this.startedMs) / 1000;
    return {
      ...{ answered, errors: lost + answered - good, share200: (statuses[200] ?? 0) / answered },
      perSec: answered / seconds,
      ...this.latencies(),
    };
  }

  latencies(): WindowLatencies {
    return {
      maxUs: this.sinceDue.maxUs,
      sinceDue: this.sinceDue.quantiles(),
      sinceSent: this.sinceSent.quantiles(),
      sinceDue204: this.sinceDue204.quantiles(),
      late: this.late.quantiles(),
    };
  }
}

export type WindowLatencies = {
  readonly maxUs: number;
  readonly sinceDue: Quantiles;
  readonly sinceSent: Quantiles;
  readonly sinceDue204: Quantiles;
  readonly late: Quantiles;
};

export type WindowFigures = WindowLatencies & {
  readonly answered: number;
  readonly perSec: number;
  /** Lost requests and statuses other than 200 and 204. */
  readonly errors: number;
  readonly share200: number;
};

export type OpenLoopOptions = {
  readonly port: number;
  readonly requests: readonly BenchRequest[];
  /** Requests a second. */
  readonly rate: number;
  readonly connections?: number;
  /**
   * tick: looks each millisecond what is due, and leaves the core to others. spin: looks all the
   * time, for a process that has a core of its own.
   */
  readonly pace?: "tick" | "spin";
};

const tickMs = 1;

export const rawRequest = (request: BenchRequest): Buffer =>
  post(
    bidPath,
    request.body,
    ...Object.entries(headersOf(request)).map(([name, value]) => `${name}: ${value}`),
  );

/**
 * Requests at a fixed rate whatever the answers do: one is due each 1/rate s and waits for a free
 * connection, so that a pause of the server counts for all that were due in it.
 */
export class OpenLoop {
  window = new LoadWindow();
  private readonly requests: readonly Buffer[];
  private readonly port: number;
  private readonly connections: number;
  private readonly idle: OpenConnection[] = [];
  private readonly stopPace: () => void;
  private rate: number;
  /** -1 until all connections are open: the schedule begins then. */
  private startedMs = -1;
  private sent = 0;
  private turn = 0;
  /** True while requests wait for a free connection: their lateness is the server's. */
  private starved = false;
  private ended = false;

  constructor({ port, requests, rate, connections = 32, pace = "tick" }: OpenLoopOptions) {
    this.requests = requests.map(rawRequest);
    this.rate = rate;
    this.port = port;
    this.connections = connections;
    for (let i = 0; i < connections; i++) this.open();
    this.stopPace = pace === "tick" ? this.tick() : this.spin();
  }

  /** Another rate from now on; what was due and is not sent is forgotten. */
  setRate(rate: number): void {
    this.rate = rate;
    this.startedMs = performance.now();
    this.sent = 0;
  }

  /** Requests that are due and wait for a connection. */
  get waiting(): number {
    if (this.startedMs < 0) return 0;
    const due = ((performance.now() - this.startedMs) / 1000) * this.rate;
    return Math.max(0, Math.floor(due) - this.sent);
  }

  /** Sends no more, waits for what is under way and closes. */
  async end(): Promise<void> {
    this.stopPace();
    this.ended = true;
    const giveUpMs = performance.now() + 5000;
    while (this.idle.length < this.connections && performance.now() < giveUpMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const connection of this.idle) connection.close();
  }

  private tick(): () => void {
    const timer = setInterval(() => this.pump(), tickMs);
    return () => clearInterval(timer);
  }

  private spin(): () => void {
    let spinning = true;
    const turn = (): void => {
      this.pump();
      if (spinning) setImmediate(turn);
    };
    setImmediate(turn);
    return () => {
      spinning = false;
    };
  }

  private pump(): void {
    if (this.startedMs < 0 || this.ended) return;
    const nowMs = performance.now();
    while (this.idle.length > 0) {
      const dueMs = this.startedMs + (1000 * this.sent) / this.rate;
      if (dueMs > nowMs) {
        this.starved = false;
        return;
      }
      const request = this.requests[this.turn++ % this.requests.length];
      if (request === undefined) return;
      if (!this.starved) this.window.late.note(1000 * (nowMs - dueMs));
      this.sent++;
      this.idle.pop()?.send(request, dueMs);
    }
    this.starved = true;
  }

  private open(): void {
    const connection: OpenConnection = new OpenConnection(this.port, {
      onIdle: () => {
        this.idle.push(connection);
        if (this.startedMs >= 0) this.pump();
        else if (this.idle.length === this.connections) this.startedMs = performance.now();
      },
      onAnswer: (status, dueMs, sentMs) => {
        const nowMs = performance.now();
        this.window.note(status, 1000 * (nowMs - dueMs), 1000 * (nowMs - sentMs));
      },
      onClose: (busy) => {
        const at = this.idle.indexOf(connection);
        if (at >= 0) this.idle.splice(at, 1);
        if (busy) this.window.lost++;
        if (!this.ended) setTimeout(() => this.open(), 100);
      },
    });
  }
}
