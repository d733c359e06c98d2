import { Worker } from "node:worker_threads";
import { entryUrl } from "./entry-url.js";
import type { LoadedSnapshot, LoadRequest, RefusedEpoch } from "./snapshot-load.js";
import type { LoaderData, LoaderMessage } from "./snapshot-loader-thread.js";

export type LoadOutcome = {
  /** null: no epoch above the served one is good; what is served stays. */
  readonly loaded: LoadedSnapshot | null;
  /** Every epoch that was tried and refused: log them, they are never silent. */
  readonly refused: readonly RefusedEpoch[];
};

/** Loads the newest good snapshot in a thread of its own; the caller's thread stays free. */
export function loadNewestSnapshot(
  request: LoadRequest,
  onProgress: (doneBytes: number, totalBytes: number) => void = () => {},
): Promise<LoadOutcome> {
  const data: LoaderData = { role: "loader", request };
  const worker = new Worker(entryUrl("snapshot-loader-thread"), { workerData: data });
  return new Promise((resolve, reject) => {
    worker.on("message", (message: LoaderMessage) => {
      if (message.kind === "progress") onProgress(message.doneBytes, message.totalBytes);
      else resolve({ loaded: message.loaded, refused: message.refused });
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the snapshot loader ended with code ${code}`)));
  });
}
