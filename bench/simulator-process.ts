import { MoneySimulator } from "../src/testing/money-simulator.js";
import { noCounts, type SimulationCounts } from "../src/testing/simulated-money.js";
import { answerOrder } from "./child.js";

/** A part of the simulator's seeds: from, to (not included). */
export type SimulatorOrder = {
  readonly from: number;
  readonly to: number;
  readonly events: number;
};

/** Sums over the seeds; money as decimal text. */
export type SimulatorSums = SimulationCounts & {
  readonly spent: string;
  readonly overspent: string;
  /** Crashes of the seed with the fewest. */
  readonly crashesMin: number;
  readonly failed: readonly { readonly seed: number; readonly wrong: readonly string[] }[];
};

const reportEvery = 100;

answerOrder<SimulatorOrder, SimulatorSums>(({ from, to, events }, onProgress) => {
  const sums = { ...noCounts };
  let [spent, overspent, crashesMin] = [0n, 0n, Number.POSITIVE_INFINITY];
  const failed: { seed: number; wrong: readonly string[] }[] = [];
  for (let seed = from; seed < to; seed++) {
    const run = new MoneySimulator(seed).run(events);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += run[name];
    spent += run.spent;
    if (run.overspent > overspent) overspent = run.overspent;
    crashesMin = Math.min(crashesMin, run.crashes);
    if (run.wrong.length > 0) failed.push({ seed, wrong: run.wrong.slice(0, 5) });
    if ((seed + 1 - from) % reportEvery === 0) onProgress("seeds", seed + 1 - from, to - from);
  }
  const money = { spent: String(spent), overspent: String(overspent) };
  return Promise.resolve({ ...sums, ...money, crashesMin, failed });
});
