import type { LoadOrder, LoadTold } from "./load-client.js";
import { LoadWindow, OpenLoop } from "./open-loop.js";
import { requestsOf } from "./scenarios/workloads.js";

/** The open loop in a process of its own: what it is told, it does, and says when it is done. */
let loop: OpenLoop | null = null;

const tell = (told: LoadTold): void => void process.send?.(told);

process.on("message", (order: LoadOrder) => {
  switch (order.kind) {
    case "start": {
      const { workload, bodies, people } = order;
      const requests = requestsOf(workload, bodies, people, Date.now());
      loop = new OpenLoop({ ...order, requests, pace: "spin" });
      tell({ kind: "done" });
      break;
    }
    case "rate":
      loop?.setRate(order.rate);
      tell({ kind: "done" });
      break;
    case "cut": {
      if (loop === null) return;
      const { window, waiting } = loop;
      loop.window = new LoadWindow();
      tell({
        kind: "window",
        figures: { ...window.figures(), waiting },
        hgrm: window.sinceDue.hgrm(),
      });
      break;
    }
    case "end":
      void loop?.end().then(() => process.disconnect());
      break;
  }
});
