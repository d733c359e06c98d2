import { machineOf } from "./machine.js";
import { consentStep, decodeStep, encodeStep, tokenStep } from "./steps/border.js";
import { audienceStep, identifyStep, matchStep, priceStep, reserveStep } from "./steps/decision.js";
import { edgeStepOf } from "./steps/edge.js";
import { askedFor, askWhole, type Step, startWalk, type Walk } from "./steps/walk.js";

export type BudgetSize = {
  readonly lineItems: number;
  readonly people: number;
  readonly bodies: number;
  readonly rounds: number;
};
export const budgetFull: BudgetSize = {
  ...{ lineItems: 1000, people: 100_000, bodies: 1000, rounds: 60 },
};
export const budgetQuick: BudgetSize = { ...budgetFull, rounds: 5 };

/** Microseconds of CPU a request. */
export type Budget = {
  readonly steps: Readonly<Record<string, number>>;
  /** decode to encode. */
  readonly sum: number;
  /** The same by `Bidder.bid`, which also counts. */
  readonly whole: number;
};

/**
 * What each step of a bid costs: the difference between walking up to it and walking up to the one
 * before, best of the rounds of each. So a step is timed with the memory that the others leave
 * behind, and the clock is read once a hundred requests. `encode` makes its own tokens: the token
 * step is an extra one, taken off.
 */
function budgetOf(walk: Walk, rounds: number): Budget {
  // Each once: the decision has the bidder's own hold then, and it is known how far it looks.
  for (walk.body = 0; walk.body < walk.bodies.length; walk.body++) askWhole(walk);
  walk.renew();
  const steps = [edgeStepOf(walk), decodeStep, consentStep, identifyStep, matchStep];
  steps.push(audienceStep, priceStep, reserveStep, tokenStep, encodeStep);
  const walks = [...steps.map((_, last) => stepsUpTo(steps, last)), askWhole];
  const bestUs = bestOfRounds(walk, walks, rounds);
  const costs = steps.map((_, i) => bestUs[i]! - (bestUs[i - 1] ?? 0));
  const [encode = 0, token = 0] = costs.toReversed();
  costs[costs.length - 1] = encode - token;
  const edge = costs[0]!;
  return {
    steps: Object.fromEntries(steps.map(({ name }, i) => [name, costs[i]!])),
    sum: costs.reduce((total, cost) => total + cost, -edge),
    whole: bestUs.at(-1)!,
  };
}

const stepsUpTo =
  (steps: readonly Step[], last: number) =>
  (walk: Walk): void => {
    for (let i = 0; i <= last; i++) steps[i]!.run(walk);
  };

/** Bodies between two looks at the clock: short enough that some rounds are left undisturbed. */
const stretchBodies = 100;

/**
 * Each way to walk over all bodies, in turns: the best of the rounds of each stretch of them.
 * The process has one busy thread.
 */
function bestOfRounds(
  walk: Walk,
  walks: readonly ((walk: Walk) => unknown)[],
  rounds: number,
): number[] {
  const stretches = Math.ceil(walk.bodies.length / stretchBodies);
  const best = walks.map(() => new Float64Array(stretches).fill(Number.POSITIVE_INFINITY));
  for (let round = 0; round < rounds; round++) {
    walks.forEach((ask, way) => {
      for (let stretch = 0; stretch < stretches; stretch++) {
        const us = stretchUs(walk, ask, stretch * stretchBodies);
        best[way]![stretch] = Math.min(best[way]![stretch]!, us);
      }
      walk.renew();
    });
  }
  return best.map((us) => us.reduce((sum, one) => sum + one, 0) / walk.bodies.length);
}

function stretchUs(walk: Walk, ask: (walk: Walk) => unknown, from: number): number {
  const end = Math.min(from + stretchBodies, walk.bodies.length);
  const before = process.cpuUsage();
  for (let body = from; body < end; body++) {
    walk.body = body;
    ask(walk);
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** `npm run bench -- --budget`: a row a step, a column for a full bid and one for none. */
export async function printBudget(
  write: (line: string) => void,
  size: BudgetSize = budgetFull,
): Promise<void> {
  for (const line of await budgetLines(size)) write(line);
}

export async function budgetLines(size: BudgetSize): Promise<readonly string[]> {
  const walk = await startWalk({ ...size, kind: "bid" });
  const bid = budgetOf(walk, size.rounds);
  // A hundred thousand people take seconds to make: one World for both.
  const noBid = budgetOf(askedFor(walk, { ...size, kind: "no-bid" }), size.rounds);
  const row = (name: string, ...us: readonly number[]): string =>
    `${name.padEnd(22)} ${us.map((one) => one.toFixed(2).padStart(9)).join(" ")}`;
  return [
    `${"CPU us a request".padEnd(22)} ${"full bid".padStart(9)} ${"no bid".padStart(9)}`,
    ...Object.entries(bid.steps).map(([name, us]) => row(name, us, noBid.steps[name] ?? 0)),
    row("decode to encode", bid.sum, noBid.sum),
    row("whole bid in process", bid.whole, noBid.whole),
    "edge: its JavaScript alone; the socket's own cost is the echo's",
    JSON.stringify({ name: "budget", bid, noBid, ...size, ...machineOf() }),
  ];
}
