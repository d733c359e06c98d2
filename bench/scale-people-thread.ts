import { parentPort, workerData } from "node:worker_threads";
import type { PeopleShare } from "../src/index/people-fill.js";
import { fillPeople, type ScaleStream } from "./scale-stream.js";

/** Fills rows and home areas of a scale build while the main thread inserts identifiers. */
export type PeopleThreadData = { readonly share: PeopleShare; readonly stream: ScaleStream };

const { share, stream } = workerData as PeopleThreadData;
const startedMs = performance.now();
fillPeople(share, stream);
parentPort?.postMessage((performance.now() - startedMs) / 1000);
