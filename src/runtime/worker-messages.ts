import type { EdgeKind } from "./flags.js";

/** What main posts to an edge worker. `payload` is the bidder's own, opaque here. */
export type ToWorker =
  | { readonly kind: "world"; readonly generation: number; readonly payload: unknown }
  | { readonly kind: "listen"; readonly host: string; readonly port: number }
  | { readonly kind: "app"; readonly payload: unknown }
  | { readonly kind: "drain"; readonly withinMs: number };

/** What an edge worker posts to main. */
export type FromWorker =
  | { readonly kind: "adopted"; readonly generation: number }
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "app"; readonly payload: unknown }
  | { readonly kind: "drained" }
  | { readonly kind: "fatal"; readonly reason: string };

/** `workerData` of an edge worker. */
export type EdgeWorkerData = {
  /** From 0. */
  readonly index: number;
  readonly edge: EdgeKind;
  /** i32 a worker: the generation that it has adopted. */
  readonly generations: SharedArrayBuffer;
  /** What the bidder handed to `Workers.start`. */
  readonly own: unknown;
};

/** One text for whatever was thrown, without a parser's quote of its input. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "a value that is no Error was thrown";
  const quotesInput = error instanceof SyntaxError || error instanceof URIError;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const what = quotesInput ? error.name : `${error.name}: ${error.message}`;
  return [what, ...frames.slice(0, 8).map((line) => line.trim())].join("; ");
}
