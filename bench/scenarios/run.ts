import { cpuTimes, machineOf, quietMachine, stolenShare } from "../machine.js";
import { record } from "../record.js";
import { hasWrk, type Saturation, saturate } from "../saturation.js";
import { Stand, type StandOptions } from "../stand.js";
import {
  measureInTurn,
  type Row,
  ratioOf,
  type Size,
  sizesOf,
  warmReferences,
  warmUntilSteady,
} from "./measure.js";
import type { Scenario, ScenarioWorld } from "./scenario.js";
import type { Load } from "./target.js";
import { requestsOf } from "./workloads.js";

type Say = (line: string) => void;

/** Stolen from a quiet machine. */
const quietMax = 0.02;

/** Done once a world, see the stand. */
export type Meanwhile = Pick<StandOptions, "meanwhile">;

/** A scenario's rows: ours first, then what it is compared with. */
export type Measured = {
  readonly scenario: Scenario;
  readonly rows: readonly Row[];
  /** Of ours and the echo; null = not asked for, or no wrk. */
  readonly saturation: readonly [ours: Saturation, echo: Saturation] | null;
};

/**
 * The scenarios in their order, each against its references in the same run. True: each answered
 * the share of 200 that it is meant to. Ratios that miss their figure are said, not judged.
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  size: Size,
  say: Say,
  meanwhile: Meanwhile = {},
): Promise<boolean> {
  const measured: Measured[] = [];
  for (const own of inWorlds(scenarios).values()) {
    measured.push(...(await inOneWorld(own, size, say, meanwhile)));
  }
  say("");
  for (const one of measured) for (const line of ratioLines(one)) say(line);
  if (!hasWrk()) say("no wrk here (apt-get install wrk): requests/s of a core were not measured");
  for (const { scenario, rows, saturation } of measured) {
    const { measures: _, share200: wanted, ...settings } = scenario;
    const line = { ...settings, wanted, rounds: size.rounds, measured: size.measured, saturation };
    for (const row of rows) {
      record("scenarios", { ...line, ...row }, size.smaller === null ? undefined : null);
    }
  }
  return measured.every(isIntended);
}

function inWorlds(scenarios: readonly Scenario[]): Map<string, Scenario[]> {
  const worlds = new Map<string, Scenario[]>();
  for (const scenario of scenarios) {
    const key = JSON.stringify(scenario.world);
    worlds.set(key, [...(worlds.get(key) ?? []), scenario]);
  }
  return worlds;
}

export const worldOf = (world: ScenarioWorld, size: Size): ScenarioWorld => ({
  ...world,
  ...size.smaller,
});

export function loadOf(scenario: Scenario, size: Size): Load {
  const { people } = worldOf(scenario.world, size);
  const requests = requestsOf(scenario.workload, size.bodies, people, Date.now());
  return { requests, connections: scenario.connections };
}

function inOneWorld(
  scenarios: readonly Scenario[],
  size: Size,
  say: Say,
  meanwhile: Meanwhile,
): Promise<Measured[]> {
  const [first] = scenarios as [Scenario];
  const world = worldOf(first.world, size);
  const references = [...new Set(scenarios.flatMap((one) => one.references))];
  return Stand.with({ world, references, pinned: true, ...meanwhile }, async (stand) => {
    say(titleOf(world, stand.lineItemsLive));
    // A server that has just started counts its audiences for a while, on the core of all servers.
    const { quiet, cores } = await quietMachine(size.quietSecMax);
    if (!quiet) say(`  the machine is not quiet: ${cores.toFixed(2)} cores of it are busy`);
    const measured: Measured[] = [];
    const warm = new Set<string>();
    for (const scenario of scenarios) {
      measured.push(await measureOne(scenario, stand, size, warm, say));
    }
    return measured;
  });
}

async function measureOne(
  scenario: Scenario,
  stand: Stand,
  size: Size,
  /** Names of targets that a scenario before has warmed. */
  warm: Set<string>,
  say: Say,
): Promise<Measured> {
  const load = loadOf(scenario, size);
  // While its code is compiled it sheds, and the references would answer as it did then.
  const isWarm = await warmUntilSteady(stand.ours, load, size, warm.has("ours"));
  await stand.tellSizes(await sizesOf(stand.ours, load));
  const wanted: readonly string[] = ["ours", ...scenario.references];
  const targets = stand.targets.filter(({ name }) => wanted.includes(name));
  const cold = targets.filter(({ name }) => name !== "ours" && !warm.has(name));
  await warmReferences(cold, load, size);
  for (const name of wanted) warm.add(name);
  const before = await stand.task({ task: "facts" });
  const times = cpuTimes();
  const rows = await measureInTurn(targets, load, size);
  const stolen = stolenShare(times);
  const { shed } = await stand.task({ task: "facts" });
  for (const row of rows) say(lineOf(scenario, row));
  const [ours, echo] = targets;
  const saturates = scenario.saturated && size.saturatedSec > 0 && hasWrk();
  let saturation: Measured["saturation"] = null;
  if (saturates && ours !== undefined && echo !== undefined) {
    const own = await saturate(ours, load, size.saturatedSec);
    saturation = [own, await saturate(echo, load, size.saturatedSec)];
  }
  const one = { scenario, rows, saturation };
  if (stolen > quietMax) {
    say(
      `  ${scenario.name}: ${(100 * stolen).toFixed(0)} % of the machine's time was stolen: ` +
        "another run may differ by more than its band",
    );
  }
  if (!isWarm) say(`  ${scenario.name}: still getting cheaper when it was measured`);
  if (shed > before.shed) {
    say(
      `  ${scenario.name}: ${shed - before.shed} requests were shed: the core was not ours alone`,
    );
  }
  if (!isIntended(one)) say(`  ${scenario.name}: not the share of 200 wanted`);
  return one;
}

function isIntended({ scenario, rows }: Measured): boolean {
  const [low, high] = scenario.share200;
  const share = rows[0]?.share200 ?? Number.NaN;
  return share >= low && share <= high;
}

function titleOf(world: ScenarioWorld, live: number): string {
  const { node, machine, commit } = machineOf();
  return (
    `\n${live} line items live of ${world.lineItems} (${world.book}), ${world.people} people; ` +
    `Node ${node}, ${machine}, commit ${commit}\n` +
    "servers on one core, the client on the other where there are two\n\n" +
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
    ...(row.generatorBound ? ["generator-bound"] : []),
  ].join(" ");
}

/** The other's CPU over ours: 1 = as cheap as doing nothing. */
function ratioLines({ scenario, rows, saturation }: Measured): string[] {
  const [ours, ...others] = rows as [Row, ...Row[]];
  const { name, ofEchoMin } = scenario;
  const lines = others.map((other) => {
    const { middle, low, high, pairs } = ratioOf(ours, other);
    const wanted = other.target === "echo" && ofEchoMin !== null;
    const figure = wanted ? `figure: >= ${ofEchoMin}; ` : "";
    const band = pairs < 4 ? "no band" : `95 of 100: ${low.toFixed(3)} to ${high.toFixed(3)}`;
    return (
      `${name}: ${middle.toFixed(3)} of ${other.target}'s CPU ` +
      `(${figure}${band}; median of ${pairs} pairs)`
    );
  });
  if (saturation !== null) lines.push(saturationLine(name, saturation));
  return lines;
}

function saturationLine(name: string, [ours, echo]: readonly [Saturation, Saturation]): string {
  const one = ({ perSec, serverCpu, clientCpu, generatorBound }: Saturation): string =>
    `${perSec.toFixed(0)}/s (server ${(100 * serverCpu).toFixed(0)} %, ` +
    `client ${(100 * clientCpu).toFixed(0)} %${generatorBound ? ", generator-bound" : ""})`;
  const ratio = (ours.perSec / echo.perSec).toFixed(3);
  return `${name}, wrk: ours ${one(ours)}, echo ${one(echo)}: ${ratio}`;
}
