import { takeAllowance } from "../src/bid/allowance.js";
import { isPaced, noteHeld } from "../src/bid/pace.js";
import { reserve, SLOT_NONE, startSums, sweepSlots } from "../src/bid/reserve.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../src/bid/shared-state.js";
import { type PacingRun, runPacing } from "../src/testing/pacing-run.js";
import { machineOf } from "./machine.js";

const base: PacingRun = {
  ...{ seed: 1, requestsPerSec: 20, winRate: 0.3, holdSec: 60, delaySec: 5 },
  ...{ budgetPart: 0.5, mode: "even", learnt: true, hours: 24 },
};
type Row = { readonly name: string; readonly over: Partial<PacingRun>; readonly wanted: boolean };
/** The figure holds where T / win rate <= 2,300 s; beyond it the curve is printed. */
const rows: readonly Row[] = [
  { name: "even, T 60 s, win rate 30 %", over: {}, wanted: true },
  { name: "even, the day before not counted", over: { learnt: false }, wanted: false },
  { name: "even, bills after 60 s", over: { holdSec: 300, delaySec: 60 }, wanted: true },
  { name: "even, in impressions", over: { impressions: true }, wanted: true },
  { name: "even, budget 90 % of what is there", over: { budgetPart: 0.9 }, wanted: true },
  { name: "even, budget 1 % of what is there", over: { budgetPart: 0.01 }, wanted: false },
  ...[600, 1150, 2300, 4600, 9200, 13_800].map((ratio) => ({
    name: `even, T / win rate ${ratio} s`,
    over: { winRate: 0.25, holdSec: Math.round(0.25 * ratio) },
    wanted: ratio <= 2300,
  })),
  { name: "even, T 115 s, win rate 5 %", over: { winRate: 0.05, holdSec: 115 }, wanted: true },
  { name: "ahead", over: { mode: "ahead" }, wanted: false },
  { name: "asap", over: { mode: "asap" }, wanted: false },
];

/**
 * One day in virtual time a row: what was spent, what was overspent, and the pacing error. True =
 * the figures hold. `tiny` runs a slow stream: seconds instead of a minute.
 */
export function printPacing(tiny: boolean, write: (line: string) => void): boolean {
  const { commit, machine } = machineOf();
  write(`one day, one campaign, virtual time; Node ${process.version}, ${machine}, ${commit}`);
  write("what                                   spent %  above   AvgErr 15 min %  95 % h   bids");
  let holds = true;
  for (const { name, over, wanted } of rows) {
    const run = { ...base, ...over, ...(tiny ? { requestsPerSec: 2 } : {}) };
    const { spentPart, above, error, lifeHours, bids, late } = runPacing(run);
    const cells = [
      name.padEnd(38),
      (100 * spentPart).toFixed(2).padStart(7),
      String(above).padStart(6),
      (100 * error).toFixed(1).padStart(16),
      lifeHours.toFixed(2).padStart(7),
      String(bids).padStart(8),
    ];
    write(cells.join(" "));
    write(JSON.stringify({ bench: "pacing", name, ...run, spentPart, above, error, late, commit }));
    holds &&= above === 0;
    if (wanted && !tiny) holds &&= spentPart >= 0.99 && error <= 0.1;
  }
  for (const slots of [false, true]) {
    const us = reservationUs(slots, tiny ? 20_000 : 2_000_000);
    const where = slots ? "in a slot (a person or a cap)" : "in a sum (no person, no cap)";
    write(`a reservation ${where} adds ${us.toFixed(3)} us to a bid`);
    write(JSON.stringify({ bench: "reservation", slots, us, commit }));
    if (!tiny) holds &&= us <= 0.2;
  }
  return holds;
}

/** Pace, allowance, reservation, counts: what a bid takes, in a loop on one core. */
function reservationUs(slots: boolean, rounds: number): number {
  const sizes = { workers: 1, places: 1024, slots: 2 ** 20, capEntries: 1, ringRecords: 1 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  const startSec = 1_800_000_000;
  startSums(state, startSec);
  for (let place = 0; place < 1024; place++) state.allowances[place] = 2n ** 60n;
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 4; turn++) {
    const nowSec = startSec + turn * 100;
    sweepSlots(state, nowSec, 2 ** 20);
    const started = process.hrtime.bigint();
    reserveMany(state, slots ? 1 : 0, nowSec, rounds / 4);
    const us = Number(process.hrtime.bigint() - started) / 1000 / (rounds / 4);
    best = Math.min(best, us);
    if (turn < 3) startSums(state, nowSec);
  }
  return best;
}

function reserveMany(state: SharedState, ordinal: number, nowSec: number, rounds: number): void {
  const out = { slot: SLOT_NONE, slotUse: 0 };
  const caps = new Uint32Array(8);
  const held = {
    ...{ place: 0, ordinal, capSlots: caps, capCount: 0, nanos: 0, impressionPlace: -1 },
    expirySec: nowSec + 60,
  };
  for (let i = 0; i < rounds; i++) {
    held.place = i & 1023;
    held.nanos = 2_000_000 + (i & 0xffff);
    if (!state.mayBidAt(nowSec)) throw new Error("the bench may bid");
    if (isPaced(state, held.place, held.nanos, i, 7)) continue;
    if (!takeAllowance(state, held.place, held.nanos)) throw new Error("no allowance");
    if (!reserve(state, held, nowSec, out)) throw new Error("no slot");
    noteHeld(state, held.place, held.nanos);
  }
}
