import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { RingWriter } from "../base/ring.js";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { reserve, SLOT_NONE, sweepSlots } from "../bid/reserve.js";
import {
  createSharedBuffers,
  type SharedBuffers,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { NoticeEntry } from "../journal/entry.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeEffect, NoticeField, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { Ledger } from "../ledger/ledger.js";
import { RunningLedger } from "../ledger/running-ledger.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import { FaultyFolder } from "./faulty-folder.js";

const workers = 2;
const bidNanosMax = 60;
const places = 4;
const slots = 64;
const sizes = { workers, places, slots, capEntries: 16, ringRecords: 64 };
/** Line items 101 and 102 belong to campaign 1, 103 to campaign 2. */
const lineItems = [101, 102, 103] as const;
const campaignOf = (lineItem: number): number => (lineItem === 103 ? 2 : 1);

export type ModelOptions = {
  /** Bills also come after their reservation has ended. */
  readonly late: boolean;
  /** Budgets are cut and raised. */
  readonly edits: boolean;
};

type ModelBid = {
  readonly notice: Notice;
  readonly lineItem: number;
  readonly expirySec: number;
  /** The clearing price that an acknowledged bill said; -2 = none acknowledged. */
  settledAt: number;
};

/**
 * One seeded life of the money: bids, notices in any order and number, top-ups, crashes, failing
 * disks, orderly ends. After each step it compares the real parts with sums that it does by itself
 * over the journal and the tables.
 */
export class MoneyModel {
  readonly wrong: string[] = [];
  bidsMade = 0;
  lateNanos = 0n;
  /** Campaigns' days of whose budget three quarters were spent: shows that budgets bind. */
  daysUsedUp = 0;
  restarts = 0;
  private readonly random: SeededRandom;
  private readonly options: ModelOptions;
  /** Restarts, and disk failures, in a thousand steps. */
  private readonly trouble: number;
  private readonly folder = new FaultyFolder();
  private nowMs = 1_800_000_000_000;
  private bids: ModelBid[] = [];
  private lastBoot = 0;
  private counters = [0, 0];
  private sequences = [0, 0];
  private unacknowledged: { readonly worker: number; readonly bid: ModelBid; clearing: number }[] =
    [];
  private totals = [0n, 2_600n, 2_000n];
  private readonly dailies = [0n, 1_200n, 900n];
  private buffers!: SharedBuffers;
  private states!: SharedState[];
  private rings!: RingWriter[];
  private loop!: MoneyLoop;
  private ledger!: RunningLedger;

  constructor(seed: number, options: ModelOptions) {
    this.random = new SeededRandom(seed);
    this.trouble = this.random.pick([0, 1, 4]);
    this.options = options;
    this.start();
  }

  private start(): void {
    this.buffers = createSharedBuffers(sizes);
    this.states = [0, 1].map((worker) => sharedStateFrom(this.buffers, worker));
    this.ledger = new RunningLedger();
    this.loop = new MoneyLoop({
      buffers: this.buffers,
      folder: this.folder,
      segmentBytesMax: 2000,
      nextBoot: (journalBoot) => {
        this.lastBoot = Math.max(this.lastBoot, journalBoot) + 1;
        return this.lastBoot;
      },
      nowMs: () => this.nowMs,
      acknowledge: (worker) => this.acknowledged(worker),
      folds: [this.ledger],
    });
    this.rings = this.buffers.rings.map((ring) => new RingWriter(ring, this.states[0]!.wakeWord()));
    this.counters = [0, 0];
    this.sequences = [0, 0];
    this.unacknowledged = [];
    this.loop.adopt(this.plan());
    this.loop.step();
  }

  private plan(): BudgetPlan {
    const zone = [{ fromSec: 0, offsetSec: 5.5 * 3600 }];
    const of = (campaign: number) => ({
      campaign,
      totalNanos: this.totals[campaign]!,
      dailyNanos: this.dailies[campaign]!,
      zone,
      lineItems: lineItems
        .filter((lineItem) => campaignOf(lineItem) === campaign)
        .map((lineItem) => ({ lineItem, place: lineItem - 100, bidNanosMax })),
    });
    return { generation: 1, campaigns: [of(1), of(2)], billsBy: [] };
  }

  /** Everything acknowledged must be in the journal from now on. */
  private acknowledged(worker: number): void {
    if (this.loop.failure !== "") return;
    for (const one of this.unacknowledged) {
      if (one.worker === worker && one.bid.settledAt === -2) one.bid.settledAt = one.clearing;
    }
    this.unacknowledged = this.unacknowledged.filter((one) => one.worker !== worker);
  }

  step(): void {
    this.nowMs += this.random.below(100);
    const choice = this.random.below(1000);
    if (choice < 400) this.bid();
    else if (choice < 850) this.notify();
    else if (choice < 930) this.money();
    else if (choice < 980) this.wait(this.random.below(20) * 1000);
    else if (choice < 983) this.wait(this.random.below(14 * 3600_000));
    else if (choice < 983 + this.trouble) this.restart();
    else if (choice < 983 + 2 * this.trouble) this.failDisk();
    else this.edit();
    if (this.random.below(8) === 0) this.check();
  }

  private bid(): void {
    const worker = this.random.below(workers);
    const state = this.states[worker]!;
    const lineItem = this.random.pick(lineItems);
    const nanos = 1 + this.random.below(bidNanosMax);
    const nowSec = Math.floor(this.nowMs / 1000);
    const notice = new Notice();
    if (!takeAllowance(state, lineItem - 100, nanos)) return;
    const expirySec = nowSec + 10 + this.random.below(200);
    const ordinal = this.random.below(2);
    const held = { place: lineItem - 100, ordinal, capSlots: [], capCount: 0, nanos, expirySec };
    if (!reserve(state, held, nowSec, notice)) {
      giveBack(state, lineItem - 100, nanos);
      return;
    }
    const counter = this.counters[worker]!++;
    notice.nonce.set([
      worker,
      0,
      this.lastBoot >> 8,
      this.lastBoot,
      0,
      0,
      0,
      counter >> 8,
      counter,
    ]);
    notice.lineItem = lineItem;
    notice.reservedMicros = nanos;
    notice.priceMicros = 1 + this.random.below(200);
    notice.timeSec = nowSec;
    notice.expirySec = expirySec;
    this.bids.push({ notice, lineItem, expirySec, settledAt: -2 });
    this.bidsMade++;
  }

  /** A notice of any bid so far to any worker; now and then the same one again. */
  private notify(): void {
    if (this.bids.length === 0) return;
    const recent = Math.min(this.bids.length, 40);
    const bid = this.bids[this.bids.length - 1 - this.random.below(recent)]!;
    const inTime = bid.expirySec >= Math.floor(this.nowMs / 1000);
    if (!this.options.late && !inTime) return;
    // A bid is either lost or billed; only late runs mix the two up.
    const lost = this.options.late ? this.random.below(3) === 0 : bid.notice.counter % 3 === 0;
    const other = lost ? NoticeKind.LOSS : NoticeKind.BILL;
    const kind = this.random.below(5) === 0 ? NoticeKind.WIN : other;
    const times = this.random.below(5) === 0 ? 2 : 1;
    for (let i = 0; i < times; i++) this.push(bid, kind);
  }

  private push(bid: ModelBid, kind: number): void {
    const worker = this.random.below(workers);
    const ring = this.rings[worker]!;
    const at = ring.claim();
    if (at < 0) return;
    const { notice } = bid;
    notice.noticeKind = kind;
    notice.sequence = ++this.sequences[worker]!;
    notice.clearingMicros = this.random.below(4) > 0 ? -1 : this.random.below(250);
    notice.receivedMs = this.nowMs;
    ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, ring.view, at);
    ring.publish(true);
    const clearing = notice.clearingMicros;
    if (kind === NoticeKind.BILL) this.unacknowledged.push({ worker, bid, clearing });
    // Without a step before time goes on a notice in time would become late.
    if (this.random.below(2) === 0) this.money();
  }

  private money(): void {
    this.loop.step();
    for (const state of this.states) sweepSlots(state, Math.floor(this.nowMs / 1000), 16);
    if (this.loop.failure !== "") this.restart();
  }

  private wait(ms: number): void {
    this.money();
    this.nowMs += ms;
  }

  private restart(): void {
    this.restarts++;
    this.check();
    this.checkLedger();
    if (this.random.below(3) === 0 && this.loop.failure === "") this.loop.close();
    else this.folder.cutPower(this.random);
    this.start();
  }

  private failDisk(): void {
    if (this.random.below(2) === 0) this.folder.failNextSync = true;
    else this.folder.failNextAppend = true;
    this.push(this.bids.at(-1) ?? this.nobody(), NoticeKind.WIN);
    this.money();
    this.folder.failNextSync = false;
    this.folder.failNextAppend = false;
  }

  private nobody(): ModelBid {
    const notice = new Notice();
    notice.timeSec = Math.floor(this.nowMs / 1000);
    return { notice, lineItem: 0, expirySec: 0, settledAt: -2 };
  }

  private edit(): void {
    if (!this.options.edits) return;
    const campaign = 1 + this.random.below(2);
    this.totals[campaign] = BigInt(this.random.below(5_000));
    this.loop.adopt(this.plan());
    this.loop.step();
  }

  private check(): void {
    const stored: NoticeEntry[] = [];
    scanJournal(this.folder, (entry) => {
      if (entry.kind === RecordKind.NOTICE) stored.push(entry);
    });
    this.checkOnce(stored);
    // What was granted in a block that failed never reaches an allowance.
    if (this.loop.failure !== "") return;
    this.checkIdentity();
    this.checkBudgets(stored);
  }

  /** The accounts that run beside the money are those of the journal read from its beginning. */
  private checkLedger(): void {
    if (this.ledger.failure !== "") this.wrong.push(this.ledger.failure);
    // What a failed commit held is in the running accounts, and may be in the journal or not.
    if (this.loop.failure !== "") return;
    const read = new Ledger();
    scanJournal(this.folder, (entry) => read.take(entry));
    const [running, rebuilt] = [this.ledger.ledger, read].map((one) => JSON.stringify(one.store()));
    if (running !== rebuilt) this.wrong.push("the running ledger is not the journal's");
  }

  private checkOnce(stored: readonly NoticeEntry[]): void {
    const charged = new Map<string, NoticeEntry>();
    const seen = new Set<string>();
    this.lateNanos = 0n;
    for (const entry of stored) {
      const token = `${entry.worker}:${entry.boot}:${entry.counter}`;
      if (seen.has(`${token}:${entry.noticeKind}`)) this.wrong.push(`${token} stored twice`);
      seen.add(`${token}:${entry.noticeKind}`);
      if (entry.noticeKind !== NoticeKind.BILL) continue;
      if (charged.has(token)) this.wrong.push(`${token} charged twice`);
      charged.set(token, entry);
      const cost = costOf(entry);
      if (BigInt(entry.chargedNanos) !== cost) this.wrong.push(`${token} charged wrongly`);
      if (entry.effect === NoticeEffect.LATE) this.lateNanos += cost;
    }
    for (const { notice, settledAt } of this.bids) {
      const token = `${notice.worker}:${notice.boot}:${notice.counter}`;
      if (settledAt !== -2 && !charged.has(token))
        this.wrong.push(`${token} acknowledged and lost`);
    }
  }

  /** Held slots and sums of a place, counted from the tables. */
  private reservedOf(place: number): bigint {
    const state = this.states[0]!;
    let sum = 0n;
    for (let at = 0; at < state.slots.length; at += 16) {
      if ((state.slots[at]! & 3) === 0 || state.slots[at + 2] !== place) continue;
      // The top bit says how the person is named (bid/reserve.ts).
      const nanosHi = state.slots[at + 4]! & 0x7fff_ffff;
      sum += BigInt(nanosHi) * 2n ** 32n + BigInt(state.slots[at + 3]!);
    }
    for (let at = place; at < state.sums.length; at += places) sum += state.sums[at]!;
    return sum;
  }

  private checkIdentity(): void {
    const state = this.states[0]!;
    const nowSec = Math.floor(this.nowMs / 1000);
    for (const account of this.loop.accounts()) {
      const reserved = this.reservedOf(account.place);
      const allowance = state.allowances[account.place]!;
      const out = account.charged + reserved + allowance + account.returned;
      if (out !== account.granted)
        this.wrong.push(`line item ${account.lineItem}: ${out} of ${account.granted}`);
      if (allowance < 0n && !this.options.late) this.wrong.push("an allowance is below zero");
      const { lineItem } = account;
      const live = this.bids.filter(
        (bid) =>
          bid.lineItem === lineItem && bid.notice.boot === this.lastBoot && bid.expirySec >= nowSec,
      );
      // Bids that nothing was heard of are still held in full.
      const silent = live.filter((bid) => bid.settledAt === -2 && bid.notice.counter % 3 !== 0);
      const least = silent
        .filter((bid) => !this.isHeard(bid))
        .reduce((sum, bid) => sum + BigInt(bid.notice.reservedMicros), 0n);
      if (!this.options.late && reserved < least)
        this.wrong.push(`line item ${lineItem}: not held`);
    }
  }

  private isHeard(bid: ModelBid): boolean {
    return this.unacknowledged.some((one) => one.bid === bid);
  }

  private checkBudgets(stored: readonly NoticeEntry[]): void {
    this.daysUsedUp = 0;
    for (const campaign of [1, 2]) {
      const own = stored.filter((entry) => campaignOf(entry.lineItem) === campaign);
      const charged = own.reduce((sum, entry) => sum + BigInt(entry.chargedNanos), 0n);
      const open = this.loop
        .accounts()
        .filter((account) => account.campaign === campaign)
        .reduce(
          (sum, { place }) => sum + this.reservedOf(place) + this.states[0]!.allowances[place]!,
          0n,
        );
      const excess = charged + open - this.totals[campaign]!;
      if (!this.options.edits && excess > this.lateNanos) {
        this.wrong.push(`campaign ${campaign}: ${excess} above its total`);
      }
      const byDay = new Map<number, bigint>();
      for (const entry of own) {
        const day = Math.floor((entry.receivedMs / 1000 + 5.5 * 3600) / 86_400);
        byDay.set(day, (byDay.get(day) ?? 0n) + BigInt(entry.chargedNanos));
      }
      for (const [day, spent] of byDay) {
        const above = spent - this.dailies[campaign]!;
        if (4n * spent > 3n * this.dailies[campaign]!) this.daysUsedUp++;
        if (above > this.lateNanos)
          this.wrong.push(`campaign ${campaign} day ${day}: ${above} above`);
      }
    }
  }

  /** Bids that took a slot. */
  get slotBids(): number {
    return this.bids.filter(({ notice }) => notice.slot !== SLOT_NONE).length;
  }
}

/**
 * The cost of a bill by the rule's words: the smallest whole number not below reserved x
 * min(clearing, price) / price.
 */
function costOf(entry: NoticeEntry): bigint {
  const reserved = BigInt(entry.reservedMicros);
  const price = BigInt(entry.priceMicros);
  if (entry.clearingMicros < 0) return reserved;
  const cleared = BigInt(entry.clearingMicros) < price ? BigInt(entry.clearingMicros) : price;
  const floor = (reserved * cleared) / price;
  return floor * price === reserved * cleared ? floor : floor + 1n;
}
