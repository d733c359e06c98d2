import { type AnswerSizes, answerSizes, runClosedLoop } from "../closed-loop.js";
import { pinTo, threadCpuNs } from "../cpu.js";
import { type Band, bandOf, medianOf } from "../noise-band.js";
import { hasWrk, isGeneratorBound, saturate } from "../saturation.js";
import type { Load, Target } from "./target.js";

/** How much of everything a run does. */
export type Size = {
  /** How long the servers may take to be done with their start. */
  readonly quietSecMax: number;
  /** Requests, or seconds where wrk sends them. */
  readonly warm: number;
  readonly warmSec: number;
  /** Of ours, a second at a time: it ends before where a second costs no less than those before. */
  readonly warmSecMax: number;
  /** Requests of a round. */
  readonly measured: number;
  /** Each is a pair of ours and the echo. */
  readonly rounds: number;
  /** The other references are measured in one round of so many. */
  readonly othersEvery: number;
  readonly bodies: number;
  /** Instead of the scenario's own: figures of it mean nothing and are not kept. */
  readonly smaller: { readonly people: number; readonly lineItems: number } | null;
  /** Of a saturated run; 0 = there is none. */
  readonly saturatedSec: number;
  /** Of each rate of the open loop. */
  readonly openSec: number;
};

const noLoad = { saturatedSec: 0, openSec: 0.2 };
const smallWorld = { people: 2000, lineItems: 60 };
export const sizes = {
  tiny: {
    ...{
      quietSecMax: 0,
      warm: 200,
      warmSec: 0,
      warmSecMax: 0,
      measured: 400,
      rounds: 1,
      othersEvery: 1,
    },
    bodies: 128,
    ...noLoad,
    smaller: smallWorld,
  },
  quick: {
    ...{ warm: 40_000, warmSec: 1, warmSecMax: 4, measured: 1500, rounds: 12, othersEvery: 4 },
    ...{ quietSecMax: 15, bodies: 2048, smaller: null, saturatedSec: 1, openSec: 2 },
  },
  full: {
    ...{ warm: 100_000, warmSec: 3, warmSecMax: 20, measured: 6000, rounds: 60, othersEvery: 3 },
    ...{ quietSecMax: 60, bodies: 4096, smaller: null, saturatedSec: 8, openSec: 8 },
  },
} as const satisfies Readonly<Record<string, Size>>;

/** `--tiny`, `--quick`, else full. */
export function sizeOf(args: readonly string[]): Size {
  if (args.includes("--tiny")) return sizes.tiny;
  return args.includes("--quick") ? sizes.quick : sizes.full;
}

/** The names behind `--only`, separated by commas. */
export function onlyOf(args: readonly string[]): readonly string[] {
  const at = args.indexOf("--only");
  return at < 0 ? [] : (args[at + 1] ?? "").split(",");
}

/** One measured row; printed as a table and as a JSON line. */
export type Row = {
  readonly target: string;
  /** Of all threads of the server's process: the median of the rounds. */
  readonly cpuUsPerRequest: number;
  /** Of each round, in order; null = not measured in it. */
  readonly roundsUs: readonly (number | null)[];
  readonly requestsPerSec: number;
  /** The client's core was busy and the server's was not: requests/s are the client's. */
  readonly generatorBound: boolean;
  readonly share200: number;
  readonly answerBytes: number;
};

export const sizesOf = (target: Target, { requests }: Load): Promise<AnswerSizes> =>
  answerSizes(target.port, requests);

type Round = {
  readonly us: number;
  readonly perSec: number;
  readonly share200: number;
  readonly generatorBound: boolean;
};

async function roundOf(target: Target, load: Load, amount: number): Promise<Round> {
  const before = threadCpuNs(target.pid);
  const own = process.cpuUsage();
  const result = await runClosedLoop({ ...load, port: target.port, amount });
  const cpuNs = threadCpuNs(target.pid) - before;
  const { user, system } = process.cpuUsage(own);
  if (result.errors > 0) throw new Error(`${target.name}: ${result.errors} requests failed`);
  return {
    us: cpuNs / 1000 / result.requests,
    perSec: result.requests / result.elapsedSec,
    share200: (result.statuses[200] ?? 0) / result.requests,
    generatorBound: isGeneratorBound(
      cpuNs / 1e9 / result.elapsedSec,
      (user + system) / 1e6 / result.elapsedSec,
    ),
  };
}

/** Below it a time was cheaper than those before: the server was not warm yet. */
const fallingShare = 0.97;
const closedRoundsMax = 10;

/**
 * Until so many times in a row were not cheaper than all before them: one time more at least,
 * `most` at most. False: it still fell.
 */
export async function untilSteady(
  cost: () => Promise<number>,
  most: number,
  inARow = 2,
): Promise<boolean> {
  let best = Number.POSITIVE_INFINITY;
  let steady = 0;
  for (let times = 0; times < most && steady < inARow; times++) {
    const us = await cost();
    steady = us < fallingShare * best ? 0 : steady + 1;
    best = Math.min(best, us);
  }
  return steady === inARow;
}

/** By wrk, which asks several times as fast as the rounds. */
async function warmUp(target: Target, load: Load, size: Size): Promise<void> {
  if (asksByWrk(size)) await secondsUs(target, load, size.warmSec);
  else await roundOf(target, load, size.warm);
}

/** Until the compiler has seen enough; less is asked of what was warm for another load. */
export async function warmUntilSteady(
  target: Target,
  load: Load,
  size: Size,
  wasWarm = false,
): Promise<boolean> {
  const inARow = wasWarm ? 1 : 2;
  if (asksByWrk(size)) {
    const most = wasWarm ? Math.ceil(size.warmSecMax / 2) : size.warmSecMax;
    return untilSteady(() => secondsUs(target, load, 1), most, inARow);
  }
  await roundOf(target, load, size.warm);
  return true;
}

/** References once a stand: they do the same whatever they are asked. */
export async function warmReferences(
  targets: readonly Target[],
  load: Load,
  size: Size,
): Promise<void> {
  for (const target of targets) {
    // It decides as ours does, and sheds while its code is compiled.
    if (target.name === "ours-json") await warmUntilSteady(target, load, size);
    else await warmUp(target, load, size);
  }
}

const asksByWrk = (size: Size): boolean => size.saturatedSec > 0 && hasWrk();

/** CPU a request; endless where it failed: a cold server may keep a connection waiting. */
async function secondsUs(target: Target, load: Load, seconds: number): Promise<number> {
  try {
    const { serverCpu, perSec } = await saturate(target, load, seconds);
    return (serverCpu * 1e6) / perSec;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * The same load against each target, a round of each in turn, every other time the other way
 * round, so that what else happens on the machine happens to all of them. All rounds count, after
 * those that ours takes to get used to this client: the first ones behind wrk cost up to twice as
 * much. Ours and the echo come first of the targets; all are warm.
 */
export async function measureInTurn(
  targets: readonly Target[],
  load: Load,
  size: Size,
): Promise<Row[]> {
  const rounds: (Round | null)[][] = targets.map(() => []);
  pinTo(process.pid, "client");
  try {
    const [ours] = targets;
    const usOf = async (target: Target) => (await roundOf(target, load, size.measured)).us;
    if (ours !== undefined && asksByWrk(size)) await untilSteady(() => usOf(ours), closedRoundsMax);
    for (let round = 0; round < size.rounds; round++) {
      const all = targets.map((target, i) => ({ target, i }));
      for (const { target, i } of round % 2 === 0 ? all : all.reverse()) {
        const isDue = i < pairedTargets || round % size.othersEvery === 0;
        rounds[i]?.push(isDue ? await roundOf(target, load, size.measured) : null);
      }
    }
  } finally {
    pinTo(process.pid, "any");
  }
  const rows: Row[] = [];
  for (const [i, target] of targets.entries()) {
    // References answer as often, evenly: of some requests as of many.
    const { bytes } = await answerSizes(target.port, load.requests, i === 0 ? 100 : 20);
    rows.push(rowOf(target, rounds[i] ?? [], bytes));
  }
  return rows;
}

const pairedTargets = 2;

function rowOf(target: Target, all: readonly (Round | null)[], answerBytes: number): Row {
  const own = all.filter((round) => round !== null);
  return {
    target: target.name,
    cpuUsPerRequest: medianOf(own.map(({ us }) => us)),
    roundsUs: all.map((round) => round?.us ?? null),
    generatorBound: own.every((one) => one.generatorBound),
    requestsPerSec: medianOf(own.map(({ perSec }) => perSec)),
    share200: own.reduce((sum, { share200 }) => sum + share200, 0) / own.length,
    answerBytes,
  };
}

/** How often ours costs what the other does, pair by pair: 1 = as cheap as doing nothing. */
export function ratioOf(ours: Row, other: Row): Band & { readonly pairs: number } {
  const ratios: number[] = [];
  for (const [i, us] of ours.roundsUs.entries()) {
    const otherUs = other.roundsUs[i] ?? null;
    if (us !== null && otherUs !== null) ratios.push(otherUs / us);
  }
  return { ...bandOf(ratios), pairs: ratios.length };
}
