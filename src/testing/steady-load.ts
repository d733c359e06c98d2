import { connect, type Socket } from "node:net";
import { post, readAnswers } from "./raw-http.js";

/** What a load has seen so far. */
export type LoadRecord = {
  answered: number;
  /** Requests that were sent whole and got no whole answer. */
  lost: number;
  /** Connections that an answer told to end. */
  ended: number;
};

export type SteadyLoad = {
  readonly record: LoadRecord;
  /** Resolves when every connection is over. */
  readonly over: Promise<void>;
};

/** One keep-alive connection: the next request after each answer, until an answer ends it. */
function oneConnection(port: number, request: Uint8Array, record: LoadRecord): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let waiting = false;
    const ask = (): void => {
      waiting = true;
      socket.write(request);
    };
    const finish = (): void => {
      if (waiting) record.lost += 1;
      waiting = false;
      socket.destroy();
      resolve();
    };
    socket.on("connect", ask);
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      const [answer] = readAnswers(text);
      if (answer === undefined) return;
      text = "";
      waiting = false;
      record.answered += 1;
      if (answer.headers.get("connection")?.toLowerCase() === "close") {
        record.ended += 1;
        finish();
      } else {
        ask();
      }
    });
    socket.on("close", finish);
    socket.on("error", finish);
  });
}

const echoRequest = post("/bid/echo", '{"id":"1","imp":[{"id":"1"}]}');

/** Keeps `connections` busy with one request over and over until the server ends them. */
export function steadyLoad(
  port: number,
  connections: number,
  request: Uint8Array = echoRequest,
): SteadyLoad {
  const record: LoadRecord = { answered: 0, lost: 0, ended: 0 };
  const all = Array.from({ length: connections }, () => oneConnection(port, request, record));
  return { record, over: Promise.all(all).then(() => {}) };
}
