import {
  type DemoWorldOrder,
  type DemoWorldResult,
  type DemoWorldStage,
  makeDemoWorld,
} from "./demo-world.js";

/**
 * The process that builds the demo world while contextual bids are answered already. It gets one
 * order, reports its progress and ends; it also ends when the one who started it is gone.
 */
export type DemoWorldMessage =
  | {
      readonly kind: "progress";
      readonly stage: DemoWorldStage;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: "done"; readonly result: DemoWorldResult }
  | { readonly kind: "failed"; readonly words: string };

function send(message: DemoWorldMessage, whenSent?: () => void): void {
  process.send?.(message, undefined, undefined, whenSent);
}

const parent = process.ppid;

function build(order: DemoWorldOrder): DemoWorldMessage {
  try {
    const result = makeDemoWorld(order, (stage, done, total) => {
      // Building never yields, so the closed channel of a lost parent would be seen too late.
      if (process.ppid !== parent) process.exit(1);
      send({ kind: "progress", stage, done, total });
    });
    return { kind: "done", result };
  } catch (error) {
    return { kind: "failed", words: (error as Error).message };
  }
}

process.once("message", (order: DemoWorldOrder) => {
  const last = build(order);
  if (last.kind === "failed") process.exitCode = 1;
  send(last, () => process.disconnect());
});
