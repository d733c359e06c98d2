import { connect, type Socket } from "node:net";
import { bucketOf, histogramBuckets, quantileUs } from "../src/base/histogram.js";
import { post, readAnswers } from "../src/testing/raw-http.js";
import { benchSecret } from "./bench-secret.js";

/** What was answered in one stretch of time. */
export class LoadWindow {
  readonly statuses: Record<number, number> = {};
  /** Requests whose connection ended before the answer. */
  lost = 0;
  maxUs = 0;
  /** Microseconds from the moment a request was due to its answer. */
  private readonly sinceDue = new Float64Array(histogramBuckets);
  /** Microseconds from the moment it was sent. */
  private readonly sinceSent = new Float64Array(histogramBuckets);

  note(status: number, dueUs: number, sentUs: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.maxUs = Math.max(this.maxUs, dueUs);
    addTo(this.sinceDue, dueUs);
    addTo(this.sinceSent, sentUs);
  }

  figures(): WindowFigures {
    const quantiles = (counts: Float64Array): Quantiles => ({
      p50Us: quantileUs(counts, 0.5),
      p99Us: quantileUs(counts, 0.99),
      p999Us: quantileUs(counts, 0.999),
    });
    const { statuses, lost, maxUs } = this;
    const good = (statuses[200] ?? 0) + (statuses[204] ?? 0);
    const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    return {
      ...{ answered, errors: lost + answered - good, share200: (statuses[200] ?? 0) / answered },
      ...{ maxUs, sinceDue: quantiles(this.sinceDue), sinceSent: quantiles(this.sinceSent) },
    };
  }
}

type Quantiles = { readonly p50Us: number; readonly p99Us: number; readonly p999Us: number };
export type WindowFigures = {
  readonly answered: number;
  /** Lost requests and statuses other than 200 and 204. */
  readonly errors: number;
  readonly share200: number;
  readonly maxUs: number;
  readonly sinceDue: Quantiles;
  readonly sinceSent: Quantiles;
};

function addTo(counts: Float64Array, us: number): void {
  const bucket = bucketOf(us);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

const connections = 32;
const tickMs = 1;

/**
 * Requests at a fixed rate whatever the answers do: one is due each 1/rate s and waits for a free
 * connection, so that a pause of the server counts for all that were due in it. What is due is seen
 * each millisecond: time since due holds up to one of the client's own.
 */
export class OpenLoop {
  window = new LoadWindow();
  private readonly requests: readonly Buffer[];
  private readonly rate: number;
  private readonly port: number;
  private readonly idle: Connection[] = [];
  private readonly waitingDueMs: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly startedMs = performance.now();
  private due = 0;
  private sent = 0;
  private ended = false;

  constructor(port: number, bodies: readonly Buffer[], rate: number) {
    const secret = `x-crowdbid-secret: ${benchSecret}`;
    const type = "content-type: application/json";
    this.requests = bodies.map((body) => post("/bid/openrtb26", body, type, secret));
    this.rate = rate;
    this.port = port;
    for (let i = 0; i < connections; i++) this.open();
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  /** Sends no more, waits for what is under way and closes. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    this.ended = true;
    const giveUpMs = performance.now() + 5000;
    while (this.idle.length < connections && performance.now() < giveUpMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const connection of this.idle) connection.socket.destroy();
  }

  private tick(): void {
    const wanted = ((performance.now() - this.startedMs) / 1000) * this.rate;
    for (; this.due < wanted; this.due++) {
      this.waitingDueMs.push(this.startedMs + (1000 * this.due) / this.rate);
    }
    this.sendWaiting();
  }

  private sendWaiting(): void {
    while (!this.ended && this.idle.length > 0 && this.waitingDueMs.length > 0) {
      const request = this.requests[this.sent++ % this.requests.length];
      if (request === undefined) return;
      this.idle.pop()?.send(request, this.waitingDueMs.shift() ?? 0);
    }
  }

  private open(): void {
    const connection: Connection = new Connection(this.port, {
      onIdle: () => {
        this.idle.push(connection);
        this.sendWaiting();
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

type Listener = {
  readonly onIdle: () => void;
  readonly onAnswer: (status: number, dueMs: number, sentMs: number) => void;
  readonly onClose: (busy: boolean) => void;
};

/** One keep-alive connection with one request at a time. */
class Connection {
  readonly socket: Socket;
  private dueMs = 0;
  private sentMs = 0;
  private busy = false;
  private text = "";

  constructor(port: number, listener: Listener) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("connect", listener.onIdle);
    this.socket.on("data", (piece) => {
      this.text += piece.toString("latin1");
      const [answer] = readAnswers(this.text);
      if (answer === undefined) return;
      this.text = "";
      this.busy = false;
      listener.onAnswer(answer.status, this.dueMs, this.sentMs);
      listener.onIdle();
    });
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => listener.onClose(this.busy));
  }

  send(request: Buffer, dueMs: number): void {
    this.dueMs = dueMs;
    this.sentMs = performance.now();
    this.busy = true;
    this.socket.write(request);
  }
}
