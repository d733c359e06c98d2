import { type AllocationSize, printAllocation } from "./allocation.js";
import { type CompareSize, printCompare } from "./compare.js";
import { type MemorySize, printMemory } from "./memory.js";
import { type OverloadSize, printOverload } from "./overload.js";
import { onlyOf, sizeOf, sizes } from "./scenarios/measure.js";
import { chosen } from "./scenarios/registry.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import { numberAfter } from "./simulator.js";
import { printSweep } from "./sweep.js";
import { type ChangeSize, printUnderChange } from "./under-change.js";

type Say = (line: string) => void;
type Args = readonly string[];

/** Commands over one scenario: sizes by `--tiny` and `--quick`, `--only` names another one. */
const isTiny = (args: Args): boolean => args.includes("--tiny");
const pick = <T>(args: Args, tiny: T, quick: T, full: T): T =>
  isTiny(args) ? tiny : args.includes("--quick") ? quick : full;
const worldOf = (args: Args, { world }: Scenario): ScenarioWorld => {
  const { people, lineItems, book } = { ...world, ...(isTiny(args) ? sizes.tiny.smaller : {}) };
  return { people: numberAfter(args, "--people", people), lineItems, book };
};
const scenarioOf = (args: Args, usual: string): Scenario =>
  chosen([onlyOf(args)[0] ?? usual])[0] as Scenario;

export function runSweep(args: Args, say: Say): Promise<boolean> {
  const only = onlyOf(args)[0] ?? "full-bid";
  return printSweep({ only, size: sizeOf(args), keeps: !isTiny(args) }, say);
}

export function runUnderChange(args: Args, say: Say): Promise<boolean> {
  const scenario = scenarioOf(args, "canonical-90");
  const size: ChangeSize = {
    ...{ world: worldOf(args, scenario), keeps: !isTiny(args), bodies: pick(args, 64, 2048, 2048) },
    rounds: pick(args, 1, 5, 15),
    seconds: pick(args, 0.2, 1, 2),
    rate: numberAfter(args, "--rate", pick(args, 200, 4000, 4000)),
  };
  return printUnderChange(scenario, size, say);
}

export function runOverload(args: Args, say: Say): Promise<boolean> {
  const scenario = scenarioOf(args, "full-bid");
  const size: OverloadSize = {
    ...{ world: worldOf(args, scenario), keeps: !isTiny(args), bodies: pick(args, 64, 2048, 2048) },
    ...{ spinUs: numberAfter(args, "--spin", 300), seconds: pick(args, 0.3, 4, 15) },
    probed: pick(args, 300, 4000, 10_000),
  };
  return printOverload(scenario, size, say);
}

export function runMemory(args: Args, say: Say): Promise<boolean> {
  const scenario = scenarioOf(args, "canonical-90");
  const size: MemorySize = {
    ...{ world: worldOf(args, scenario), keeps: !isTiny(args), bodies: pick(args, 64, 2048, 4096) },
    minutes: args.includes("--minutes")
      ? numberAfter(args, "--minutes", 1)
      : pick(args, 0.005, 0.2, 1),
    samples: pick(args, 3, 6, 30),
    rate: numberAfter(args, "--rate", pick(args, 100, 4000, 4000)),
    workers: numberAfter(args, "--workers", 1),
  };
  return printMemory(scenario, size, say);
}

export function runAllocation(args: Args, say: Say): Promise<void> {
  const size: AllocationSize = {
    ...{ smaller: isTiny(args) ? sizes.tiny.smaller : null, bodies: pick(args, 64, 1024, 2048) },
    ...{ batches: pick(args, 5, 50, 200), keeps: !isTiny(args) },
  };
  return printAllocation(chosen(onlyOf(args)), size, say);
}

/** `--compare A B`: two commits, tags or branches. */
export function runCompare(args: Args, say: Say): Promise<boolean> {
  const at = args.indexOf("--compare");
  const [a, b] = args.slice(at + 1);
  if (a === undefined || b === undefined || a.startsWith("-") || b.startsWith("-")) {
    throw new Error("--compare A B: give two commits");
  }
  const quick = { starts: 2, pairs: 4, size: sizes.quick, keeps: true };
  const size: CompareSize = args.includes("--quick")
    ? quick
    : { ...quick, starts: 5, pairs: 6, size: { ...sizes.full, measured: 30_000 } };
  return printCompare([a, b], scenarioOf(args, "full-bid"), size, say);
}
