import { setTimeout as delay } from "node:timers/promises";
import { type Cut, LoadClient } from "./load-client.js";
import { quietMachine } from "./machine.js";
import { keep, record } from "./record.js";
import { hasWrk, saturate } from "./saturation.js";
import { type Size, sizesOf, warmReferences, warmUntilSteady } from "./scenarios/measure.js";
import { chosen } from "./scenarios/registry.js";
import { loadOf, worldOf } from "./scenarios/run.js";
import type { Scenario } from "./scenarios/scenario.js";
import type { Target } from "./scenarios/target.js";
import { Stand } from "./stand.js";
import { type SweepPoint, sweepPicture } from "./sweep-picture.js";

type Say = (line: string) => void;

const shares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
const latencyMax = { p99Us: 1000, p999Us: 5000 };
/** The client sent later than this, where it could have sent: its own limit is measured. */
const lateUsMax = 500;
/** Without wrk: a rate that any machine of today reaches; where nothing is to be measured. */
const rateUsual = 20_000;
const rateTiny = 500;

export type SweepOptions = { readonly only: string; readonly size: Size; readonly keeps: boolean };

/**
 * Latency from the moment that each request was due, by rate, ours and the echo in the same run and
 * by the same client. True: nothing failed, and half of saturation is answered within the limits.
 */
export function printSweep({ only, size, keeps }: SweepOptions, say: Say): Promise<boolean> {
  const [scenario] = chosen([only]) as [Scenario];
  const world = worldOf(scenario.world, size);
  const options = { world, references: ["echo" as const], pinned: true };
  return Stand.with(options, async (stand) => {
    const load = loadOf(scenario, size);
    const [echo] = stand.references as [Target];
    const isSaturated = hasWrk() && size.saturatedSec > 0;
    await quietMachine(size.quietSecMax);
    // Else its rates are those of code that is not compiled yet (seen: 2,944/s of 12,770).
    await warmUntilSteady(stand.ours, load, size);
    await stand.tellSizes(await sizesOf(stand.ours, load));
    await warmReferences([echo], load, size);
    const full = isSaturated
      ? (await saturate(stand.ours, load, size.saturatedSec)).perSec
      : size.smaller === null
        ? rateUsual
        : rateTiny;
    say(
      `\n${only}: ${isSaturated ? "saturation by wrk" : "no wrk: taken as"} ${full.toFixed(0)}/s`,
    );
    say(
      "server  of saturation    rate/s  answered/s  errors   p50 us   p99 us p99.9 us  p99.99 us",
    );
    const points: SweepPoint[] = [];
    for (const target of [stand.ours, echo]) {
      points.push(...(await sweepOne({ target, scenario, size, full, keeps }, say)));
    }
    if (keeps) keep("sweep.svg", sweepPicture(points, only));
    return isWithin(points, say);
  });
}

type One = {
  readonly target: Target;
  readonly scenario: Scenario;
  readonly size: Size;
  readonly full: number;
  readonly keeps: boolean;
};

async function sweepOne(one: One, say: Say): Promise<SweepPoint[]> {
  const { target, scenario, size, full, keeps } = one;
  const { people } = worldOf(scenario.world, size);
  const { workload, connections } = scenario;
  const about = { port: target.port, workload, connections, people, bodies: size.bodies };
  const client = await LoadClient.start({ ...about, rate: full * 0.25 });
  try {
    await delay(1000 * size.openSec);
    const points: SweepPoint[] = [];
    for (const share of shares) {
      const rate = full * share;
      await client.setRate(rate);
      await delay(150 * size.openSec);
      const cut = await client.during(delay(1000 * size.openSec));
      const point = { server: target.name, share, rate, ...cut.figures };
      points.push(point);
      say(lineOf(point));
      const { name } = scenario;
      record("sweep", { scenario: name, connections, ...point }, keeps ? undefined : null);
      if (keeps && share === scenario.rate) keepText(target, name, cut);
    }
    return points;
  } finally {
    await client.end();
  }
}

const keepText = ({ name: server }: Target, scenario: string, { hgrm }: Cut): void =>
  keep(`${scenario}-${server}.hgrm`, hgrm);

function lineOf(point: SweepPoint): string {
  const { server, share, rate, perSec, errors, sinceDue, late } = point;
  const { p50Us, p99Us, p999Us, p9999Us } = sinceDue;
  const cells = [
    ...[server.padEnd(8), `${(100 * share).toFixed(0)} %`.padStart(12)],
    ...[rate.toFixed(0).padStart(9), perSec.toFixed(0).padStart(11), String(errors).padStart(7)],
    ...[p50Us, p99Us, p999Us].map((us) => us.toFixed(0).padStart(8)),
    p9999Us.toFixed(0).padStart(10),
  ];
  const bound =
    late.p99Us > lateUsMax ? `  generator-bound (late ${late.p99Us.toFixed(0)} us)` : "";
  return `${cells.join(" ")}${bound}`;
}

function isWithin(points: readonly SweepPoint[], say: Say): boolean {
  const half = points.find(({ server, share }) => server === "ours" && share === 0.5);
  const floor = points.find(({ server, share }) => server === "echo" && share === 0.5);
  if (half === undefined || floor === undefined) return false;
  const { p99Us, p999Us } = half.sinceDue;
  say(
    `half of saturation: p99 ${p99Us.toFixed(0)} us (<= ${latencyMax.p99Us}), ` +
      `p99.9 ${p999Us.toFixed(0)} us (<= ${latencyMax.p999Us}); the client's own floor at the ` +
      `echo: ${floor.sinceDue.p99Us.toFixed(0)} and ${floor.sinceDue.p999Us.toFixed(0)} us`,
  );
  const whole = points.every(({ errors }) => errors === 0);
  return whole && p99Us <= latencyMax.p99Us && p999Us <= latencyMax.p999Us;
}
