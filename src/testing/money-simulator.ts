import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { RingWriter } from "../base/ring.js";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { bucketOf, reserve, SLOT_NONE, sweepSlots } from "../bid/reserve.js";
import {
  bucketsMax,
  createSharedBuffers,
  type SharedState,
  sharedStateFrom,
  slotWords,
} from "../bid/shared-state.js";
import type { NoticeEntry } from "../journal/entry.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeEffect, NoticeField, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import { ClockPeaks } from "./clock-peaks.js";
import { type NaiveBid, NaiveLedger, type NaiveNotice } from "./naive-ledger.js";
import { PowerFolder } from "./power-folder.js";
import { ReenteredDays } from "./reentered-days.js";
import {
  bidNanosMax,
  campaignOf,
  dayOf,
  lineItems,
  placeOf,
  type Simulation,
  simulatedPlan,
  simulatedSizes,
} from "./simulated-money.js";

const hourMs = 3_600_000;
/** A crash comes at least this often. */
const crashEvery = 320;
const workers = [0, 1] as const;

type Sent = { readonly bid: NaiveBid; readonly notice: Notice; lost: boolean };

/**
 * THE SIMULATOR: the real money loop, journal and shared tables on a virtual clock and a disk in
 * memory, under a seeded life of bids, notices that come late, twice, in another order or never,
 * crashes, failing disks, torn writes and clocks that jump by up to 26 hours. The oracle
 * (`NaiveLedger`) keeps its own sums; after each event both are compared. Every word of `wrong` is
 * a broken promise.
 */
export class MoneySimulator {
  readonly result: Simulation;
  private readonly random: SeededRandom;
  private readonly folder = new PowerFolder();
  private readonly oracle = new NaiveLedger(dayOf);
  private readonly bids: Sent[] = [];
  private trueMs = 1_800_000_000_000;
  private offsetMs = 0;
  private readonly peaks = new ClockPeaks();
  private readonly reentered = new ReenteredDays(dayOf);
  private boot = 0;
  private counters: number[] = [];
  private sequences: number[] = [];
  /** In the rings, by worker, not taken yet. */
  private queued: NaiveNotice[][] = [[], []];
  /** Expiry buckets that hold sums in this boot. */
  private buckets = new Set<number>();
  private states: SharedState[] = [];
  private rings: RingWriter[] = [];
  private loop!: MoneyLoop;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.result = {
      ...{ seed, events: 0, bids: 0, notices: 0, repeats: 0, crashes: 0, diskFailures: 0 },
      ...{
        clockJumps: 0,
        bills: 0,
        lateBills: 0,
        spent: 0n,
        overspent: 0n,
        daysUsedUp: 0,
        totalsUsedUp: 0,
      },
      wrong: [],
    };
  }

  /** What throws is a broken promise as well. */
  run(events: number): Simulation {
    try {
      this.live(events);
    } catch (error) {
      this.result.wrong.push(error instanceof Error ? error.message : "threw");
    }
    return this.result;
  }

  private live(events: number): void {
    const { result } = this;
    this.start();
    while (result.events < events && result.wrong.length === 0) {
      result.events++;
      this.trueMs += this.random.below(100);
      this.event();
      if (result.events % crashEvery === 0) this.crash();
      this.checkSums();
    }
    if (result.wrong.length === 0) this.crash();
    result.bills = this.oracle.charges.size;
    result.notices = this.oracle.notices;
    for (const { late } of this.oracle.charges.values()) if (late) result.lateBills++;
    for (const spent of this.oracle.spent.values()) result.spent += spent;
  }

  private get nowMs(): number {
    return this.trueMs + this.offsetMs;
  }

  private get nowSec(): number {
    return Math.floor(this.nowMs / 1000);
  }

  private event(): void {
    const choice = this.random.below(1000);
    if (choice < 420) this.bid();
    else if (choice < 840) this.notify();
    else if (choice < 940) this.step();
    else if (choice < 970) this.wait(this.random.below(30_000));
    else if (choice < 978) this.wait(this.random.below(8 * hourMs));
    else if (choice < 984) this.jump();
    else if (choice < 992) this.failDisk();
    else this.crash();
  }

  private start(): void {
    const buffers = createSharedBuffers(simulatedSizes);
    this.states = workers.map((worker) => sharedStateFrom(buffers, worker));
    this.loop = new MoneyLoop({
      ...{ buffers, folder: this.folder, segmentBytesMax: 6000 },
      nextBoot: (journalBoot) => {
        this.boot = Math.max(this.boot, journalBoot) + 1;
        return this.boot;
      },
      nowMs: () => this.nowMs,
      acknowledge: () => undefined,
    });
    this.rings = buffers.rings.map((ring) => new RingWriter(ring, this.states[0]!.wakeWord()));
    this.counters = [0, 0];
    this.sequences = [0, 0];
    this.queued = [[], []];
    this.buckets = new Set();
    this.loop.adopt(simulatedPlan());
    this.step();
  }

  private bid(): void {
    const worker = this.random.below(2);
    const state = this.states[worker]!;
    const lineItem = this.random.pick(lineItems);
    const place = placeOf(lineItem);
    const nanos = 1 + this.random.below(bidNanosMax);
    // As bid/hold: after a jump of the clock nothing is bid before the money thread has looked.
    if (!state.mayBidAt(Math.floor(this.nowMs / 1000))) return;
    if (!takeAllowance(state, place, nanos)) return;
    const { nowSec } = this;
    const lifeSec = this.random.below(8) === 0 ? 7200 : 10 + this.random.below(300);
    const expirySec = nowSec + lifeSec;
    const notice = new Notice();
    const ordinal = this.random.below(2);
    const held = { place, ordinal, capSlots: [], capCount: 0, nanos, expirySec };
    if (!reserve(state, held, nowSec, notice)) {
      giveBack(state, place, nanos);
      return;
    }
    if (notice.slot === SLOT_NONE) this.buckets.add(bucketOf(expirySec) % bucketsMax);
    const counter = this.counters[worker]!++;
    notice.nonce.set([worker, 0, this.boot >> 8, this.boot, 0, 0, 0, counter >> 8, counter]);
    const priceMicros = 1 + this.random.below(200);
    const more = { lineItem, reservedMicros: nanos, priceMicros, timeSec: nowSec, expirySec };
    Object.assign(notice, more);
    const bid: NaiveBid = {
      ...{ token: `${worker}:${this.boot}:${counter}`, boot: this.boot, lineItem, expirySec },
      madeMs: this.nowMs,
      shownMs: this.peaks.since(0),
      ...{ lifeEndSec: nowSec + tokenLifeSec, latestSec: this.latestSince(this.nowMs) },
      ...{ campaign: campaignOf(lineItem), reserved: BigInt(nanos), price: BigInt(priceMicros) },
    };
    this.bids.push({ bid, notice, lost: this.random.below(10) === 0 });
    this.result.bids++;
  }

  private latestSince(nowMs: number): () => number {
    const moment = this.peaks.note(nowMs);
    return () => Math.floor(this.peaks.since(moment) / 1000);
  }

  /** A notice of any bid of late, to any worker; some come again, some never. */
  private notify(): void {
    const { random, bids } = this;
    if (bids.length === 0) return;
    const back = random.below(Math.min(bids.length, random.below(20) === 0 ? 400 : 30));
    const sent = bids[bids.length - 1 - back]!;
    if (sent.lost || this.isDying(sent.bid)) return;
    const draw = random.below(10);
    const kind = draw < 6 ? NoticeKind.BILL : draw < 8 ? NoticeKind.LOSS : NoticeKind.WIN;
    const times = random.below(5) === 0 ? 2 + random.below(3) : 1;
    for (let i = 0; i < times; i++) this.push(sent, kind);
  }

  /** Where the clocks do not agree on whether a token's life is over nothing is promised. */
  private isDying(bid: NaiveBid): boolean {
    this.peaks.note(this.nowMs);
    const latestSec = bid.latestSec();
    const { lifeEndSec } = bid;
    return lifeEndSec > this.nowSec - 60 && lifeEndSec < latestSec + 60;
  }

  private push({ bid, notice }: Sent, kind: number): void {
    const worker = this.random.below(2);
    const ring = this.rings[worker]!;
    const at = ring.claim();
    if (at < 0) {
      this.step();
      return;
    }
    notice.noticeKind = kind;
    notice.sequence = ++this.sequences[worker]!;
    notice.clearingMicros = this.random.below(3) === 0 ? -1 : this.random.below(250);
    notice.receivedMs = this.nowMs;
    ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, ring.view, at);
    ring.publish(true);
    const { clearingMicros: clearing, receivedMs } = notice;
    this.queued[worker]!.push({ bid, kind, clearing, receivedMs });
  }

  /** One round of the loop; what it took is then told to the oracle. */
  private step(): void {
    this.peaks.note(this.nowMs);
    this.loop.step();
    if (this.loop.failure !== "") {
      this.crash();
      return;
    }
    this.tellOracle();
    for (const state of this.states) sweepSlots(state, this.nowSec, 8);
  }

  private tellOracle(): void {
    for (const notices of this.queued) {
      for (const notice of notices) {
        if (!this.oracle.take(notice)) this.result.repeats++;
      }
    }
    this.queued = [[], []];
  }

  /** Notices in the rings are taken first: those in time must not become late in there. */
  private wait(ms: number): void {
    this.step();
    this.trueMs += ms;
    this.step();
  }

  /** The clock is set wrong by up to 26 hours, or right again. */
  private jump(): void {
    this.step();
    this.result.clockJumps++;
    const wrong = (this.random.fraction() * 2 - 1) * 26 * hourMs;
    this.offsetMs = this.offsetMs === 0 ? Math.round(wrong) : 0;
    this.step();
  }

  private failDisk(): void {
    const { folder, random } = this;
    this.result.diskFailures++;
    const which = random.below(4);
    if (which === 0) folder.disk.failNextSync = true;
    else if (which === 1) folder.disk.failNextAppend = true;
    else if (which === 2) folder.failNextFolderSync = true;
    else folder.disk.writeBytesMax = 1 + random.below(40);
    const last = this.bids.at(-1);
    if (last !== undefined) this.push(last, NoticeKind.BILL);
    this.step();
    if (which !== 2) folder.heal();
  }

  /** The process ends: in order, or with the power cut; then the journal alone tells. */
  private crash(): void {
    const { random, folder } = this;
    this.result.crashes++;
    if (this.loop.failure === "" && random.below(4) === 0) {
      this.peaks.note(this.nowMs);
      folder.heal();
      this.loop.close();
      this.tellOracle();
    } else folder.cutPower(random);
    this.compareJournal();
    this.restart();
  }

  /** A start whose own writes fail is started again. */
  private restart(): void {
    if (this.random.below(10) === 0) {
      this.folder.disk.failNextSync = true;
      try {
        this.start();
        if (this.loop.failure === "") return;
      } catch {
        this.result.diskFailures++;
      }
      this.folder.cutPower(this.random);
      this.compareJournal();
    }
    this.folder.heal();
    this.start();
  }

  /** What a round took that failed may be in the journal or not: only then the oracle looks. */
  private compareJournal(): void {
    const stored: NoticeEntry[] = [];
    scanJournal(this.folder, (entry) => {
      if (entry.kind === RecordKind.NOTICE) stored.push(entry);
    });
    const kept = new Set(stored.map((one) => `${tokenOf(one)} ${one.noticeKind}`));
    for (const notice of this.queued.flat()) {
      if (kept.has(`${notice.bid.token} ${notice.kind}`)) this.oracle.take(notice);
    }
    this.queued = [[], []];
    this.result.wrong.push(...this.oracle.differences(stored));
    for (const entry of stored) {
      const late = this.oracle.charges.get(tokenOf(entry))?.late ?? false;
      if (entry.effect === NoticeEffect.LATE && !late) {
        this.result.wrong.push(`${tokenOf(entry)} was in time and is shown as late`);
      }
    }
  }

  /** By place: held slots and sums, counted from the tables. */
  private reserved(): bigint[] {
    const { slots, sums } = this.states[0]!;
    const { places } = simulatedSizes;
    const held = new Array<bigint>(places).fill(0n);
    for (let at = 0; at < slots.length; at += slotWords) {
      if ((slots[at]! & 3) === 0) continue;
      held[slots[at + 2]!]! += BigInt(slots[at + 4]!) * 2n ** 32n + BigInt(slots[at + 3]!);
    }
    for (const bucket of this.buckets) {
      for (let place = 0; place < places; place++) held[place]! += sums[bucket * places + place]!;
    }
    return held;
  }

  /** After each event: credit = debit, and nothing above a budget but bills that came late. */
  private checkSums(): void {
    const { oracle, result } = this;
    const reserved = this.reserved();
    const open = new Map<number, bigint>();
    for (const account of this.loop.accounts()) {
      const { lineItem, place, campaign } = account;
      const allowance = this.states[0]!.allowances[place]!;
      const debit = account.charged + reserved[place]! + allowance + account.returned;
      if (debit !== account.granted) {
        result.wrong.push(`line item ${lineItem}: credit ${account.granted}, debit ${debit}`);
      }
      const charged = oracle.chargedIn(this.boot, lineItem);
      if (charged !== account.charged) {
        result.wrong.push(`line item ${lineItem}: ${account.charged} charged, owed ${charged}`);
      }
      open.set(campaign, (open.get(campaign) ?? 0n) + reserved[place]! + allowance);
    }
    this.reentered.note(this.nowMs, open);
    for (const budget of simulatedPlan().campaigns) this.checkBudget(budget, open);
  }

  private checkBudget(
    budget: ReturnType<typeof simulatedPlan>["campaigns"][number],
    open: ReadonlyMap<number, bigint>,
  ): void {
    const { oracle, result } = this;
    const { campaign, totalNanos, dailyNanos } = budget;
    const spent = oracle.spent.get(campaign) ?? 0n;
    const above =
      spent + (open.get(campaign) ?? 0n) - (totalNanos ?? 0n) - (oracle.late.get(campaign) ?? 0n);
    const today = oracle.onDay(campaign, this.nowMs);
    const reopened = this.reentered.of(campaign, this.nowMs);
    const aboveToday = today.spent - (dailyNanos ?? 0n) - today.excused - reopened;
    const most = above > aboveToday ? above : aboveToday;
    if (most > result.overspent) result.overspent = most;
    if (above > 0n) result.wrong.push(`campaign ${campaign}: ${above} above its total`);
    if (aboveToday > 0n) result.wrong.push(`campaign ${campaign}: ${aboveToday} above its day`);
    if (10n * today.spent > 9n * (dailyNanos ?? 0n)) result.daysUsedUp++;
    if (10n * spent > 9n * (totalNanos ?? 0n)) result.totalsUsedUp++;
  }
}

const tokenOf = ({ worker, boot, counter }: NoticeEntry): string => `${worker}:${boot}:${counter}`;
