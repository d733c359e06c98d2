import type { ChildProcess } from "node:child_process";
import { message, start } from "./child.js";
import { pinTo } from "./cpu.js";
import type { WorkloadName } from "./scenarios/workloads.js";
import type { SlicedFigures } from "./window-slices.js";

export type LoadStart = {
  readonly port: number;
  readonly workload: WorkloadName;
  readonly bodies: number;
  readonly people: number;
  readonly rate: number;
  readonly connections: number;
};

/** What the process of the open loop is told; it answers each but the last with `LoadTold`. */
export type LoadOrder =
  | ({ readonly kind: "start" } & LoadStart)
  | { readonly kind: "rate"; readonly rate: number }
  | { readonly kind: "cut" }
  | { readonly kind: "end" };

/** The time since the last cut. */
export type CutFigures = SlicedFigures & {
  /** Requests that were due at its end and had no connection yet. */
  readonly waiting: number;
};
export type LoadTold =
  | { readonly kind: "done" }
  | { readonly kind: "window"; readonly figures: CutFigures; readonly hgrm: string };

export type Cut = { readonly figures: CutFigures; readonly hgrm: string };

/** An open loop that runs in its own process, on the core that the servers do not have. */
export class LoadClient {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async start(order: LoadStart): Promise<LoadClient> {
    const child = start("load-process");
    child.setMaxListeners(0);
    pinTo(child.pid ?? 0, "client");
    const client = new LoadClient(child);
    await client.tell({ kind: "start", ...order });
    return client;
  }

  async setRate(rate: number): Promise<void> {
    await this.tell({ kind: "rate", rate });
  }

  /** What was answered since the last cut; begins the next window. */
  async cut(): Promise<Cut> {
    const told = await this.tell({ kind: "cut" });
    if (told.kind !== "window") throw new Error("the open loop gave no window");
    return told;
  }

  /** What is answered until `over`. */
  async during(over: Promise<unknown>): Promise<Cut> {
    await this.cut();
    await over;
    return this.cut();
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.send({ kind: "end" } satisfies LoadOrder);
    await ended;
  }

  private tell(order: LoadOrder): Promise<LoadTold> {
    const told = message<LoadTold>(this.child);
    this.child.send(order);
    return told;
  }
}
