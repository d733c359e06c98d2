import { spawnSync } from "node:child_process";
import { SeededRandom } from "../src/base/random.js";
import { type CrashOrder, type CrashResult, crashOnce } from "../src/testing/crash-run.js";
import { machineOf } from "./machine.js";
import { numberAfter } from "./simulator.js";

const usual: CrashOrder = {
  ...{ seed: 4, events: 200, call: null, moment: "before", afterMs: 60_000, under: [] },
};
const atOnce = 2;

/**
 * kill -9 of a process that books 200 events on the real disk: before and after each of its calls,
 * at `--random N` (300) random moments, and, where strace is there, inside each write, fdatasync,
 * fsync and rename of the whole process that touches its folder.
 */
export async function printCrashes(
  args: readonly string[],
  write: (line: string) => void,
): Promise<boolean> {
  const whole = await crashOnce(usual);
  const { calls } = whole;
  const atCalls: CrashOrder[] = Array.from({ length: calls }, (_, i) => [
    { ...usual, call: i + 1, moment: "before" as const },
    { ...usual, call: i + 1, moment: "after" as const },
  ]).flat();
  const random = new SeededRandom(numberAfter(args, "--seed", 1));
  const wanted = numberAfter(args, "--random", 300);
  const rows = [
    { name: "at each call, before and after", results: await runAll(atCalls) },
    { name: "at random moments", results: await killedAtRandom(random, wanted) },
    { name: "in system calls, by strace", results: await runAll(systemCalls(calls)) },
  ];
  write(`\na life of ${usual.events} events: ${calls} calls of the disk, ${whole.bills} bills`);
  let clean = whole.wrong.length === 0;
  for (const { name, results } of rows) {
    const killed = results.filter((one) => one.killed).length;
    const wrong = results.flatMap((one) => one.wrong);
    const acknowledged = results.reduce((sum, one) => sum + one.acknowledged, 0);
    write(
      `${name.padEnd(32)} ${results.length} runs, ${killed} killed, ` +
        `${acknowledged} acknowledged, lost or twice: ${wrong.length} (figure: 0)`,
    );
    for (const words of wrong.slice(0, 5)) write(`  ${words}`);
    write(JSON.stringify({ name: `crashes ${name}`, killed, wrong: wrong.length, ...machineOf() }));
    clean &&= wrong.length === 0;
  }
  return clean && (rows[1]?.results.filter(({ killed }) => killed).length ?? 0) >= wanted;
}

/** The n-th of each kind, for as many as the life may have. Empty without strace. */
function systemCalls(calls: number): CrashOrder[] {
  if (spawnSync("strace", ["-V"]).status !== 0) return [];
  const kinds = [
    ...Array.from({ length: Math.ceil(calls / 2) }, (_, i) => ["fdatasync", i + 1] as const),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => ["fsync", n] as const),
    ["rename", 1] as const,
  ];
  return kinds.map(([name, n]) => {
    const inject = `inject=${name}:signal=SIGKILL:when=${n}`;
    return { ...usual, under: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject] };
  });
}

/** Lives that came to their end before they were killed are not counted. */
async function killedAtRandom(random: SeededRandom, wanted: number): Promise<CrashResult[]> {
  const results: CrashResult[] = [];
  const isKilled = ({ killed }: CrashResult): boolean => killed;
  for (let seed = 0; results.filter(isKilled).length < wanted && seed < 4 * wanted; seed += 2) {
    const orders = [seed, seed + 1].map((one) => {
      return { ...usual, seed: one, afterMs: random.fraction() * 40 };
    });
    results.push(...(await runAll(orders)));
  }
  return results;
}

async function runAll(orders: readonly CrashOrder[]): Promise<CrashResult[]> {
  const results: CrashResult[] = [];
  for (let from = 0; from < orders.length; from += atOnce) {
    results.push(...(await Promise.all(orders.slice(from, from + atOnce).map(crashOnce))));
  }
  return results;
}
