import { Worker } from "node:worker_threads";
import { answerOrder } from "./child.js";
import { buildScale, type FillPeople, type ScaleOrder } from "./scale-build.js";
import type { PeopleThreadData } from "./scale-people-thread.js";

/** A process of its own, so that its resident peak is the build's. */
const peopleApart: FillPeople = (share, stream) => {
  const data: PeopleThreadData = { share, stream };
  const worker = new Worker(new URL("./scale-people-thread.js", import.meta.url), {
    workerData: data,
  });
  return new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the people's thread ended with ${code}`)));
  });
};

answerOrder((order: ScaleOrder, progress) => buildScale(order, peopleApart, progress));
