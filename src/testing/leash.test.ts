import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { leash } from "./leash.js";

const giveUpMs = 20_000;
const started: ChildProcess[] = [];
const pids: number[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  for (const pid of pids.splice(0)) if (runs(pid)) process.kill(pid, "SIGKILL");
});

const runs = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A process that starts one which never comes back to its events; gives the pids of both. */
async function starterOf(
  args: readonly string[],
): Promise<{ starter: ChildProcess; busy: number }> {
  const loop =
    "console.log(process.pid); const end = Date.now() + 60000; while (Date.now() < end);";
  const own = JSON.stringify([...args, "-e", loop]);
  const script =
    `require("node:child_process").spawn(process.execPath, ${own}, ` +
    '{ stdio: ["ignore", "inherit", "inherit"] }); setInterval(() => {}, 1000);';
  const starter = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(starter);
  const busy = await new Promise<number>((resolve) => {
    starter.stdout.once("data", (piece) => resolve(Number(String(piece))));
  });
  pids.push(busy);
  return { starter, busy };
}

async function endedIn(pid: number, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (runs(pid) && performance.now() < until) await delay(50);
  return !runs(pid);
}

test("a process in the middle of a loop ends when whoever started it is killed outright", async () => {
  const { starter, busy } = await starterOf(leash("SIGKILL"));
  await delay(1200);
  expect(runs(busy)).toBe(true);
  starter.kill("SIGKILL");
  expect(await endedIn(busy, giveUpMs)).toBe(true);
});

test("without a leash it stays, or this test would say nothing", async () => {
  const { starter, busy } = await starterOf([]);
  starter.kill("SIGKILL");
  expect(await endedIn(busy, 1500)).toBe(false);
});
