import { assert } from "../base/assert.js";
import {
  capRulesMax,
  lineItemsMax,
  reservationSlotsMax,
  ringRecordsMax,
  workersMax,
} from "../base/limits.js";
import { ringBytes } from "../base/ring.js";
import { AskCounts, askCountBytes } from "./ask-counts.js";
import { createLearntBuffers, Learnt, type LearntBuffers } from "./learnt.js";

/**
 * What the threads share while they bid and settle, and nothing else: allowances, reservations,
 * caps, a few cells, one ring a worker. Everything is zero at the start of a process; the journal
 * is what survives.
 *
 *   allowances   i64 by place: nanos of the advertiser's currency that may still be bid
 *   skips        u32 by place: of 2^32 bids that many are not made, by pacing (bid/pace)
 *   flows        f64 a worker [place][3]: nanos wanted, nanos and bids held, for pacing alone
 *   sums         i64 [expiry bucket][place]: nanos reserved by bids that take no slot
 *   slots        16 u32 each, see reserve.ts
 *   caps         8 i32 each, see cap.ts
 *   cap rules    one i32 each, see cap-rule.ts
 *   asks         u32, two rows by person, exchange and day, see ask-counts.ts
 *   cells        one i32 a cache line: each `Cell`, then two a worker: generation, durable sequence
 *   rings        128-byte records from a worker to the money thread (base/ring)
 *   learnt       what notices taught, see learnt.ts
 *   refusals     u8 by notice sequence: 1 = the money thread could not take that notice
 *
 * Memory is touched, and so used, only as far as places, slots and caps are.
 */
export type SharedSizes = {
  /** Edge workers; their numbers are 0 to workers - 1. */
  readonly workers: number;
  /** Line items that one process may ever see: places are not reused. */
  readonly places: number;
  /** Reservation slots of all workers; each owns an equal part. */
  readonly slots: number;
  /** A power of two. */
  readonly capEntries: number;
  /** Records in a worker's ring: a power of two. */
  readonly ringRecords: number;
  /** Cells a row of what was asked of whom: a power of two; absent = few (tests). */
  readonly askCells?: number;
};

/** Posted to every thread as it is. */
export type SharedBuffers = {
  readonly workers: number;
  readonly allowances: SharedArrayBuffer;
  readonly skips: SharedArrayBuffer;
  readonly flows: readonly SharedArrayBuffer[];
  readonly sums: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly caps: SharedArrayBuffer;
  readonly capRules: SharedArrayBuffer;
  readonly asks: SharedArrayBuffer;
  readonly cells: SharedArrayBuffer;
  readonly learnt: LearntBuffers;
  readonly rings: readonly SharedArrayBuffer[];
  readonly refusals: readonly SharedArrayBuffer[];
};

/**
 * Expiry buckets: 256 of 16 s; a bid that expires later than the ring of buckets reaches takes a
 * slot.
 */
export const bucketSec = 16;
export const bucketsMax = 256;
/** One cache line. */
export const slotWords = 16;
export const capWords = 8;
export const flowWords = 3;

/** Numbers of the cells. */
export const Cell = {
  /** Wake-up word of the money thread. */
  WAKE: 0,
  /** MoneyState below. */
  MONEY_STATE: 1,
  /** The newest expiry bucket whose sums were given back. */
  SWEPT_BUCKET: 2,
  /** Seconds (i32) at which the money thread was last seen working. */
  HEARTBEAT_SEC: 3,
  /** No bid is held longer than to this second (i32): so the journal says. */
  LEASED_SEC: 4,
  /** The longest life that a bid wanted of late, seconds. */
  LIFE_WANTED_SEC: 5,
  /** How often no place was left in the table of caps. */
  CAPS_FULL: 7,
  /** Ghosts that found the ring half full. */
  GHOSTS_LOST: 6,
} as const;
const cellsFixed = 8;
const lineWords = 16;

/** The money thread is taken for dead after this silence: no bids, notices 503. */
export const silenceSecMax = 3;

/** Bidding and billing go on only in READY. */
export const MoneyState = { STARTING: 0, READY: 1, FAILED: 2, CLOSED: 3 } as const;
export type MoneyState = (typeof MoneyState)[keyof typeof MoneyState];

export const sharedSizes = (workers: number): SharedSizes => ({
  workers,
  places: 2 * lineItemsMax,
  slots: reservationSlotsMax,
  capEntries: 2 ** 21,
  ringRecords: ringRecordsMax,
  askCells: 2 ** 23,
});

export function createSharedBuffers(sizes: SharedSizes): SharedBuffers {
  assert(sizes.workers >= 1 && sizes.workers <= workersMax, "1 to 64 workers");
  assert(sizes.slots >= sizes.workers && sizes.slots <= reservationSlotsMax);
  assert((sizes.capEntries & (sizes.capEntries - 1)) === 0, "cap entries are a power of two");
  const each = (bytes: number): SharedArrayBuffer[] =>
    Array.from({ length: sizes.workers }, () => new SharedArrayBuffer(bytes));
  return {
    workers: sizes.workers,
    allowances: new SharedArrayBuffer(8 * sizes.places),
    skips: new SharedArrayBuffer(4 * sizes.places),
    flows: each(8 * flowWords * sizes.places),
    sums: new SharedArrayBuffer(8 * bucketsMax * sizes.places),
    slots: new SharedArrayBuffer(4 * slotWords * sizes.slots),
    caps: new SharedArrayBuffer(4 * capWords * sizes.capEntries),
    capRules: new SharedArrayBuffer(4 * capRulesMax),
    asks: new SharedArrayBuffer(askCountBytes(sizes.askCells ?? 4096)),
    cells: new SharedArrayBuffer(4 * lineWords * (cellsFixed + 2 * sizes.workers)),
    learnt: createLearntBuffers(sizes.workers, sizes.places),
    rings: each(ringBytes(sizes.ringRecords)),
    refusals: each(sizes.ringRecords),
  };
}

/** `worker` of a thread that owns no slots: main and money. */
export const NO_WORKER = -1;

/** One thread's view of the buffers, with its own place in its part of the slots. */
export class SharedState {
  readonly worker: number;
  readonly workers: number;
  readonly places: number;
  readonly allowances: BigInt64Array;
  readonly skips: Uint32Array;
  /** This worker's own; of length 0 for other threads. */
  readonly flow: Float64Array;
  readonly sums: BigInt64Array;
  readonly slots: Uint32Array;
  readonly caps: Int32Array;
  readonly capEntries: number;
  readonly capRules: Int32Array;
  readonly asks: AskCounts;
  readonly learnt: Learnt;
  /** First slot of this worker's part, and the part's size. */
  readonly slotFirst: number;
  readonly slotCount: number;
  /**
   * Next slot of the part to look at; how much of the part was ever used; where the sweep goes on.
   */
  slotCursor = 0;
  slotsTouched = 0;
  sweepCursor = 0;
  /**
   * False once the money thread was silent for too long (runtime/notice-desk): nothing may be bid
   * then.
   */
  moneyAlive = true;
  /** Of all workers. */
  readonly flows: readonly Float64Array[];
  private readonly cells: Int32Array;

  constructor(buffers: SharedBuffers, worker: number) {
    assert(worker >= NO_WORKER && worker < buffers.workers);
    this.worker = worker;
    this.workers = buffers.workers;
    this.allowances = new BigInt64Array(buffers.allowances);
    this.places = this.allowances.length;
    this.skips = new Uint32Array(buffers.skips);
    this.flows = buffers.flows.map((flow) => new Float64Array(flow));
    this.flow = this.flows[worker] ?? new Float64Array(0);
    this.sums = new BigInt64Array(buffers.sums);
    this.slots = new Uint32Array(buffers.slots);
    this.caps = new Int32Array(buffers.caps);
    this.capEntries = this.caps.length / capWords;
    this.capRules = new Int32Array(buffers.capRules);
    this.cells = new Int32Array(buffers.cells);
    this.asks = new AskCounts(buffers.asks);
    this.learnt = new Learnt(buffers.learnt);
    const part = Math.floor(this.slots.length / slotWords / buffers.workers);
    this.slotFirst = worker === NO_WORKER ? 0 : worker * part;
    this.slotCount = worker === NO_WORKER ? 0 : part;
  }

  /** Plain (base/bitset): a moment late at most. Nobody may spin on a cell. */
  cell(cell: number): number {
    return this.cells[cell * lineWords]!;
  }

  setCell(cell: number, value: number): void {
    Atomics.store(this.cells, cell * lineWords, value);
  }

  /** Whether bills can be booked: without that nothing may be bid. */
  mayBid(): boolean {
    return this.moneyAlive && this.cell(Cell.MONEY_STATE) === MoneyState.READY;
  }

  /** Adds to a cell that counts. */
  countIn(cell: number): void {
    Atomics.add(this.cells, cell * lineWords, 1);
  }

  /**
   * The same at a moment by the wall clock. After a stop of the whole process, or a jump of its
   * clock, nothing is bid until the money thread has looked at the allowances again.
   */
  mayBidAt(nowSec: number): boolean {
    const lookedSec = this.cell(Cell.HEARTBEAT_SEC);
    // 0: nobody tops up yet (tests); a jump back looks as old as one forward.
    const looked = lookedSec === 0 || Math.abs((nowSec - lookedSec) | 0) <= silenceSecMax;
    return looked && this.mayBid();
  }

  /** Whether a bid may be held so long; if not, it may be soon. */
  mayHoldUntil(expirySec: number, nowSec: number): boolean {
    const lifeSec = expirySec - nowSec;
    if (lifeSec > this.cell(Cell.LIFE_WANTED_SEC)) this.setCell(Cell.LIFE_WANTED_SEC, lifeSec);
    const leasedSec = this.cell(Cell.LEASED_SEC);
    // 0: nobody tops up yet (tests).
    return leasedSec === 0 || ((expirySec - leasedSec) | 0) <= 0;
  }

  /** The wake-up word as word 0 of an array of its own (base/ring, Atomics.wait). */
  wakeWord(): Int32Array {
    return this.cells.subarray(Cell.WAKE * lineWords, Cell.WAKE * lineWords + 1);
  }
}

export const sharedStateFrom = (buffers: SharedBuffers, worker: number): SharedState =>
  new SharedState(buffers, worker);

/** The cell with the sequence of a worker's newest notice that is durable. */
export const durableCell = (worker: number): number => cellsFixed + 2 * worker + 1;
