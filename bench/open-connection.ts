import { connect, type Socket } from "node:net";

type Listener = {
  readonly onIdle: () => void;
  readonly onAnswer: (status: number, dueMs: number, sentMs: number) => void;
  readonly onClose: (busy: boolean) => void;
};

const headEnd = "\r\n\r\n";
const lengthName = /content-length: (\d+)/i;
const statusAt = 9;

/**
 * One keep-alive connection with one request at a time. Reads into memory of its own and looks at
 * the status and the length alone: the client must not be what is measured.
 */
export class OpenConnection {
  private readonly socket: Socket;
  private dueMs = 0;
  private sentMs = 0;
  private busy = false;
  private head = "";
  private status = 0;
  /** Bytes of the answer that are still to come; -1 = its head is not whole. */
  private missing = -1;
  private readonly listener: Listener;

  constructor(port: number, listener: Listener) {
    this.listener = listener;
    const buffer = Buffer.allocUnsafe(16_384);
    const callback = (bytes: number): boolean => {
      this.take(buffer, bytes);
      return true;
    };
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback } });
    this.socket.on("connect", listener.onIdle);
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => listener.onClose(this.busy));
  }

  send(request: Buffer, dueMs: number): void {
    this.dueMs = dueMs;
    this.sentMs = performance.now();
    this.busy = true;
    this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(buffer: Buffer, bytes: number): void {
    if (this.missing < 0) {
      this.head += buffer.toString("latin1", 0, bytes);
      const end = this.head.indexOf(headEnd);
      if (end < 0) return;
      this.status = Number(this.head.slice(statusAt, statusAt + 3));
      const length = Number(lengthName.exec(this.head.slice(0, end))?.[1] ?? 0);
      this.missing = end + headEnd.length + length - this.head.length;
      this.head = "";
    } else this.missing -= bytes;
    if (this.missing > 0) return;
    this.missing = -1;
    this.busy = false;
    this.listener.onAnswer(this.status, this.dueMs, this.sentMs);
    this.listener.onIdle();
  }
}
