import { Cell, type SharedState } from "../bid/shared-state.js";
import type { LeaseEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { reservationSecMax } from "./boot-ends.js";
import type { BudgetPlan } from "./budget-plan.js";

/** A lease is renewed while it has still so long beside the longest life of a bid... */
const aheadSecMin = 30;
/** ...and then has so long. */
const aheadSec = 90;
/** Lives are told apart by so much: ever longer ones do not make a record each. */
const stepSec = 60;
const turnEveryMs = 3_600_000;

/**
 * The second until which bids of this boot may be held, journaled before the first bid that is held
 * so long: after a crash, what was open is free again once it is over, whatever the clock did
 * meanwhile. It is ahead of now by the longest life that bids wanted in this hour and the one
 * before, at first by the longest that exchanges are known for. A bid that wants more is refused
 * until the lease for it is durable.
 */
export class Lease {
  private readonly state: SharedState;
  private readonly boot: number;
  private untilSec = 0;
  /** What was wanted in the hour before; 0 = no World yet. */
  private lastHourSec = 0;
  private turnMs = Number.NaN;

  constructor(state: SharedState, boot: number) {
    this.state = state;
    this.boot = boot;
  }

  adopt({ learning }: BudgetPlan): void {
    const known = learning?.exchanges.map(({ expSec }) => expSec) ?? [reservationSecMax];
    this.lastHourSec = Math.max(this.lastHourSec, stepSec, ...known);
  }

  /** The record that is due, or null. */
  renewal(nowMs: number, monotonicMs: number): LeaseEntry | null {
    if (this.lastHourSec === 0) return null;
    const wantedSec = this.state.cell(Cell.LIFE_WANTED_SEC);
    const longestSec = roundedUp(Math.max(this.lastHourSec, wantedSec));
    if (Number.isNaN(this.turnMs)) this.turnMs = monotonicMs;
    else if (monotonicMs - this.turnMs >= turnEveryMs) {
      this.turnMs = monotonicMs;
      this.lastHourSec = Math.max(stepSec, wantedSec);
      this.state.setCell(Cell.LIFE_WANTED_SEC, 0);
    }
    const nowSec = Math.floor(nowMs / 1000);
    if (this.untilSec >= nowSec + longestSec + aheadSecMin) return null;
    this.untilSec = nowSec + longestSec + aheadSec;
    return { kind: RecordKind.LEASE, boot: this.boot, untilSec: this.untilSec, timeMs: nowMs };
  }

  /** Its record is: bids may be held under it. */
  durable(): void {
    this.state.setCell(Cell.LEASED_SEC, this.untilSec | 0);
  }
}

const roundedUp = (sec: number): number =>
  Math.min(reservationSecMax, Math.ceil(sec / stepSec) * stepSec);
