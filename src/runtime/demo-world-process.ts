import { bankFailure } from "./bank-open.js";
import type { DemoWorldOrder } from "./demo-epoch.js";
import { type DemoWorldResult, makeDemoWorld } from "./demo-world.js";
import { hardenProcess } from "./process.js";

/**
 * The process that builds the demo world while contextual bids are answered already. It gets one
 * order, reports its progress and ends; it also ends when the one who started it is gone.
 */
export type DemoWorldMessage =
  | {
      readonly kind: "progress";
      readonly stage: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  | { readonly kind: "done"; readonly result: DemoWorldResult }
  | { readonly kind: "failed"; readonly words: string };

const lookForParentMs = 1000;

function send(message: DemoWorldMessage, whenSent?: () => void): void {
  process.send?.(message, undefined, undefined, whenSent);
}

async function build(order: DemoWorldOrder): Promise<DemoWorldMessage> {
  try {
    const result = await makeDemoWorld(order, (stage, done, total, unit) => {
      send({ kind: "progress", stage, done, total, unit });
    });
    return { kind: "done", result };
  } catch (error) {
    return { kind: "failed", words: bankFailure(error) };
  }
}

const parent = process.ppid;
const orphaned = setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, lookForParentMs);
orphaned.unref();
process.once("disconnect", () => process.exit(1));

hardenProcess();
process.once("message", (order: DemoWorldOrder) => {
  void build(order).then((last) => {
    if (last.kind === "failed") process.exitCode = 1;
    process.removeAllListeners("disconnect");
    send(last, () => process.disconnect());
  });
});
