import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message, start, stop } from "../child.js";
import { machineOf } from "../machine.js";
import type { ServerMessage, ServerOrder } from "../server-process.js";
import { type Load, measureInTurn, type Row, type Size, sizesOf, type Target } from "./measure.js";
import type { Scenario, ScenarioWorld } from "./scenario.js";
import { requestsOf } from "./workloads.js";

type Say = (line: string) => void;

/** A scenario's rows: ours first, then what it is compared with. */
export type Measured = { readonly scenario: Scenario; readonly rows: readonly Row[] };

/**
 * The scenarios in their order, each against the reference in the same run. True: each answered
 * the share of 200 that it is meant to. Ratios that miss their figure are said, not judged.
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  size: Size,
  say: Say,
): Promise<boolean> {
  const worlds = new Map<string, Scenario[]>();
  for (const scenario of scenarios) {
    const key = JSON.stringify(scenario.world);
    worlds.set(key, [...(worlds.get(key) ?? []), scenario]);
  }
  const measured: Measured[] = [];
  for (const own of worlds.values()) measured.push(...(await inOneWorld(own, size, say)));
  say("");
  for (const one of measured) say(ratioLine(one));
  for (const { scenario, rows } of measured) {
    const { measures: _, ...settings } = scenario;
    for (const row of rows) say(JSON.stringify({ ...settings, ...row, ...machineOf() }));
  }
  return measured.every(isIntended);
}

async function inOneWorld(
  scenarios: readonly Scenario[],
  size: Size,
  say: Say,
): Promise<Measured[]> {
  const [{ world }] = scenarios as [Scenario];
  const people = size.people ?? world.people;
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-bench-"));
  const server = start("server-process");
  const echo = start("echo-process");
  try {
    server.send({ ...world, dataFolder, people } satisfies ServerOrder);
    const { port: echoPort } = await message<{ port: number }>(echo);
    const { port, lineItemsLive } = await message<ServerMessage>(server);
    say(titleOf(world, people, lineItemsLive));
    const ours: Target = { name: "ours", pid: server.pid ?? 0, port };
    const bare: Target = { name: "echo", pid: echo.pid ?? 0, port: echoPort };
    const measured: Measured[] = [];
    for (const scenario of scenarios) {
      const requests = requestsOf(scenario.workload, size.bodies, people, Date.now());
      const load: Load = { requests, connections: scenario.connections };
      const told = message(echo);
      echo.send(await sizesOf(ours, load));
      await told;
      const rows = await measureInTurn([ours, bare], load, size);
      measured.push({ scenario, rows });
      for (const row of rows) say(lineOf(scenario, row));
      if (!isIntended({ scenario, rows })) say(`  ${scenario.name}: not the share of 200 wanted`);
    }
    return measured;
  } finally {
    await Promise.all([stop(server), stop(echo)]);
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

function isIntended({ scenario, rows }: Measured): boolean {
  const [low, high] = scenario.share200;
  const share = rows[0]?.share200 ?? Number.NaN;
  return share >= low && share <= high;
}

function titleOf(world: ScenarioWorld, people: number, live: number): string {
  const { node, machine, commit } = machineOf();
  return (
    `\n${live} line items live of ${world.lineItems} (${world.book}), ${people} people; ` +
    `Node ${node}, ${machine}, commit ${commit}\n\n` +
    "what            server      CPU us/request  requests/s  answered 200  answer B"
  );
}

function lineOf({ name }: Scenario, row: Row): string {
  return [
    ...[name.padEnd(15), row.target.padEnd(10)],
    row.cpuUsPerRequest.toFixed(2).padStart(15),
    row.requestsPerSec.toFixed(0).padStart(11),
    `${(100 * row.share200).toFixed(1)} %`.padStart(13),
    row.answerBytes.toFixed(0).padStart(9),
  ].join(" ");
}

/** The other's CPU over ours: 1 = as cheap as doing nothing. */
function ratioLine({ scenario, rows }: Measured): string {
  const [ours, echo] = rows as [Row, Row];
  const ratio = echo.cpuUsPerRequest / ours.cpuUsPerRequest;
  const rounds = ours.roundsUs.map((us, i) => (echo.roundsUs[i] ?? Number.NaN) / us);
  const spread = `${Math.min(...rounds).toFixed(3)} to ${Math.max(...rounds).toFixed(3)}`;
  const { name, ofEchoMin } = scenario;
  const figure = ofEchoMin === null ? "stated" : `figure: >= ${ofEchoMin}`;
  return `${name}: ${ratio.toFixed(3)} of the echo (${figure}; by round ${spread})`;
}
