import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { UnixMs } from "../base/units.js";
import { realClock } from "./real-clock.js";

/** What a command of the command line touches, so that a test can run it without a process. */
export type CommandIo = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** A file's bytes; "-" = standard input. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** A file's bytes in pieces; "-" = standard input. */
  readonly stream: (path: string) => AsyncIterable<Uint8Array>;
  readonly nowMs: () => UnixMs;
  readonly monotonicNs: () => number;
  readonly monotonicMs: () => number;
  /** Whether stderr is a terminal, which can show a moving line. */
  readonly isTerminal: boolean;
};

/** Exit codes of every command (a UsageError of runtime/flags ends with 2). */
export const ExitCode = { OK: 0, FAILED: 1, USAGE: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Standard input as a request: nobody types more. */
const stdinBytesMax = 16 * 1024 * 1024;

async function readStdin(): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > stdinBytesMax) throw new Error(`standard input is over ${stdinBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export const processIo: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  read: (path) => (path === "-" ? readStdin() : readFile(path)),
  stream: (path) =>
    path === "-"
      ? (process.stdin as AsyncIterable<Buffer>)
      : (createReadStream(path) as AsyncIterable<Buffer>),
  nowMs: realClock.nowMs,
  monotonicNs: realClock.monotonicNs,
  monotonicMs: () => realClock.monotonicNs() / 1e6,
  isTerminal: process.stderr.isTTY === true,
};
