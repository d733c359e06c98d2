import type { BookName } from "./books.js";
import type { StandReference } from "./target.js";
import type { WorkloadName } from "./workloads.js";

/** The World that a scenario runs in: scenarios of the same one share a server. */
export type ScenarioWorld = {
  readonly people: number;
  readonly lineItems: number;
  readonly book: BookName;
};

/** What is measured, as data: `run.ts` does the same with each. */
export type Scenario = {
  readonly name: string;
  /** What its figure tells, in a line. */
  readonly measures: string;
  readonly world: ScenarioWorld;
  readonly workload: WorkloadName;
  readonly connections: number;
  /** What it is compared with in the same run, the echo first. */
  readonly references: readonly ["echo", ...StandReference[]];
  /** Whether requests/s are asked for, by wrk. */
  readonly saturated: boolean;
  /** Of the open loop, as a share of saturation; the closed loop asks as fast as it can. */
  readonly rate: number;
  /** Share of requests answered 200, 0..1: outside of it the run has failed. */
  readonly share200: readonly [low: number, high: number];
  /** The echo's CPU over ours that DESIGN wants; null = stated. */
  readonly ofEchoMin: number | null;
};
