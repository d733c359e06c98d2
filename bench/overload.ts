import { setTimeout as delay } from "node:timers/promises";
import { runClosedLoop } from "./closed-loop.js";
import { type CutFigures, LoadClient } from "./load-client.js";
import { quietMachine, quietSecMax } from "./machine.js";
import { record } from "./record.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import { requestsOf } from "./scenarios/workloads.js";
import { Stand } from "./stand.js";

type Say = (line: string) => void;

export type OverloadSize = {
  readonly world: ScenarioWorld;
  /** How much longer each bid takes: the client can then offer several times what is answered. */
  readonly spinUs: number;
  readonly seconds: number;
  /** Requests that show how many a second the slowed worker answers. */
  readonly probed: number;
  readonly bodies: number;
  readonly keeps: boolean;
};

const factors = [1.5, 5];
/** More than one worker can have under way: in a closed ring nobody would be shed. */
const connections = 512;
/** Too few to be shed. */
const calmConnections = 8;
const shedP99UsMax = 5000;
const backMsMax = 2000;
const backStepMs = 200;

/**
 * More requests than the worker can answer, which a stated spin in each bid makes possible. What is
 * shed is answered 204 before its body is read (`runtime/shedding.ts`): the signals are how long
 * the oldest request waits for its decision and how late the worker's timer runs, as
 * uWebSockets.js tells no time of arrival. True: no error, what was shed came in time, and the
 * server was back in time.
 */
export function printOverload(scenario: Scenario, size: OverloadSize, say: Say): Promise<boolean> {
  const options = { world: size.world, references: [], pinned: true, probed: true };
  return Stand.with(options, async (stand) => {
    await quietMachine(size.keeps ? quietSecMax : 0);
    await stand.task({ task: "spin", spinUs: size.spinUs });
    const capacity = await capacityOf(stand, scenario, size);
    say(
      `\n${scenario.name}, ${size.spinUs} us more a bid: ${capacity.toFixed(0)}/s on ` +
        `${calmConnections} connections; shed by the oldest's wait and the loop's lag, ` +
        `on ${connections}`,
    );
    say(
      "offered    answered/s  shed  errors    p50 us    p99 us  shed p99 us  waiting  resident MB",
    );
    await reload(stand);
    const calmMs = await reload(stand);
    let good = true;
    for (const factor of factors) {
      const once = { stand, scenario, size, capacity, factor, calmMs };
      good = (await overloadOnce(once, say)) && good;
    }
    return good;
  });
}

async function capacityOf(stand: Stand, scenario: Scenario, size: OverloadSize): Promise<number> {
  const requests = requestsOf(scenario.workload, size.bodies, size.world.people, Date.now());
  const load = { port: stand.ours.port, connections: calmConnections, requests };
  await runClosedLoop({ ...load, amount: size.probed });
  const startedMs = performance.now();
  await runClosedLoop({ ...load, amount: size.probed });
  return size.probed / ((performance.now() - startedMs) / 1000);
}

type Once = {
  readonly stand: Stand;
  readonly scenario: Scenario;
  readonly size: OverloadSize;
  readonly capacity: number;
  readonly factor: number;
  readonly calmMs: number;
};

async function overloadOnce(once: Once, say: Say): Promise<boolean> {
  const { stand, scenario, size, capacity, factor, calmMs } = once;
  const { workload, name } = scenario;
  const { world, bodies, seconds, spinUs, keeps } = size;
  const { people } = world;
  const rate = capacity * factor;
  const { port } = stand.ours;
  const order = { port, workload, connections, people, bodies, rate: capacity / 2 };
  const client = await LoadClient.start(order);
  try {
    await client.during(delay(1000 * seconds));
    const before = await stand.task({ task: "facts" });
    await client.setRate(rate);
    const { figures } = await client.during(delay(1000 * seconds));
    const after = await stand.task({ task: "facts" });
    // With all cores full of bids it takes seconds: not where nothing is to be measured.
    const reloadMs = keeps ? await reload(stand) : calmMs;
    const shed = after.shed - before.shed;
    const resident = after.residentBytes;
    await client.setRate(capacity / 2);
    const backMs = await backAfter(client);
    say(lineOf(factor, figures, shed, resident));
    say(
      `           back after ${backMs} ms (<= ${backMsMax}); all prices changed in ` +
        `${reloadMs.toFixed(0)} ms meanwhile, without load in ${calmMs.toFixed(0)}`,
    );
    const facts = { factor, rate, capacity, shed, backMs, reloadMs, residentBytes: resident };
    const row = { scenario: name, spinUs, world, connections, ...facts, ...figures };
    record("overload", row, keeps ? undefined : null);
    const inTime = figures.sinceDue204.p99Us <= shedP99UsMax;
    return figures.errors === 0 && after.failed === 0 && inTime && backMs <= backMsMax;
  } finally {
    await client.end();
  }
}

/** How long an edit of all prices takes until it is bid with, ms. */
async function reload(stand: Stand): Promise<number> {
  const startedMs = performance.now();
  await stand.task({ task: "reload" });
  return performance.now() - startedMs;
}

/** Until a window in which all were bid on and p99 was within the limit, or twice the time. */
async function backAfter(client: LoadClient): Promise<number> {
  for (let ms = backStepMs; ms < 2 * backMsMax; ms += backStepMs) {
    const { figures } = await client.during(delay(backStepMs));
    if (figures.share200 > 0.95 && figures.sinceDue.p99Us <= shedP99UsMax) return ms;
  }
  return 2 * backMsMax;
}

function lineOf(factor: number, figures: CutFigures, shed: number, resident: number): string {
  const { perSec, errors, sinceDue, sinceDue204, waiting } = figures;
  return [
    ...[`${factor} x`.padEnd(9), perSec.toFixed(0).padStart(11), String(shed).padStart(6)],
    ...[String(errors).padStart(7), sinceDue.p50Us.toFixed(0).padStart(9)],
    ...[sinceDue.p99Us.toFixed(0).padStart(9), sinceDue204.p99Us.toFixed(0).padStart(12)],
    ...[String(waiting).padStart(8), (resident / 1e6).toFixed(0).padStart(12)],
  ].join(" ");
}
