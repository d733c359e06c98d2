import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printAsking } from "./asking.js";
import { bankOptionsOf, printBank } from "./bank.js";
import { capsFull, printCaps } from "./caps.js";
import { printCertificates } from "./certificates.js";
import { printChanges } from "./changes.js";
import { message, start, stop } from "./child.js";
import {
  type LoopOptions,
  type LoopResult,
  meanAnswerBytes,
  runClosedLoop,
} from "./closed-loop.js";
import { printCorpora } from "./corpora.js";
import { printCounts } from "./counts.js";
import { threadCpuNs } from "./cpu.js";
import { printCrashes } from "./crashes.js";
import { printDemo } from "./demo.js";
import { deskBenchFull, printDesk } from "./desk.js";
import { printDeskChecks } from "./desk-checks.js";
import { printDeskPage } from "./desk-page.js";
import { inProcessUs } from "./in-process.js";
import { printLedger } from "./ledger.js";
import { machineOf } from "./machine.js";
import { printNotices } from "./notices.js";
import { printPacing } from "./pacing.js";
import { printPrices } from "./prices.js";
import { printScale } from "./scale.js";
import { scaleOptionsOf } from "./scale-options.js";
import { printSwap } from "./scale-swap.js";
import type { ServerMessage, ServerOrder } from "./server-process.js";
import { printSimulator } from "./simulator.js";
import { printStrategies } from "./strategies.js";
import { printTimeZones } from "./time-zones.js";
import { printTokens } from "./tokens.js";
import { type WorkloadKind, workload } from "./workload.js";

/** One measured row; printed as a table and as a JSON line. */
type Row = {
  readonly name: string;
  readonly cpuUsPerRequest: number;
  readonly requestsPerSec: number;
  readonly share200: number;
  readonly answerBytes: number;
};

type Size = { readonly warm: number; readonly measured: number; readonly rounds: number };

const quick = process.argv.includes("--quick");
const tiny = process.argv.includes("--tiny");
const size: Size = tiny
  ? { warm: 200, measured: 400, rounds: 1 }
  : quick
    ? { warm: 40_000, measured: 30_000, rounds: 3 }
    : { warm: 100_000, measured: 200_000, rounds: 5 };
const people = tiny ? 300_000 : 1_000_000;
const lineItems = 1000;
const connections = 64;

const loop = (port: number, bodies: readonly Buffer[], requests: number): LoopOptions => ({
  ...{ port, path: "/bid/openrtb26", connections, requests, bodies },
});

/**
 * CPU of all threads of the server process for `measured` requests; the best of the rounds is the
 * least disturbed.
 */
async function measure(
  name: string,
  child: ChildProcess,
  port: number,
  bodies: readonly Buffer[],
): Promise<Row> {
  await runClosedLoop(loop(port, bodies, size.warm));
  const answerBytes = await meanAnswerBytes(loop(port, bodies, 0));
  const rows: Row[] = [];
  for (let round = 0; round < size.rounds; round++) {
    const before = threadCpuNs(child.pid as number);
    const result: LoopResult = await runClosedLoop(loop(port, bodies, size.measured));
    const cpuNs = threadCpuNs(child.pid as number) - before;
    if (result.errors > 0) throw new Error(`${name}: ${result.errors} requests failed`);
    rows.push({
      ...{ name, answerBytes },
      cpuUsPerRequest: cpuNs / 1000 / result.requests,
      requestsPerSec: result.requests / result.elapsedSec,
      share200: (result.statuses[200] ?? 0) / result.requests,
    });
  }
  return rows.sort((a, b) => a.cpuUsPerRequest - b.cpuUsPerRequest)[0] as Row;
}

async function measureEcho(kind: WorkloadKind, answerBytes: number): Promise<Row> {
  const child = start("echo-process", [String(Math.round(answerBytes))]);
  try {
    const { port } = await message<{ port: number }>(child);
    return await measure(`echo (${kind} sizes)`, child, port, bodiesOf(kind));
  } finally {
    await stop(child);
  }
}

const bodiesOf = (kind: WorkloadKind): Buffer[] => workload(kind, 2000, people);

function expectShare(row: Row, low: number, high: number): void {
  if (row.share200 >= low && row.share200 <= high) return;
  throw new Error(`${row.name}: ${row.share200} answered 200, wanted ${low} to ${high}`);
}

async function main(): Promise<void> {
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-bench-"));
  const server = start("server-process");
  try {
    const order: ServerOrder = { dataFolder, people, lineItems };
    server.send(order);
    const { port, lineItemsLive } = await message<ServerMessage>(server);
    const bid = await measure("full bid", server, port, bodiesOf("bid"));
    const noBid = await measure("no bid", server, port, bodiesOf("no-bid"));
    const echoBid = await measureEcho("bid", bid.answerBytes);
    const echoNoBid = await measureEcho("no-bid", 0);
    expectShare(bid, 0.95, 1);
    expectShare(noBid, 0, 0);
    report([echoBid, bid, echoNoBid, noBid], lineItemsLive);
    ratio("full bid", echoBid, bid, 0.4);
    ratio("no bid", echoNoBid, noBid, 0.65);
  } finally {
    await stop(server);
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

function report(rows: readonly Row[], lineItemsLive: number): void {
  const { commit, machine } = machineOf();
  const [body] = workload("bid", 1, people);
  process.stdout.write(
    `\n${lineItemsLive} line items live of ${lineItems}, ${people} people, ` +
      `${connections} connections, ` +
      `request ${body?.length ?? 0} B, Node ${process.version}, ${machine}, commit ${commit}\n\n`,
  );
  process.stdout.write(
    "what                        CPU us/request   requests/s   answered 200   answer B\n",
  );
  for (const row of rows) {
    const cells = [
      row.name.padEnd(26),
      row.cpuUsPerRequest.toFixed(2).padStart(16),
      row.requestsPerSec.toFixed(0).padStart(12),
      `${(100 * row.share200).toFixed(1)} %`.padStart(14),
      row.answerBytes.toFixed(0).padStart(10),
    ];
    process.stdout.write(`${cells.join(" ")}\n`);
  }
  process.stdout.write("\n");
  for (const row of rows) {
    const line = { ...row, commit, node: process.version, machine, lineItems, people, connections };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/**
 * echo's CPU over ours: 1 = as cheap as doing nothing. The closed-loop client is the limit of
 * requests/s here.
 */
function ratio(name: string, echo: Row, ours: Row, wanted: number): void {
  const value = echo.cpuUsPerRequest / ours.cpuUsPerRequest;
  process.stdout.write(
    `${name}: ${value.toFixed(3)} of the echo (figure: >= ${wanted}); ` +
      "requests/s are generator-bound\n",
  );
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const scaleArgs = process.argv.slice(2);

if (process.argv.includes("--scale")) {
  process.exitCode = (await printScale(scaleOptionsOf(scaleArgs, 1_000_000), say)) ? 0 : 1;
} else if (process.argv.includes("--swap")) {
  process.exitCode = (await printSwap(scaleOptionsOf(scaleArgs, 1_000_000), say)) ? 0 : 1;
} else if (process.argv.includes("--bank")) {
  process.exitCode = (await printBank(bankOptionsOf(scaleArgs), say)) ? 0 : 1;
} else if (process.argv.includes("--simulator")) {
  process.exitCode = (await printSimulator(scaleArgs, say)) ? 0 : 1;
} else if (process.argv.includes("--crashes")) {
  process.exitCode = (await printCrashes(scaleArgs, say)) ? 0 : 1;
} else if (process.argv.includes("--tokens")) {
  process.exitCode = printTokens(scaleArgs, say) ? 0 : 1;
} else if (process.argv.includes("--prices")) {
  process.exitCode = printPrices(scaleArgs, say) ? 0 : 1;
} else if (process.argv.includes("--notices")) {
  process.exitCode = (await printNotices(scaleArgs, say)) ? 0 : 1;
} else if (process.argv.includes("--desk-page")) {
  process.exitCode = (await printDeskPage(say)) ? 0 : 1;
} else if (process.argv.includes("--demo")) {
  process.exitCode = (await printDemo(say)) ? 0 : 1;
} else if (process.argv.includes("--certificates")) {
  process.exitCode = printCertificates(scaleArgs, say) ? 0 : 1;
} else if (process.argv.includes("--counts")) {
  printCounts(7, say);
} else if (process.argv.includes("--ledger")) {
  printLedger(300_000, say);
} else if (process.argv.includes("--pacing")) {
  process.exitCode = printPacing(tiny, say) ? 0 : 1;
} else if (process.argv.includes("--time-zones")) {
  process.exitCode = printTimeZones(say) ? 0 : 1;
} else if (process.argv.includes("--strategies")) {
  process.exitCode = printStrategies(tiny, say) ? 0 : 1;
} else if (process.argv.includes("--in-process")) {
  process.stdout.write(`bid in process: ${(await inProcessUs(60)).toFixed(2)} us\n`);
} else if (process.argv.includes("--changes")) {
  const clean = await printChanges(100, (line) => void process.stdout.write(`${line}\n`));
  process.exitCode = clean ? 0 : 1;
} else if (process.argv.includes("--asking")) {
  printAsking(tiny, say);
} else if (process.argv.includes("--caps")) {
  printCaps(capsFull, say);
} else if (process.argv.includes("--desk")) {
  const checked = await printDeskChecks(deskBenchFull.lineItems, say);
  process.exitCode = (await printDesk(deskBenchFull, say)) && checked ? 0 : 1;
} else if (process.argv.includes("--corpora")) {
  const clean = await printCorpora((line) => void process.stdout.write(`${line}\n`));
  process.exitCode = clean ? 0 : 1;
} else await main();
