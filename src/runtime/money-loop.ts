import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { RingReader } from "../base/ring.js";
import { capSweep } from "../bid/cap.js";
import { ExpiryClock } from "../bid/expiry-clock.js";
import { bucketOf, SLOT_NONE, startSums, sweepSums } from "../bid/reserve.js";
import { SeenBit, SeenNotices } from "../bid/seen-notices.js";
import { type SettleContext, Settlement, settle, Taken } from "../bid/settle.js";
import {
  Cell,
  durableCell,
  MoneyState,
  NO_WORKER,
  type SharedBuffers,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import { type AllowanceEntry, type Entry, momentMsOf } from "../journal/entry.js";
import type { JournalFolder } from "../journal/file.js";
import { Journal } from "../journal/journal.js";
import { Notice, readNotice } from "../journal/notice.js";
import { NoticeEffect, RecordKind, RingKind } from "../journal/record.js";
import { cellEntry, countEntries, ghostBid, noticeEntry } from "../journal/ring-entry.js";
import { type AccountView, BudgetBook, type CampaignSpend } from "../ledger/budget.js";
import { BudgetHistory, isBill } from "../ledger/budget-history.js";
import { type AmountUnit, type BudgetPlan, Unit } from "../ledger/budget-plan.js";
import { Lease } from "../ledger/lease.js";
import { BookWork, type BookWorkParts } from "./book-work.js";
import type { MoneyFold, Whose } from "./money-fold.js";

/**
 * The money thread's work without its thread: rings -> settle -> one durable block ->
 * acknowledgements, and top-ups of allowances. What a notice does is decided before its block is
 * written, because the block stores it; nobody hears of it, and no grant is used, before the block
 * is durable. A commit that fails ends billing: the state is FAILED until a restart recovers the
 * journal.
 */
export type MoneyParts = {
  readonly buffers: SharedBuffers;
  readonly folder: JournalFolder;
  readonly segmentBytesMax: number;
  /** The boot's number, made durable, given the newest one in the journal. */
  readonly nextBoot: (journalBoot: number) => number;
  readonly nowMs: () => number;
  /** Measures what went by, for pacing; absent = `nowMs`. */
  readonly monotonicMs?: () => number;
  readonly isOver?: BookWorkParts["isOver"];
  /** As BudgetBook's. */
  readonly aStep?: number;
  /** Tells a worker that its notices up to `durableCell` are answered. */
  readonly acknowledge: (worker: number) => void;
  /** What else follows the money, in this order. */
  readonly folds?: readonly MoneyFold[];
};

/** Records of one block; more are several blocks. */
const blockEntriesMax = 16_384;
const forgetEveryMs = 600_000;
const pruneEverySec = 3600;
/** A look that ended longer ago says nothing of what may be bid now. */
const lookLifeMs = 2000;
/** Swept of the table of caps with each plan: 5,000 entries a second, all of it in 7 minutes. */
const capsPerPlan = 256;

export type MoneyCounts = {
  notices: number;
  duplicates: number;
  expired: number;
  refused: number;
  /** Expired by a clock that was not believed: refused. */
  doubted: number;
  late: number;
  blocks: number;
};

export type ClockDoubt = { readonly aheadSec: number; readonly sinceStart: boolean };

const comesAgain = (taken: Taken): boolean => taken === Taken.REFUSED || taken === Taken.DOUBTED;

export class MoneyLoop {
  readonly state: SharedState;
  readonly boot: number;
  readonly counts: MoneyCounts = {
    ...{ notices: 0, duplicates: 0, expired: 0, refused: 0, doubted: 0 },
    ...{ late: 0, blocks: 0 },
  };
  /** Why billing stopped, "" while it goes on. */
  failure = "";
  private readonly parts: MoneyParts;
  private readonly journal: Journal;
  private readonly history = new BudgetHistory();
  private readonly book: BudgetBook;
  private readonly work: BookWork;
  private readonly lease: Lease;
  private readonly seen = new SeenNotices();
  private readonly clock = new ExpiryClock();
  /** When expired tokens were last left out in the replay. */
  private prunedSec = 0;
  private readonly folds: readonly MoneyFold[];
  private readonly readers: readonly RingReader[];
  private readonly refusals: readonly Uint8Array[];
  /** By worker: cells before that position are journaled; newest notice taken; answer owed. */
  private readonly cellsTaken: number[];
  private readonly newest: number[];
  private readonly owed: boolean[];
  private readonly billsBy = new Map<number, number>();
  private readonly context: SettleContext;
  private readonly notice = new Notice();
  private readonly settlement = new Settlement();
  private entries: Entry[] = [];
  /** The persons of notice entries; never stored. */
  private readonly people = new Map<Entry, Whose>();
  private lookedMs = Number.NEGATIVE_INFINITY;
  private capsSwept = 0;
  private forgetDueMs = 0;

  /** Replays the journal and starts a boot; throws JournalDamage or what the disk throws. */
  constructor(parts: MoneyParts) {
    this.parts = parts;
    const { buffers } = parts;
    const nowMs = parts.nowMs();
    this.folds = parts.folds ?? [];
    let journalBoot = 0;
    this.journal = Journal.open(parts.folder, parts.segmentBytesMax, (entry) => {
      if (entry.kind === RecordKind.BOOT) journalBoot = Math.max(journalBoot, entry.boot);
      this.history.replay(entry);
      for (const fold of this.folds) fold.replay?.(entry);
      this.recall(entry, nowMs / 1000);
    });
    this.clock.start(nowMs / 1000, this.monotonicMs(nowMs) / 1000);
    this.seen.forgetExpired(this.clock.trustedSec);
    this.boot = parts.nextBoot(journalBoot);
    this.history.noteBoot(this.boot, nowMs);
    this.state = sharedStateFrom(buffers, NO_WORKER);
    this.book = new BudgetBook(this.state, this.history, this.boot, parts.aStep);
    this.work = this.workOf(parts);
    this.lease = new Lease(this.state, this.boot);
    this.readers = buffers.rings.map((ring) => new RingReader(ring));
    this.refusals = buffers.refusals.map((buffer) => new Uint8Array(buffer));
    this.cellsTaken = this.readers.map((reader) => reader.consumed());
    this.newest = this.readers.map(() => 0);
    this.owed = this.readers.map(() => false);
    this.context = {
      state: this.state,
      boot: this.boot,
      seen: this.seen,
      clock: this.clock,
      placeOf: (lineItem) => this.book.placeOf(lineItem),
      impressionPlaceOf: (lineItem) => this.book.placeOf(lineItem, Unit.IMPRESSIONS),
      billsBy: (exchange) => this.billsBy.get(exchange) ?? NoticeKind.BILL,
    };
    const { learnt } = this.state;
    const holdBack = this.book.holdBack.bind(this.book);
    for (const fold of this.folds) fold.begin?.({ boot: this.boot, nowMs, learnt, holdBack });
    startSums(this.state, Math.floor(nowMs / 1000));
    this.state.setCell(Cell.HEARTBEAT_SEC, Math.floor(nowMs / 1000) | 0);
    const started: Entry = { kind: RecordKind.BOOT, boot: this.boot, timeMs: nowMs };
    for (const fold of this.folds) fold.take?.(started, null);
    this.journal.commit([started]);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  }

  private workOf({ nowMs, monotonicMs = nowMs, isOver }: MoneyParts): BookWork {
    return new BookWork({
      ...{ book: this.book, monotonicMs, ...(isOver && { isOver }) },
      put: (entry) => this.entries.push(entry),
      onWorld: (generation) => {
        const timeMs = this.parts.nowMs();
        this.entries.push({ kind: RecordKind.GENERATION, boot: this.boot, generation, timeMs });
      },
      onLooked: () => this.noteLook(),
    });
  }

  private monotonicMs(nowMs = this.parts.nowMs()): number {
    return this.parts.monotonicMs?.() ?? nowMs;
  }

  /**
   * Notices of earlier boots, so that they count only once: of tokens that were alive by what the
   * journal's times are worth, which a clock that is ahead at the start does not move.
   */
  private recall(entry: Entry, nowSec: number): void {
    const { seen } = this;
    const timeMs = momentMsOf(entry);
    if (timeMs > 0) this.clock.replay(timeMs / 1000);
    if (entry.kind !== RecordKind.NOTICE) return;
    const trustedSec = Math.min(this.clock.trustedSec, nowSec);
    if (trustedSec - this.prunedSec > pruneEverySec) {
      this.prunedSec = trustedSec;
      seen.forgetExpired(trustedSec);
    }
    const { effect, noticeKind, worker, boot, counter, timeSec } = entry;
    if (timeSec + tokenLifeSec < trustedSec) {
      seen.forget(timeSec);
      return;
    }
    const bits = SeenBit.kind(noticeKind) | (isBill(effect) ? SeenBit.CHARGED : 0);
    if (!seen.add(worker, boot, counter, bits, timeSec)) {
      throw new Error("the journal has more live tokens than fit the memory set aside for them");
    }
  }

  /**
   * Takes a World's budgets. They count once they are whole: that may take some rounds, in which
   * nothing more is granted. Of several that wait the newest counts, once billing failed none.
   */
  adopt(plan: BudgetPlan): void {
    for (const { exchange, noticeKind } of plan.billsBy) this.billsBy.set(exchange, noticeKind);
    this.lease.adopt(plan);
    // At once: what the rings bring from now on may be of this World.
    for (const fold of this.folds) fold.adopt?.(plan, this.boot);
    if (this.failure === "") this.work.adopt(plan);
  }

  /** Takes a World whose budgets are those of the one before. */
  noteGeneration(generation: number): void {
    if (this.failure === "") this.work.noteGeneration(generation);
  }

  /** One round; true when there was something to make durable. */
  step(): boolean {
    if (this.failure !== "") return false;
    const nowMs = this.parts.nowMs();
    const nowSec = Math.floor(nowMs / 1000);
    const monotonicMs = this.monotonicMs(nowMs);
    this.clock.look(nowMs / 1000, monotonicMs / 1000);
    this.drain(nowSec);
    if (bucketOf(nowSec) - 1 > this.state.cell(Cell.SWEPT_BUCKET)) {
      sweepSums(this.state, nowSec, this.book.placesUsed);
    }
    this.work.run(nowMs);
    const lease = this.lease.renewal(nowMs, monotonicMs);
    if (lease !== null) this.entries.push(lease);
    // After the top-up: a worker that wakes with us bids only on what was looked at.
    const looked = Math.abs(this.parts.nowMs() - this.lookedMs) <= lookLifeMs;
    if (looked) this.state.setCell(Cell.HEARTBEAT_SEC, nowSec | 0);
    if (nowMs >= this.forgetDueMs || this.forgetDueMs - nowMs > 2 * forgetEveryMs) {
      this.seen.forgetExpired(this.clock.trustedSec);
      this.forgetDueMs = nowMs + forgetEveryMs;
    }
    return this.settleUp();
  }

  /** There is work that need not wait for a notice. */
  get isBusy(): boolean {
    return this.failure === "" && this.work.isBusy;
  }

  private noteLook(): void {
    this.lookedMs = this.parts.nowMs();
    const overSec = Math.min(this.clock.trustedSec, Math.floor(this.lookedMs / 1000));
    this.capsSwept = capSweep(this.state, this.capsSwept, capsPerPlan, overSec);
  }

  /**
   * Takes what is in the rings. A notice may name a cell out of another worker's ring, where it was
   * put before its bid was answered: so notices are taken up to a mark set first, cells up to a
   * mark set after all of those.
   */
  private drain(nowSec: number): void {
    const noticesTo = this.readers.map((reader) => reader.published());
    const cellsTo = this.readers.map((reader) => reader.published());
    for (const [worker, reader] of this.readers.entries()) {
      this.takeCells(worker, reader, cellsTo[worker]!);
    }
    for (const [worker, reader] of this.readers.entries()) {
      const to = noticesTo[worker]!;
      for (let at = reader.consumed(); at !== to; at = (at + 1) | 0) {
        const offset = reader.offsetOf(at);
        if (reader.view.getUint8(offset) !== RecordKind.NOTICE) continue;
        readNotice(reader.view, offset, this.notice);
        this.takeNotice(worker, nowSec);
      }
      reader.consumeTo(to);
    }
  }

  private takeCells(worker: number, reader: RingReader, to: number): void {
    const from = this.cellsTaken[worker]!;
    for (let at = from; at !== to; at = (at + 1) | 0) {
      const offset = reader.offsetOf(at);
      const kind = reader.view.getUint8(offset);
      if (kind === RecordKind.CELL) this.entries.push(cellEntry(reader, offset, this.boot));
      else if (kind === RecordKind.COUNT) {
        const first = this.entries.length;
        countEntries(reader, offset, this.boot, this.entries);
        for (const entry of this.entries.slice(first)) this.history.replay(entry);
      } else if (kind === RingKind.GHOST) {
        const ghost = ghostBid(reader, offset);
        for (const fold of this.folds) fold.ghost?.(ghost);
      }
    }
    this.cellsTaken[worker] = to;
  }

  private takeNotice(worker: number, nowSec: number): void {
    const { notice, settlement, counts } = this;
    const taken = settle(this.context, notice, nowSec, settlement);
    const answers = this.refusals[worker]!;
    answers[notice.sequence & (answers.length - 1)] = comesAgain(taken) ? 1 : 0;
    this.newest[worker] = notice.sequence;
    this.owed[worker] = true;
    if (taken === Taken.NEW) {
      counts.notices++;
      const { effect, chargedNanos } = settlement;
      if (effect === NoticeEffect.LATE) counts.late++;
      const { boot, lineItem, receivedMs } = notice;
      const delaySec = Math.max(0, receivedMs / 1000 - notice.timeSec);
      this.book.charge(boot, lineItem, chargedNanos, receivedMs, isBill(effect), delaySec);
      const entry = noticeEntry(notice, effect, chargedNanos);
      this.entries.push(entry);
      this.people.set(entry, { ...settlement.person, slotless: notice.slot === SLOT_NONE });
    } else if (taken === Taken.DUPLICATE) counts.duplicates++;
    else if (taken === Taken.EXPIRED) counts.expired++;
    else if (taken === Taken.DOUBTED) counts.doubted++;
    else counts.refused++;
  }

  /** Makes the gathered records durable, then lets their effects out. */
  private settleUp(): boolean {
    const { entries } = this;
    const nowMs = this.parts.nowMs();
    for (const fold of this.folds) fold.step?.(nowMs, entries);
    for (const fold of this.folds) {
      for (const entry of entries) fold.take?.(entry, this.people.get(entry) ?? null);
    }
    this.entries = [];
    this.people.clear();
    const begunMs = this.monotonicMs();
    try {
      for (let from = 0; from < entries.length; from += blockEntriesMax) {
        this.journal.commit(entries.slice(from, from + blockEntriesMax));
        this.counts.blocks++;
      }
    } catch (error) {
      this.fail(error);
      return false;
    }
    this.work.noteCommit(this.monotonicMs() - begunMs);
    this.lease.durable();
    this.book.applyGrants();
    for (const fold of this.folds) fold.durable?.();
    for (const worker of this.readers.keys()) {
      if (!this.owed[worker]) continue;
      this.owed[worker] = false;
      this.state.setCell(durableCell(worker), this.newest[worker]! | 0);
      this.parts.acknowledge(worker);
    }
    return entries.length > 0;
  }

  private fail(error: unknown): void {
    this.failure = `journal: ${error instanceof Error ? error.message : String(error)}`;
    this.state.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
    for (const worker of this.readers.keys()) this.parts.acknowledge(worker);
  }

  /**
   * The end in order, after the last bid: takes what is still in the rings, returns what is neither
   * spent nor reserved, and closes the journal.
   */
  close(): void {
    if (this.failure === "") {
      this.work.finish(this.parts.nowMs());
      this.step();
      const timeMs = this.parts.nowMs();
      this.book.returnAll(timeMs, this.entries as AllowanceEntry[]);
      this.entries.push({ kind: RecordKind.CLOSE, boot: this.boot, timeMs });
      this.settleUp();
      if (this.failure === "") this.state.setCell(Cell.MONEY_STATE, MoneyState.CLOSED);
    }
    for (const fold of this.folds) fold.close?.();
    this.journal.close();
  }

  spend(): CampaignSpend[] {
    return this.book.spend();
  }

  /** As pacing-desk's. */
  lineItemPaces(): Float64Array<ArrayBuffer> {
    return this.book.lineItemPaces();
  }

  accounts(unit?: AmountUnit): AccountView[] {
    return this.book.accounts(unit);
  }

  /** What is not believed of the wall clock: seconds ahead, 0 = nothing. */
  clockDoubt(): ClockDoubt {
    const { doubtedSec, sinceStart } = this.clock;
    return { aheadSec: Math.floor(doubtedSec), sinceStart };
  }

  get seenBytes(): number {
    return this.seen.bytes;
  }
}
