import { SeededRandom } from "../base/random.js";
import { chargeAllowance, giveBack, takeAllowance } from "../bid/allowance.js";
import { isPaced, noteHeld } from "../bid/pace.js";
import { commitSum, reserve, SLOT_NONE, startSums, sweepSums } from "../bid/reserve.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { AllowanceEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { BudgetBook } from "../ledger/budget.js";
import { BudgetHistory } from "../ledger/budget-history.js";
import type { PacingMode } from "../ledger/budget-plan.js";
import { lifeTo95, overspend, pacingError } from "../ledger/pacing-figures.js";

/**
 * One day of one campaign in virtual time against a market of a given win rate: the real
 * allowances, reservations, budgets and pacing; requests by a day's shape, bills after a delay, no
 * losses told (what is not billed comes back at its expiry).
 */
export type PacingRun = {
  readonly seed: number;
  /** Mean over the day. */
  readonly requestsPerSec: number;
  readonly winRate: number;
  /** T: seconds from a bid to its expiry. */
  readonly holdSec: number;
  /** Mean of an exponential delay, cut at `holdSec`. */
  readonly delaySec: number;
  /** The budget as part of what all requests together would cost at this win rate. */
  readonly budgetPart: number;
  readonly mode: PacingMode;
  /** The day before was counted: the plan knows the shape. */
  readonly learnt: boolean;
  /** Virtual hours, from midnight; 24 = the whole flight. */
  readonly hours: number;
  readonly impressions?: boolean;
  /** A second line item takes half of the requests and leaves the plan at this hour; money only. */
  readonly otherLeavesHour?: number;
};

export type PacingResult = {
  readonly requests: number;
  readonly bids: number;
  readonly budget: number;
  readonly spentPart: number;
  readonly above: number;
  readonly error: number;
  /** What the bidder itself says of its error at the end of the last hour. */
  readonly shownError: number | null;
  readonly lifeHours: number;
  readonly late: number;
};

/** Relative traffic by local half-hour: least at 03:30, most at 09:00. */
const shape: readonly number[] = [
  ...[52, 42, 33, 26, 21, 17, 14, 12, 14, 19, 28, 42, 62, 86, 110, 131, 146, 152, 157, 151],
  ...[143, 136, 131, 128, 130, 127, 121, 116, 113, 111, 113, 117, 121, 124, 126, 129, 133, 139],
  ...[144, 147, 146, 141, 132, 119, 103, 88, 75, 63],
];
const mean = shape.reduce((sum, one) => sum + one, 0) / shape.length;
const trafficAt = (daySec: number): number => {
  const at = daySec / 1800 - 0.5;
  const slot = Math.floor(at);
  const [a, b] = [shape[(slot + 48) % 48]!, shape[(slot + 49) % 48]!];
  return (a + (b - a) * (at - slot)) / mean;
};

const startSec = 20_833 * 86_400;
const boot = 1;
const [place, impressionPlace, lineItem] = [1, 2, 50];
const own = { lineItem, place };
const other = { lineItem: 51, place: 3 };
const priceMean = 2_000_000;
type Bill = {
  readonly of: { readonly lineItem: number; readonly place: number };
  readonly nanos: number;
  readonly madeSec: number;
  readonly expirySec: number;
};

class Day {
  readonly run: PacingRun;
  readonly random: SeededRandom;
  readonly state: SharedState;
  readonly book: BudgetBook;
  readonly bills: Bill[][] = Array.from({ length: 4096 }, () => []);
  readonly spent: number[] = new Array<number>(96).fill(0);
  readonly sums: number[] = [];
  readonly budget: number;
  requests = 0;
  bids = 0;
  total = 0;
  late = 0;

  constructor(run: PacingRun) {
    this.run = run;
    this.random = new SeededRandom(run.seed);
    const sizes = { workers: 1, places: 4, slots: 1, capEntries: 1, ringRecords: 1 };
    this.state = sharedStateFrom(createSharedBuffers(sizes), 0);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    startSums(this.state, startSec);
    const history = new BudgetHistory();
    if (run.learnt) tellYesterday(history);
    history.noteBoot(boot, startSec * 1000);
    this.book = new BudgetBook(this.state, history, boot);
    const bidsAll = run.requestsPerSec * 86_400 * run.winRate * run.budgetPart;
    const unit = run.impressions === true ? 1 : priceMean;
    this.budget = Math.floor(bidsAll * unit);
    this.adopt(run.otherLeavesHour !== undefined);
  }

  private adopt(both: boolean): void {
    const whole = BigInt(this.budget);
    const counted = this.run.impressions === true;
    const limits = counted
      ? { totalNanos: null, dailyNanos: null, totalImpressions: whole }
      : { totalNanos: whole, dailyNanos: null };
    const budget = { lineItem, place, bidNanosMax: 1.5 * priceMean };
    this.book.adopt({
      ...{ generation: 1, billsBy: [] },
      campaigns: [
        {
          ...{ campaign: 1, zone: [], pacing: this.run.mode, ...limits },
          ...{ startMs: startSec * 1000, endMs: (startSec + 86_400) * 1000 },
          lineItems: [
            counted ? { ...budget, impressionPlace } : budget,
            ...(both ? [{ ...budget, ...other }] : []),
          ],
        },
      ],
    });
  }

  second(nowSec: number): void {
    const { otherLeavesHour: leavesHour } = this.run;
    const leaves = leavesHour !== undefined && nowSec === startSec + leavesHour * 3600;
    if (leaves) this.adopt(false);
    const entries: AllowanceEntry[] = [];
    sweepSums(this.state, nowSec, this.book.placesUsed);
    this.book.plan(nowSec * 1000, entries);
    this.book.applyGrants();
    const due = this.bills[nowSec % this.bills.length]!;
    for (const bill of due.splice(0)) this.settle(bill, nowSec);
    if (nowSec < startSec + 86_400) this.ask(nowSec);
    this.sums.push(this.total);
  }

  private ask(nowSec: number): void {
    const count = this.run.requestsPerSec * trafficAt(nowSec - startSec);
    const whole = Math.floor(count) + (this.random.fraction() < count % 1 ? 1 : 0);
    for (let i = 0; i < whole; i++) this.bid(nowSec);
  }

  private bid(madeSec: number): void {
    this.requests++;
    const { state, run, random } = this;
    const { otherLeavesHour: leavesHour = 0 } = run;
    const both = madeSec < startSec + leavesHour * 3600;
    const of = both && random.below(2) === 0 ? other : own;
    const { place, lineItem } = of;
    const nanos = Math.floor(priceMean * (0.5 + random.fraction()));
    if (isPaced(state, place, nanos, random.nextU32(), lineItem)) return;
    if (!takeAllowance(state, place, nanos)) return;
    const counted = run.impressions === true;
    if (counted && !takeAllowance(state, impressionPlace, 1)) {
      giveBack(state, place, nanos);
      return;
    }
    const expirySec = madeSec + run.holdSec;
    const held = { place, ordinal: 0, capSlots: [], capCount: 0, nanos, expirySec };
    const slot = { slot: SLOT_NONE, slotUse: 0 };
    reserve(state, counted ? { ...held, impressionPlace } : held, madeSec, slot);
    noteHeld(state, place, nanos);
    this.bids++;
    if (random.fraction() >= run.winRate) return;
    const delay = Math.ceil(-Math.log(1 - random.fraction()) * run.delaySec);
    const at = madeSec + Math.min(Math.max(delay, 1), run.holdSec);
    this.bills[at % this.bills.length]!.push({ of, nanos, madeSec, expirySec });
  }

  private settle({ of, nanos, madeSec, expirySec }: Bill, nowSec: number): void {
    const { state, run, book } = this;
    const { place, lineItem } = of;
    const unit = run.impressions === true ? 1 : nanos;
    if (!commitSum(state, { place, nanos, expirySec }, nanos)) {
      this.late++;
      chargeAllowance(state, place, nanos);
    } else if (run.impressions === true) {
      commitSum(state, { place: impressionPlace, nanos: 1, expirySec }, 1);
    }
    book.charge(boot, lineItem, nanos, nowSec * 1000, true, nowSec - madeSec);
    this.total += unit;
    const slot = Math.min(95, Math.floor((nowSec - startSec) / 900));
    this.spent[slot]! += unit;
  }
}

/** A whole day of counts before the flight, and the first of today's, which closes it. */
function tellYesterday(history: BudgetHistory): void {
  for (let hour = -24; hour <= 0; hour++) {
    const requests = Math.round(1e6 * trafficAt(((hour + 24) % 24) * 3600 + 1800));
    history.replay({
      ...{ kind: RecordKind.COUNT, boot: 1, cell: 0, lineItem: 0, bids: 0, noBids: 0 },
      ...{ hour: startSec / 3600 + hour, requests: hour === 0 ? 1 : requests },
    });
  }
}

export function runPacing(run: PacingRun): PacingResult {
  const day = new Day(run);
  const endSec = startSec + run.hours * 3600;
  const lastSec = run.hours === 24 ? endSec + run.holdSec + 64 : endSec;
  let shownError: number | null = null;
  for (let sec = startSec; sec < lastSec; sec++) {
    day.second(sec);
    if (sec === endSec - 1) shownError = day.book.spend()[0]!.pacingError;
  }
  const slots = run.hours * 4;
  const weights = Array.from({ length: 96 }, (_, i) => trafficAt(i * 900 + 450));
  const weight = weights.reduce((sum, one) => sum + one, 0);
  const planned = weights.map((one) => (day.budget * one) / weight).slice(0, slots);
  return {
    ...{ requests: day.requests, bids: day.bids, budget: day.budget, late: day.late },
    spentPart: day.total / day.budget,
    above: overspend(day.sums, day.budget),
    error: pacingError(day.spent.slice(0, slots), planned),
    shownError,
    lifeHours: lifeTo95(day.spent),
  };
}
