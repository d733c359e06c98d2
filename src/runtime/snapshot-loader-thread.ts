import { parentPort, Worker, workerData } from "node:worker_threads";
import { assert } from "../base/assert.js";
import { type Refusal, refuse } from "../index/verify.js";
import { type FillPlan, fillPieces } from "./snapshot-fill.js";
import {
  candidateEpochs,
  finishLoad,
  type LoadedSnapshot,
  type LoadRequest,
  planBytes,
  prepareLoad,
  type RefusedEpoch,
} from "./snapshot-load.js";

/**
 * The loader thread: tries epochs from the newest down, and posts the first good one. It starts
 * this file once more as a filling partner; two threads read, digest and fill, because the digest
 * alone takes 0.85 s a GiB.
 */
export type LoaderData =
  | { readonly role: "loader"; readonly request: LoadRequest }
  | { readonly role: "partner"; readonly plan: FillPlan };

export type LoaderMessage =
  | { readonly kind: "progress"; readonly doneBytes: number; readonly totalBytes: number }
  | {
      readonly kind: "done";
      readonly loaded: LoadedSnapshot | null;
      readonly refused: readonly RefusedEpoch[];
    };

type PartnerMessage = { readonly bytes: number } | { readonly end: Refusal | null };

/** Below this, starting a second thread costs more than it saves. */
const partnerFromBytes = 32 * 1024 * 1024;
const progressEveryBytes = 32 * 1024 * 1024;

function post(message: LoaderMessage | PartnerMessage): void {
  assert(parentPort !== null, "this file runs as a worker thread");
  parentPort.postMessage(message);
}

/** Reports bytes in lumps: a message a block would cost more than the block. */
function inLumps(report: (bytes: number) => void): (bytes: number) => void {
  let held = 0;
  return (bytes) => {
    held += bytes;
    if (held < progressEveryBytes) return;
    report(held);
    held = 0;
  };
}

async function fill(plan: FillPlan): Promise<Refusal | null> {
  const totalBytes = planBytes(plan);
  let doneBytes = 0;
  const progress = (bytes: number): void => {
    doneBytes += bytes;
    post({ kind: "progress", doneBytes, totalBytes });
  };
  const partner = totalBytes < partnerFromBytes ? null : startPartner(plan, progress);
  const ours = fillPieces(plan, inLumps(progress));
  const theirs = partner === null ? null : await partner;
  return ours ?? theirs;
}

function startPartner(plan: FillPlan, progress: (bytes: number) => void): Promise<Refusal | null> {
  const data: LoaderData = { role: "partner", plan };
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  return new Promise((resolve) => {
    let end: Refusal | null = refuse("unreadable", "the second loader thread ended early");
    worker.on("message", (message: PartnerMessage) => {
      if ("bytes" in message) progress(message.bytes);
      else end = message.end;
    });
    worker.on("error", (error) => {
      end = refuse("unreadable", `the second loader thread failed: ${error.message}`);
    });
    worker.on("exit", () => resolve(end));
  });
}

async function load(request: LoadRequest): Promise<void> {
  const refused: RefusedEpoch[] = [];
  for (const epoch of candidateEpochs(request)) {
    const outcome = await loadEpoch(request, epoch);
    if (!("ok" in outcome)) return post({ kind: "done", loaded: outcome, refused });
    refused.push({ epoch, code: outcome.code, words: outcome.words });
  }
  post({ kind: "done", loaded: null, refused });
}

async function loadEpoch(request: LoadRequest, epoch: number): Promise<LoadedSnapshot | Refusal> {
  try {
    const prepared = prepareLoad(request, epoch);
    if (!prepared.ok) return prepared;
    const refusal = await fill(prepared.plan);
    return refusal ?? finishLoad(request, prepared.load);
  } catch (error) {
    // Memory for the index, the disk, the forget log: the epoch that is served stays.
    return refuse("unreadable", `epoch ${epoch}: ${(error as Error).message}`);
  }
}

const data = workerData as LoaderData;
if (data.role === "loader") await load(data.request);
else {
  const end = fillPieces(
    data.plan,
    inLumps((bytes) => post({ bytes })),
  );
  post({ end });
}
