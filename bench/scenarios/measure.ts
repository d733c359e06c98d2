import { type AnswerSizes, answerSizes, runClosedLoop } from "../closed-loop.js";
import { threadCpuNs } from "../cpu.js";
import { hasWrk, isGeneratorBound, saturate } from "../saturation.js";
import type { Load, Target } from "./target.js";

/** How much of everything a run does. */
export type Size = {
  /** Requests, or seconds where wrk sends them. */
  readonly warm: number;
  readonly warmSec: number;
  readonly measured: number;
  readonly rounds: number;
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
    warm: 200,
    warmSec: 0,
    measured: 400,
    rounds: 1,
    bodies: 128,
    ...noLoad,
    smaller: smallWorld,
  },
  quick: {
    ...{ warm: 40_000, warmSec: 1, measured: 3000, rounds: 3, bodies: 2048, smaller: null },
    ...{ saturatedSec: 1, openSec: 2 },
  },
  full: {
    ...{ warm: 100_000, warmSec: 5, measured: 60_000, rounds: 5, bodies: 4096, smaller: null },
    ...{ saturatedSec: 8, openSec: 8 },
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
  /** Of all threads of the server's process: the best of the rounds, the least disturbed. */
  readonly cpuUsPerRequest: number;
  /** Of each round, in order. */
  readonly roundsUs: readonly number[];
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

/**
 * Until the compiler has seen enough: by wrk, which asks several times as fast. A cold server may
 * keep one of its connections waiting; the rounds that are measured forgive nothing.
 */
export async function warmUp(target: Target, load: Load, size: Size): Promise<void> {
  const asked = size.saturatedSec > 0 && hasWrk();
  if (asked) await saturate(target, load, size.warmSec).catch(() => undefined);
  else await roundOf(target, load, size.warm);
}

/**
 * The same load against each target, a round of each in turn, so that what else happens on the
 * machine happens to all of them.
 */
export async function measureInTurn(
  targets: readonly Target[],
  load: Load,
  size: Size,
): Promise<Row[]> {
  for (const target of targets) await warmUp(target, load, size);
  const rounds: Round[][] = targets.map(() => []);
  for (let round = 0; round < size.rounds; round++) {
    for (const [i, target] of targets.entries()) {
      rounds[i]?.push(await roundOf(target, load, size.measured));
    }
  }
  const rows: Row[] = [];
  for (const [i, target] of targets.entries()) {
    const own = rounds[i] ?? [];
    const answers = await sizesOf(target, load);
    rows.push({
      target: target.name,
      cpuUsPerRequest: Math.min(...own.map(({ us }) => us)),
      roundsUs: own.map(({ us }) => us),
      generatorBound: own.every((one) => one.generatorBound),
      requestsPerSec: Math.max(...own.map(({ perSec }) => perSec)),
      share200: own.reduce((sum, { share200 }) => sum + share200, 0) / own.length,
      answerBytes: answers.bytes,
    });
  }
  return rows;
}
