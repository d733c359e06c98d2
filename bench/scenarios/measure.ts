import { type AnswerSizes, answerSizes, runClosedLoop } from "../closed-loop.js";
import { threadCpuNs } from "../cpu.js";
import type { BenchRequest } from "./workloads.js";

/** How much of everything a run does. */
export type Size = {
  readonly warm: number;
  readonly measured: number;
  readonly rounds: number;
  readonly bodies: number;
  /** Of the World instead of the scenario's own. */
  readonly people: number | null;
};

export const sizes = {
  tiny: { warm: 200, measured: 400, rounds: 1, bodies: 128, people: 2000 },
  quick: { warm: 15_000, measured: 15_000, rounds: 3, bodies: 2048, people: null },
  full: { warm: 100_000, measured: 100_000, rounds: 5, bodies: 4096, people: null },
} as const satisfies Readonly<Record<string, Size>>;

/** A server process that requests are sent to. */
export type Target = { readonly name: string; readonly pid: number; readonly port: number };

/** One measured row; printed as a table and as a JSON line. */
export type Row = {
  readonly target: string;
  /** Of all threads of the server's process: the best of the rounds, the least disturbed. */
  readonly cpuUsPerRequest: number;
  /** Of each round, in order. */
  readonly roundsUs: readonly number[];
  readonly requestsPerSec: number;
  readonly share200: number;
  readonly answerBytes: number;
};

export type Load = { readonly requests: readonly BenchRequest[]; readonly connections: number };

export const sizesOf = (target: Target, { requests }: Load): Promise<AnswerSizes> =>
  answerSizes(target.port, requests);

type Round = { readonly us: number; readonly perSec: number; readonly share200: number };

async function roundOf(target: Target, load: Load, amount: number): Promise<Round> {
  const before = threadCpuNs(target.pid);
  const result = await runClosedLoop({ ...load, port: target.port, amount });
  const cpuNs = threadCpuNs(target.pid) - before;
  if (result.errors > 0) throw new Error(`${target.name}: ${result.errors} requests failed`);
  return {
    us: cpuNs / 1000 / result.requests,
    perSec: result.requests / result.elapsedSec,
    share200: (result.statuses[200] ?? 0) / result.requests,
  };
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
  for (const target of targets) await roundOf(target, load, size.warm);
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
      requestsPerSec: Math.max(...own.map(({ perSec }) => perSec)),
      share200: own.reduce((sum, { share200 }) => sum + share200, 0) / own.length,
      answerBytes: answers.bytes,
    });
  }
  return rows;
}
