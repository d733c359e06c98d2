import { SeededRandom } from "../src/base/random.js";
import { AskCounts, Asked, askCountBytes, noteAnswered, noteAsked } from "../src/bid/ask-counts.js";
import { isAsked, isControl } from "../src/bid/asking.js";
import type { Decision } from "../src/bid/decision.js";
import { testAskingKey } from "../src/testing/in-process.js";
import { machineOf } from "./machine.js";

const day = 20_783;
const cells = 2 ** 23;
const agencies = 17;
const audiences = 300;

/** Nanoseconds of CPU a turn, the best of the rounds: other work on the machine is not counted. */
function bestNs(rounds: number, turns: number, turn: (i: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const started = process.cpuUsage();
    for (let i = 0; i < turns; i++) turn(i);
    best = Math.min(best, (1000 * process.cpuUsage(started).user) / turns);
  }
  return best;
}

/** What the places of the day read of a decision: 300 audiences on the circles of 17 agencies. */
function decisionOf(): Decision {
  const each = Math.ceil(audiences / agencies);
  return {
    table: {
      audienceAgency: Uint32Array.from({ length: audiences }, (_, i) => i % agencies),
      audiencePlace: Uint32Array.from({ length: audiences }, (_, i) => Math.floor(i / agencies)),
      agencyPlaces: new Uint32Array(agencies).fill(each),
      agencyId: Uint32Array.from({ length: agencies }, (_, i) => i + 1),
    },
    ...{ declaredRow: null, world: { rosterDay: day }, asked: new Asked() },
  } as unknown as Decision;
}

/** People whose count is too high, and by how much, after a day of that many answers. */
function overCounted(answers: number): { mean: number; sharePermille: number } {
  const counts = new AskCounts(new SharedArrayBuffer(askCountBytes(cells)));
  const random = new SeededRandom(1);
  const people = Math.ceil(answers / 5);
  const asked = new Asked();
  for (let i = 0; i < answers; i++) {
    noteAsked(counts, testAskingKey, 1 + random.below(people), 1, day, 0, asked);
    noteAnswered(counts, asked, day);
  }
  let sum = 0;
  let some = 0;
  const strangers = 100_000;
  for (let i = 0; i < strangers; i++) {
    noteAsked(counts, testAskingKey, people + 1 + i, 1, day, 0, asked);
    sum += asked.answered;
    if (asked.answered > 0) some++;
  }
  return { mean: sum / strangers, sharePermille: (1000 * some) / strangers };
}

/** `npm run bench -- --asking`: what it costs to ask about somebody, and what the counts miss. */
export function printAsking(tiny: boolean, write: (line: string) => void): void {
  const turns = tiny ? 2000 : 1_000_000;
  const rounds = tiny ? 1 : 5;
  const counts = new AskCounts(new SharedArrayBuffer(askCountBytes(tiny ? 1024 : cells)));
  const asked = new Asked();
  const decision = decisionOf();
  const note = (known: number) =>
    bestNs(rounds, turns, (i) => {
      noteAsked(counts, testAskingKey, 1 + ((i * 7919) % 500_000), 1, day, known, asked);
    });
  let sum = 0;
  const row = {
    knownNs: note(1),
    unknownNs: note(0),
    answeredNs: bestNs(rounds, turns, () => noteAnswered(counts, asked, day)),
    audienceNs: bestNs(rounds, turns, (i) => {
      sum += isAsked(decision, i % audiences);
    }),
    holdOutNs: bestNs(rounds, turns, (i) => {
      sum += isControl(testAskingKey, i, 3) ? 1 : 0;
    }),
  };
  const { knownNs, unknownNs, answeredNs, audienceNs, holdOutNs } = row;
  write("asking about somebody, ns:");
  write(`  a request: known ${knownNs.toFixed(0)}, unknown ${unknownNs.toFixed(0)}`);
  write(`  an audience: ${audienceNs.toFixed(1)} (place of the day)`);
  write(`  an answer by groups: ${answeredNs.toFixed(0)}; a hold-out: ${holdOutNs.toFixed(0)}`);
  const answers = tiny ? 10_000 : 20_000_000;
  const over = overCounted(answers);
  write(
    `  after ${answers} answers in a day a person's count is too high by ${over.mean.toFixed(3)}` +
      ` on average (of ${over.sharePermille.toFixed(1)} in 1,000 people); the cap is 200`,
  );
  write(JSON.stringify({ name: "asking", ...row, answers, ...over, hits: sum, ...machineOf() }));
}
