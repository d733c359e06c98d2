import { connect, type Socket } from "node:net";

/** What one run of the client saw. */
export type ClientResult = {
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly errors: number;
  readonly elapsedMs: number;
  readonly bodyBytes: number;
};

export type ClientOptions = {
  readonly port: number;
  readonly connections: number;
  /** Requests in all; the run ends when each has its answer. */
  readonly requests: number;
  /** Whole HTTP requests as bytes; used in turn. */
  readonly payloads: readonly Buffer[];
};

const headEnd = Buffer.from("\r\n\r\n");
const lengthHeader = /\r\ncontent-length: *(\d+)/i;

/**
 * A closed loop over raw keep-alive sockets on loopback: each connection sends its next request when the last is
 * answered. It drives load; it does not measure latency.
 */
export async function runClosedLoop(options: ClientOptions): Promise<ClientResult> {
  const run = new ClosedLoop(options);
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: options.connections }, () => run.connection()));
  const elapsedMs = Number(process.hrtime.bigint() - started) / 1e6;
  return { ...run.counts(), elapsedMs };
}

class ClosedLoop {
  private readonly options: ClientOptions;
  private sent = 0;
  private answered = 0;
  private errors = 0;
  private bodyBytes = 0;
  private readonly statuses: Record<number, number> = {};

  constructor(options: ClientOptions) {
    this.options = options;
  }

  counts(): Omit<ClientResult, "elapsedMs"> {
    const { answered, statuses, errors, bodyBytes } = this;
    return { requests: answered, statuses, errors, bodyBytes };
  }

  connection(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.options.port, "127.0.0.1");
      socket.setNoDelay(true);
      let rest: Buffer = Buffer.alloc(0);
      socket.on("connect", () => this.next(socket));
      socket.on("data", (chunk) => {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (;;) {
          const used = this.answer(rest);
          if (used === 0) break;
          rest = rest.subarray(used);
          this.next(socket);
        }
      });
      socket.on("error", () => {
        this.errors++;
      });
      socket.on("close", () => {
        resolve();
      });
    });
  }

  private next(socket: Socket): void {
    if (this.sent >= this.options.requests) {
      socket.end();
      return;
    }
    const { payloads } = this.options;
    socket.write(payloads[this.sent++ % payloads.length] as Buffer);
  }

  /** Bytes of the first whole answer in `bytes`, 0 = not there yet. */
  private answer(bytes: Buffer): number {
    const head = bytes.indexOf(headEnd);
    if (head < 0) return 0;
    const text = bytes.toString("latin1", 0, head);
    const length = Number(lengthHeader.exec(text)?.[1] ?? 0);
    const end = head + headEnd.length + length;
    if (bytes.length < end) return 0;
    const status = Number(text.slice(9, 12));
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.answered++;
    this.bodyBytes += length;
    return end;
  }
}

export const benchSecret = "the-secret-of-the-bench-exchange";

/** One POST as bytes. */
export function postBytes(path: string, body: Buffer | string): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
    `x-openrtb-version: 2.6\r\nx-crowdbid-secret: ${benchSecret}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
