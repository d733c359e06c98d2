import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** One answer as it came over the wire. Header names in lower case. */
export type RawAnswer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

export type Conversation = {
  readonly answers: readonly RawAnswer[];
  /** The server ended the connection. */
  readonly closed: boolean;
};

const headEnd = "\r\n\r\n";

/** Every whole answer in what a server sent, in order (latin1 text, one character a byte). */
export function readAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf(headEnd, at);
    if (end === -1) return answers;
    const [first = "", ...lines] = text.slice(at, end).split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN);
    const length = Number(headers.get("content-length") ?? 0);
    const start = end + headEnd.length;
    if (text.length < start + length) return answers;
    at = start + length;
    // 100 Continue announces an answer and is none.
    if (status !== 100) answers.push({ status, headers, body: text.slice(start, at) });
  }
}

export type TalkOptions = {
  readonly port: number;
  /** Sent one after the other, `gapMs` apart. */
  readonly parts: readonly (string | Uint8Array)[];
  readonly gapMs?: number;
  /** Answers after which (and a moment more, for one too many) the talk is over. */
  readonly expected?: number;
  /** Silence after which it is over in any case. */
  readonly waitMs?: number;
  /** Half-close when all is sent. */
  readonly end?: boolean;
};

const momentMs = 15;

async function send(socket: Socket, options: TalkOptions): Promise<void> {
  for (const [i, part] of options.parts.entries()) {
    if (i > 0) await delay(options.gapMs ?? 2);
    if (socket.writable) socket.write(part);
  }
  if (options.end === true) socket.end();
}

/** Opens a connection, sends the parts, gathers the answers. Never rejects: a reset is a close. */
export function talk(options: TalkOptions): Promise<Conversation> {
  const { port, expected = Number.POSITIVE_INFINITY, waitMs = 300 } = options;
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    let text = "";
    let timer = setTimeout(
      () => finish(false),
      waitMs + (options.gapMs ?? 2) * options.parts.length,
    );
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: readAnswers(text), closed });
    };
    socket.on("connect", () => {
      void send(socket, options);
    });
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      if (readAnswers(text).length < expected) return;
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), momentMs);
    });
    socket.on("end", () => finish(true));
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
  });
}

/** A short form to compare: "200 204", "400 close", "close" (no answer), "silence". */
export function verdictOf({ answers, closed }: Conversation): string {
  const parts = answers.map((answer) => String(answer.status));
  if (closed) parts.push("close");
  return parts.length === 0 ? "silence" : parts.join(" ");
}

/** A POST with its length; `headers` are lines without line ends. */
export function post(path: string, body: string | Uint8Array, ...headers: string[]): Buffer {
  const bytes = Buffer.from(body);
  const lines = [`POST ${path} HTTP/1.1`, "Host: bid.example", ...headers];
  return Buffer.concat([
    Buffer.from(`${lines.join("\r\n")}\r\nContent-Length: ${bytes.length}${headEnd}`, "latin1"),
    bytes,
  ]);
}

export const get = (path: string, ...headers: string[]): string =>
  `${[`GET ${path} HTTP/1.1`, "Host: bid.example", ...headers].join("\r\n")}${headEnd}`;
