import { bucketOf, histogramBuckets } from "../base/histogram.js";
import type { NoticeKind } from "../base/lists.js";
import { type Outcome, outcomesMax } from "../base/outcome.js";

/**
 * What a worker answered to a notice. Whether a counted one has come before, the money thread alone
 * knows. Numbers are places in the counters: add, never change.
 */
export const NoticeResult = {
  COUNTED: 0,
  FORGED: 2,
  EXPIRED: 3,
  UNAVAILABLE: 4,
} as const;
export type NoticeResult = (typeof NoticeResult)[keyof typeof NoticeResult];

/** One number each, by worker. HEAP_BYTES and LAG_MS are levels, the others only rise. */
export const Single = {
  WORLDS_ADOPTED: 0,
  RING_FULL: 1,
  SHED: 2,
  FAILED: 3,
  HEAP_BYTES: 4,
  LAG_MS: 5,
  COUNTS_LOST: 12,
} as const;
export type Single = (typeof Single)[keyof typeof Single];

/** What the alarm on probing looks at: people by exchange, each once a UTC day (asking-alarm). */
export const AskingNote = { KNOWN: 0, CAPPED: 1, REPEATED: 2, MIXED: 3 } as const;
export type AskingNote = (typeof AskingNote)[keyof typeof AskingNote];

/** Refusals by status; the last place takes every other status. */
export const refusalStatuses = [400, 401, 404, 405, 408, 411, 413, 415] as const;
/** Exchanges keep their slot for the life of the process: indexes change with a World. */
export const exchangeSlotsMax = 128;

const singlesMax = 16;
const noticeKindsMax = 8;
const noticeResultsMax = 8;
const refusalsAt = singlesMax;
const refusalsMax = 16;
const noticesAt = refusalsAt + refusalsMax;
const latencyAt = noticesAt + noticeKindsMax * noticeResultsMax;
/** Count and sum of durations behind the buckets. */
const latencySumAt = latencyAt + histogramBuckets;
const exchangesAt = latencySumAt + 1;
const requestsPlace = outcomesMax;
const bidsPlace = outcomesMax + 1;
const askingPlace = outcomesMax + 2;
const unreadablePlace = outcomesMax + 6;
const exchangeStride = outcomesMax + 8;
const countersTotal = exchangesAt + exchangeSlotsMax * exchangeStride;

export const counterBytes = countersTotal * Float64Array.BYTES_PER_ELEMENT;
export const newCounters = (): SharedArrayBuffer => new SharedArrayBuffer(counterBytes);

/**
 * The counters of one worker: f64 in shared memory, plain stores, one writer. A reader on another
 * thread may see a number a moment late, never torn (aligned 8 bytes).
 */
export class WorkerCounters {
  private readonly cells: Float64Array;
  /** Exchange index of the adopted World -> slot. */
  private slots: Uint8Array = new Uint8Array(0);

  constructor(buffer: SharedArrayBuffer) {
    this.cells = new Float64Array(buffer, 0, countersTotal);
  }

  /** With each World: the slots of its exchanges by index (`ExchangeSlots.slotsFor`). */
  useSlots(slots: Uint8Array): void {
    this.slots = slots;
  }

  private place(exchangeIndex: number, place: number): number {
    return exchangesAt + (this.slots[exchangeIndex] ?? 0) * exchangeStride + place;
  }

  request(exchangeIndex: number): void {
    const at = this.place(exchangeIndex, requestsPlace);
    this.cells[at] = this.cells[at]! + 1;
  }

  /** An answer with `count` bids. */
  bids(exchangeIndex: number, count: number): void {
    const at = this.place(exchangeIndex, bidsPlace);
    this.cells[at] = this.cells[at]! + count;
  }

  noBid(exchangeIndex: number, outcome: Outcome): void {
    const at = this.place(exchangeIndex, outcome);
    this.cells[at] = this.cells[at]! + 1;
  }

  /** A body of this exchange that was answered 400. */
  unreadable(exchangeIndex: number): void {
    const at = this.place(exchangeIndex, unreadablePlace);
    this.cells[at] = this.cells[at]! + 1;
  }

  asking(exchangeIndex: number, note: AskingNote): void {
    const at = this.place(exchangeIndex, askingPlace + note);
    this.cells[at] = this.cells[at]! + 1;
  }

  notice(kind: NoticeKind, result: NoticeResult): void {
    const at = noticesAt + kind * noticeResultsMax + result;
    this.cells[at] = this.cells[at]! + 1;
  }

  refused(status: number): void {
    const known = (refusalStatuses as readonly number[]).indexOf(status);
    const at = refusalsAt + (known === -1 ? refusalStatuses.length : known);
    this.cells[at] = this.cells[at]! + 1;
  }

  /** From arrival to answer. */
  latency(durationUs: number): void {
    const at = latencyAt + bucketOf(durationUs);
    this.cells[at] = this.cells[at]! + 1;
    this.cells[latencySumAt] = this.cells[latencySumAt]! + durationUs;
  }

  add(single: Single, count = 1): void {
    this.cells[single] = this.cells[single]! + count;
  }

  setLevel(single: Single, level: number): void {
    this.cells[single] = level;
  }
}

/** Counters read by another thread: the sum over workers. */
export class CounterSums {
  private readonly workers: readonly Float64Array[];

  constructor(buffers: readonly SharedArrayBuffer[]) {
    this.workers = buffers.map((buffer) => new Float64Array(buffer, 0, countersTotal));
  }

  private sum(place: number): number {
    let sum = 0;
    for (const cells of this.workers) sum += cells[place]!;
    return sum;
  }

  requests = (slot: number): number =>
    this.sum(exchangesAt + slot * exchangeStride + requestsPlace);
  bids = (slot: number): number => this.sum(exchangesAt + slot * exchangeStride + bidsPlace);
  noBids = (slot: number, outcome: number): number =>
    this.sum(exchangesAt + slot * exchangeStride + outcome);
  unreadable = (slot: number): number =>
    this.sum(exchangesAt + slot * exchangeStride + unreadablePlace);
  asking = (slot: number, note: AskingNote): number =>
    this.sum(exchangesAt + slot * exchangeStride + askingPlace + note);
  notices = (kind: NoticeKind, result: NoticeResult): number =>
    this.sum(noticesAt + kind * noticeResultsMax + result);
  /** By place in `refusalStatuses`; one place behind it: every other status. */
  refusals = (place: number): number => this.sum(refusalsAt + place);
  single = (single: Single): number => this.sum(single);
  /** A level of each worker. */
  levels = (single: Single): number[] => this.workers.map((cells) => cells[single]!);
  latencySumUs = (): number => this.sum(latencySumAt);

  /** Buckets of base/histogram.ts. */
  latencyCounts(): Float64Array {
    const counts = new Float64Array(histogramBuckets);
    for (let i = 0; i < histogramBuckets; i++) counts[i] = this.sum(latencyAt + i);
    return counts;
  }
}

/** Main's list of the exchanges that ever were, each with a slot for good; 0 takes overflow. */
export class ExchangeSlots {
  private readonly slots = new Map<number, number>();
  private readonly names: string[] = ["other"];

  /** Slots by exchange index, to post with a World. Ids are never reused, names may change. */
  slotsFor(exchanges: readonly { readonly id: number; readonly name: string }[]): Uint8Array {
    return Uint8Array.from(exchanges, ({ id, name }) => {
      const slot = this.slots.get(id) ?? this.names.length;
      if (slot >= exchangeSlotsMax) return 0;
      this.slots.set(id, slot);
      this.names[slot] = name;
      return slot;
    });
  }

  /** 0 = it shares the place of those that came when all were taken. */
  slotOf(id: number): number {
    return this.slots.get(id) ?? 0;
  }

  /** `[slot, name]` of every slot in use. */
  entries(): IterableIterator<[number, string]> {
    return this.names.entries();
  }
}
