import { edgeWorkerData, postToMain, startEdgeWorker } from "../runtime/edge-shell.js";
import { echoApp } from "./echo-app.js";

/**
 * An edge worker with the echo program: a body "generation" is answered with the number of the
 * adopted World. Messages: "throw" fails outside any request, "exit" ends the thread at once,
 * anything else comes back with the worker's own data.
 */
const app = echoApp();
const { own } = edgeWorkerData();
let generation = 0;

const answerGeneration = (): { status: number; length: number } => {
  const text = Buffer.from(String(generation));
  app.answerBuffer.set(text);
  return { status: 200, length: text.length };
};

startEdgeWorker({
  app: {
    ...app,
    bid: (exchange, length, arrivedNs) => {
      const text = Buffer.from(app.bodyBuffer.buffer, 0, length).toString("latin1");
      return text === "generation" ? answerGeneration() : app.bid(exchange, length, arrivedNs);
    },
  },
  adopt: (_payload, adopted) => {
    generation = adopted;
  },
  message: (payload) => {
    if (payload === "exit") process.exit(7);
    if (payload === "throw") {
      setImmediate(() => {
        throw new Error("the worker broke");
      });
    } else {
      postToMain({ own, payload });
    }
  },
});
