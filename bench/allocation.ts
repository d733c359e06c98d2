import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { benchBidder } from "./in-process.js";
import { record } from "./record.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import { requestsOf } from "./scenarios/workloads.js";

type Say = (line: string) => void;

export type AllocationSize = {
  readonly bodies: number;
  /** Batches of `batchBids`, after as many for the compiler. */
  readonly batches: number;
  /** Instead of the scenario's own. */
  readonly smaller: Pick<ScenarioWorld, "people" | "lineItems"> | null;
  readonly keeps: boolean;
};

const batchBids = 200;

export type Allocated = {
  /** Bytes of heap that a request takes, garbage included. */
  readonly bytes: number;
  /** Bytes that are still in use after a forced collection. */
  readonly retainedBytes: number;
};

/** Heap that a request takes in process, by scenario: what the collector has to come for. */
export async function printAllocation(
  scenarios: readonly Scenario[],
  size: AllocationSize,
  say: Say,
): Promise<void> {
  say("heap a request, in process      allocated B   retained B");
  for (const scenario of scenarios) {
    const { bytes, retainedBytes } = await allocatedBy(scenario, size);
    const cells = [bytes.toFixed(0).padStart(11), retainedBytes.toFixed(1).padStart(12)];
    say(`${scenario.name.padEnd(31)} ${cells.join(" ")}`);
    const row = { scenario: scenario.name, world: scenario.world, bytes, retainedBytes };
    record("allocation", { ...row, batches: size.batches }, size.keeps ? undefined : null);
  }
}

/** Works in any process: the flag opens the collector in a context of its own. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

export async function allocatedBy(
  { world: usual, workload }: Scenario,
  { bodies: count, batches, smaller }: AllocationSize,
): Promise<Allocated> {
  const world = { ...usual, ...smaller };
  const bench = await benchBidder(world.book, world.lineItems);
  const bodies = requestsOf(workload, count, world.people, Date.now()).map(({ body, gzip }) =>
    gzip ? gunzipSync(body) : body,
  );
  let turn = 0;
  const batch = (): void => {
    for (let i = 0; i < batchBids; i++) bench.bid(bodies[turn++ % bodies.length] as Buffer);
  };
  const used = (): number => getHeapStatistics().used_heap_size;
  // What asking for the heap's size takes itself.
  const own = median(Array.from({ length: 21 }, () => -used() + used()));
  const grown: number[] = [];
  const run = (): void => {
    for (let i = 0; i < batches; i++) {
      const before = used();
      batch();
      grown.push((used() - before - own) / batchBids);
      bench.rest();
    }
  };
  run();
  collect();
  grown.length = 0;
  const before = used();
  run();
  collect();
  const retainedBytes = (used() - before) / (batches * batchBids);
  // A collection in a batch makes it shrink: the middle one had none.
  return { bytes: median(grown), retainedBytes };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
