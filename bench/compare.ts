import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { message, stop } from "./child.js";
import { runClosedLoop } from "./closed-loop.js";
import { pinTo, threadCpuNs } from "./cpu.js";
import { quietMachine } from "./machine.js";
import { bandOf } from "./noise-band.js";
import { record } from "./record.js";
import { type Size, warmUntilSteady } from "./scenarios/measure.js";
import { loadOf, worldOf } from "./scenarios/run.js";
import type { Scenario } from "./scenarios/scenario.js";
import type { Load, Target } from "./scenarios/target.js";
import type { ServerMessage } from "./server-process.js";

type Say = (line: string) => void;

export type CompareSize = {
  /** Fresh processes of both: a compiler that was unlucky once is one of several. */
  readonly starts: number;
  /** Pairs of rounds a start. */
  readonly pairs: number;
  readonly size: Size;
  readonly keeps: boolean;
};

/**
 * Two commits, built apart, under the same load in turn: the ratio of their CPU a request with a
 * band that 95 of 100 repetitions of these pairs fall into. True always: a difference is told, not
 * judged.
 */
export async function printCompare(
  commits: readonly [a: string, b: string],
  scenario: Scenario,
  compare: CompareSize,
  say: Say,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-compare-"));
  const trees: string[] = [];
  try {
    for (const [i, commit] of commits.entries()) {
      const tree = join(folder, `tree-${i}`);
      trees.push(tree);
      build(commit, tree, say);
    }
    return await compareTrees(trees, commits, folder, scenario, compare, say);
  } finally {
    for (const tree of trees) git("worktree", "remove", "--force", tree);
    rmSync(folder, { recursive: true, force: true });
  }
}

const git = (...args: readonly string[]): string =>
  execFileSync("git", [...args], { encoding: "utf8" }).trim();

/** With the dependencies that are installed here, whatever the commit had. */
function build(commit: string, tree: string, say: Say): void {
  git("worktree", "add", "--detach", tree, commit);
  symlinkSync(resolve("node_modules"), join(tree, "node_modules"));
  say(`building ${git("rev-parse", "--short", commit)} ...`);
  const run = (given: readonly string[]): void =>
    void execFileSync(process.execPath, given, { cwd: tree, stdio: "inherit" });
  const builder = "config/tools/build-bench.mjs";
  if (existsSync(join(tree, builder))) {
    run([builder]);
    return;
  }
  // Commits before it were built by the compiler.
  run([resolve("node_modules/typescript/bin/tsc"), "-p", "config/tools/tsconfig.bench.json"]);
  // Commits before it was there were measured, and served, without.
  const inline = "config/tools/inline-constants.mjs";
  if (existsSync(join(tree, inline))) run([inline, ".bench", "."]);
}

/** Runs the pairs on trees that are built. Their servers are told the order of this commit. */
export async function compareTrees(
  trees: readonly string[],
  names: readonly [a: string, b: string],
  folder: string,
  scenario: Scenario,
  { starts, pairs, size, keeps }: CompareSize,
  say: Say,
): Promise<boolean> {
  const load = loadOf(scenario, size);
  const ratios: number[] = [];
  for (let turn = 0; turn < starts; turn++) {
    const children: ChildProcess[] = [];
    try {
      const targets: Target[] = [];
      for (const [i, tree] of trees.entries()) {
        const dataFolder = join(folder, `data-${i}`);
        mkdirSync(dataFolder, { recursive: true });
        const child = fork(join(tree, ".bench/bench/server-process.js"), { cwd: tree });
        children.push(child);
        child.send({ ...worldOf(scenario.world, size), dataFolder });
        const { port } = await message<ServerMessage>(child);
        pinTo(child.pid ?? 0, "server");
        targets.push({ name: names[i] ?? "", pid: child.pid ?? 0, port });
      }
      const [a, b] = targets as [Target, Target];
      // Servers that have just started count audiences on the core of both.
      await quietMachine(size.quietSecMax);
      for (const target of targets) await warmUntilSteady(target, load, size);
      for (let pair = 0; pair < pairs; pair++) {
        ratios.push(await pairOf(a, b, load, size.measured, (turn + pair) % 2 === 1));
      }
      say(`start ${turn + 1} of ${starts}: ${ratios.map((one) => one.toFixed(3)).join(" ")}`);
    } finally {
      await Promise.all(children.map(stop));
    }
  }
  const { middle, low, high } = bandOf(ratios);
  const difference = low <= 1 && high >= 1 ? "no difference" : high < 1 ? "cheaper" : "dearer";
  say(
    `${scenario.name}: CPU of ${names[1]} over ${names[0]}: ${middle.toFixed(3)} ` +
      `(95 of 100: ${low.toFixed(3)} to ${high.toFixed(3)}, ${ratios.length} pairs): ${difference}`,
  );
  const row = { scenario: scenario.name, names, ratios, middle, low, high, difference };
  record("compare", row, keeps ? undefined : null);
  return true;
}

/** B over A, whichever goes first. */
async function pairOf(
  a: Target,
  b: Target,
  load: Load,
  amount: number,
  isTurned: boolean,
): Promise<number> {
  const cost = async ({ pid, port }: Target): Promise<number> => {
    const before = threadCpuNs(pid);
    const { requests } = await runClosedLoop({ ...load, port, amount });
    return (threadCpuNs(pid) - before) / requests;
  };
  if (isTurned) {
    const costB = await cost(b);
    return costB / (await cost(a));
  }
  const costA = await cost(a);
  return (await cost(b)) / costA;
}
