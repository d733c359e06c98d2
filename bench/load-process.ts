import type { LoadOrder, LoadTold } from "./load-client.js";
import { cpuTimes } from "./machine.js";
import { LoadWindow, OpenLoop } from "./open-loop.js";
import { requestsOf } from "./scenarios/workloads.js";
import { sliceMs, WindowSlices } from "./window-slices.js";

/** The open loop in a process of its own: what it is told, it does, and says when it is done. */
let loop: OpenLoop | null = null;
let slicing: NodeJS.Timeout | undefined;
const slices = new WindowSlices();
let { stolen } = cpuTimes();

function endSlice(from: OpenLoop): void {
  const now = cpuTimes().stolen;
  slices.add(from.window, now > stolen);
  stolen = now;
  from.window = new LoadWindow();
}

const tell = (told: LoadTold): void => void process.send?.(told);

process.on("message", (order: LoadOrder) => {
  switch (order.kind) {
    case "start": {
      const { workload, bodies, people } = order;
      const requests = requestsOf(workload, bodies, people, Date.now());
      const started = new OpenLoop({ ...order, requests, pace: "spin" });
      slicing = setInterval(() => endSlice(started), sliceMs);
      loop = started;
      tell({ kind: "done" });
      break;
    }
    case "rate":
      loop?.setRate(order.rate);
      tell({ kind: "done" });
      break;
    case "cut": {
      if (loop === null) return;
      const { waiting } = loop;
      endSlice(loop);
      const { figures, hgrm } = slices.cut();
      tell({ kind: "window", figures: { ...figures, waiting }, hgrm });
      break;
    }
    case "end":
      clearInterval(slicing);
      void loop?.end().then(() => process.disconnect());
      break;
  }
});
