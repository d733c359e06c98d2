import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { machineOf } from "./machine.js";
import { buildProgram } from "./program.js";

const readyEveryMs = 100;
const secMax = 600;

type DemoReport = {
  readonly firstBidSec: number;
  readonly peopleSec: number;
  readonly bids: number;
  /** Requests that were not answered with a bid while the people were built. */
  readonly failed: number;
  /** What came instead: "204 after 41.2 s". */
  readonly failures: readonly string[];
  readonly slowestMs: number;
  /** The most that all processes had resident together; shared pages count each time. */
  readonly residentBytes: number;
};

/** `npm start` on an empty folder, after its build: contextual bids all along, until people bid. */
export async function printDemo(write: (line: string) => void): Promise<boolean> {
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-demo-"));
  const [bidPort, adminPort] = [await freePort(), await freePort()];
  const flags = ["--data", dataFolder, "--bid-port", `${bidPort}`, "--admin-port", `${adminPort}`];
  buildProgram();
  const demo = spawn(process.execPath, ["dist/main.js", "demo", ...flags], { stdio: "ignore" });
  try {
    const report = await watch(demo, bidPort, adminPort);
    const machine = machineOf();
    write(`\nNode ${machine.node}, ${machine.machine}, commit ${machine.commit}`);
    write(`first bid           ${report.firstBidSec.toFixed(1)} s`);
    write(`people live         ${report.peopleSec.toFixed(1)} s (figure: <= 90)`);
    for (const failure of report.failures) write(`                    ${failure}`);
    const slowest = `slowest ${report.slowestMs.toFixed(0)} ms`;
    write(`contextual bids     ${report.bids}, ${report.failed} failed, ${slowest}`);
    write(`resident together   ${(report.residentBytes / 1e9).toFixed(2)} GB (figure: <= 4)`);
    write(JSON.stringify({ name: "demo", ...report, ...machine }));
    return report.failed === 0 && report.peopleSec <= 90 && report.residentBytes <= 4e9;
  } finally {
    const ended = new Promise((resolve) => demo.once("exit", resolve));
    demo.kill("SIGTERM");
    await ended;
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function watch(demo: ChildProcess, bidPort: number, adminPort: number): Promise<DemoReport> {
  const startedMs = performance.now();
  const sec = (): number => (performance.now() - startedMs) / 1000;
  let [firstBidSec, bids, slowestMs, residentBytes] = [0, 0, 0, 0];
  const failures: string[] = [];
  for (let turn = 0; sec() < secMax; turn++) {
    await pause(readyEveryMs);
    const sentMs = performance.now();
    const answer = await asks(bidPort);
    if (answer === "200") {
      if (firstBidSec === 0) firstBidSec = sec();
      bids++;
      slowestMs = Math.max(slowestMs, performance.now() - sentMs);
    } else if (firstBidSec > 0) failures.push(`${answer} after ${sec().toFixed(1)} s`);
    if (turn % 5 === 0) residentBytes = Math.max(residentBytes, residentOf(demo.pid as number));
    if (firstBidSec > 0 && (await epochOf(adminPort)) > 0) {
      const failed = failures.length;
      return { firstBidSec, peopleSec: sec(), bids, failed, failures, slowestMs, residentBytes };
    }
  }
  throw new Error(`no people after ${secMax} s`);
}

const body = JSON.stringify({
  ...{ id: "demo", imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }] },
  ...{ site: { domain: "news.example" }, device: { geo: { country: "USA" } } },
});

/** The status, or why there was none. */
async function asks(port: number): Promise<string> {
  try {
    const headers = { "content-type": "application/json" };
    const url = `http://127.0.0.1:${port}/bid/openrtb26`;
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.arrayBuffer();
    return String(answer.status);
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}

/** 0 as well before the admin port is open, which comes after the first bid. */
async function epochOf(port: number): Promise<number> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    return ((await answer.json()) as { epoch: number }).epoch;
  } catch {
    return 0;
  }
}

/** Resident bytes of a process and all below it. */
function residentOf(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended since.
    }
  }
  const isBelow = (pid: number): boolean =>
    pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  return [...resident].reduce((sum, [pid, bytes]) => sum + (isBelow(pid) ? bytes : 0), 0);
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
