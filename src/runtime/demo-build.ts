import { startCold } from "./cold-process.js";
import type { DemoWorldOrder } from "./demo-epoch.js";
import type { DemoWorldResult } from "./demo-world.js";
import type { DemoWorldMessage } from "./demo-world-process.js";

export type DemoProgress = (stage: string, done: number, total: number, unit: string) => void;

/** A build under way: its result, and the way to end it when the process drains. */
export type DemoBuild = { readonly result: Promise<DemoWorldResult>; readonly stop: () => void };

/** Builds the demo's people in a process of their own, so that contextual bids go on meanwhile. */
export function buildDemoApart(order: DemoWorldOrder, progress: DemoProgress): DemoBuild {
  const child = startCold("demo-world-process");
  const result = new Promise<DemoWorldResult>((resolve, reject) => {
    child.on("message", (message: DemoWorldMessage) => {
      if (message.kind === "progress") {
        const { stage, done, total, unit } = message;
        progress(stage, done, total, unit);
      }
      if (message.kind === "done") resolve(message.result);
      if (message.kind === "failed") reject(new Error(message.words));
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`the process that builds the demo's people ended with code ${code}`));
    });
  });
  child.send(order);
  return { result, stop: () => child.kill("SIGTERM") };
}
