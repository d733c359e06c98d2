import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import { SeededRandom } from "../base/random.js";
import { bucketOf, SLOT_NONE, sweepSlots } from "../bid/reserve.js";
import {
  bucketsMax,
  createSharedBuffers,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { writeNotice } from "../journal/notice.js";
import { NoticeField, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { units } from "../ledger/budget-history.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import { ClockPeaks } from "./clock-peaks.js";
import { NaiveCaps } from "./naive-caps.js";
import { type NaiveBid, NaiveLedger, type NaiveNotice } from "./naive-ledger.js";
import { PowerFolder } from "./power-folder.js";
import { type SentBid, SentBids } from "./sent-bids.js";
import { personIn, personKey, SimulatedBidder, simulatedTable } from "./simulated-bidder.js";
import { SimulatedBudgets } from "./simulated-budgets.js";
import { SimulatedFolds, withExposures, wrongRecords } from "./simulated-folds.js";
import {
  bidNanosMax,
  heldByPlace,
  noCounts,
  type Simulation,
  simulatedSizes,
} from "./simulated-money.js";
import { SimulatedTree } from "./simulated-tree.js";

const hourMs = 3_600_000;
/** A crash comes at least this often. */
const crashEvery = 320;
const workers = [0, 1] as const;

/** In the mean of a boot, a step being a line item's: a look takes some thirty. */
const stepsARound = [4, 40, 400] as const;
/** The journal is read by all folds anew after one crash in so many. */
const readEvery = 4;
/** One seed in so many keeps an exposure log: its files cost more than all the rest. */
const exposuresEvery = 8;

/**
 * THE SIMULATOR: the real hold, money loop, folds, journal and shared tables on a virtual clock and
 * a disk in memory, under a seeded life of bids, notices that come late, twice, in another order or
 * never, edits of the plan, crashes, failing disks, torn writes and clocks that jump by up to 26
 * hours. The oracles (`NaiveLedger`, `NaiveCaps`) keep their own sums; after each event both are
 * compared. Every word of `wrong` is a broken promise.
 */
export class MoneySimulator {
  readonly result: Simulation;
  private readonly random: SeededRandom;
  private readonly folder = new PowerFolder();
  private readonly tree: SimulatedTree;
  private readonly budgets: SimulatedBudgets;
  private readonly oracle: NaiveLedger;
  private readonly caps = new NaiveCaps();
  private readonly bids = new SentBids();
  private trueMs = 1_800_000_000_000;
  private offsetMs = 0;
  private readonly peaks = new ClockPeaks();
  private boot = 0;
  private generation = 0;
  private sequences: number[] = [];
  /** In the rings, by worker, not taken yet. */
  private queued: NaiveNotice[][] = [[], []];
  /** Expiry buckets that hold sums in this boot. */
  private buckets = new Set<number>();
  private states: SharedState[] = [];
  private bidders: SimulatedBidder[] = [];
  private folds!: SimulatedFolds;
  private loop!: MoneyLoop;
  private exposures: string | null = null;
  /** The folds have seen all that their loop made durable. */
  private following = false;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.result = { ...noCounts, seed, spent: 0n, overspent: 0n, wrong: [] };
    this.tree = new SimulatedTree(seed, this.keepsExposures);
    this.budgets = new SimulatedBudgets(this.tree.levels, this.result);
    this.oracle = new NaiveLedger(this.budgets.naive);
  }

  private get keepsExposures(): boolean {
    return this.result.seed % exposuresEvery === 5;
  }

  /** What throws is a broken promise as well. */
  run(events: number): Simulation {
    try {
      if (!this.keepsExposures) this.live(events);
      else {
        withExposures((folder) => {
          this.exposures = folder;
          this.live(events);
        });
      }
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
    for (const { late, nanos } of this.oracle.charges.values()) {
      if (late) result.lateBills++;
      result.spent += nanos;
    }
  }

  private get nowMs(): number {
    return this.trueMs + this.offsetMs;
  }

  private get nowSec(): number {
    return Math.floor(this.nowMs / 1000);
  }

  private event(): void {
    const choice = this.random.below(1000);
    if (choice < 416) this.bid();
    else if (choice < 420) this.edit();
    else if (choice < 840) this.notify();
    else if (choice < 940) for (let n = this.random.below(12); n >= 0; n--) this.step();
    else if (choice < 970) this.wait(this.random.below(30_000));
    else if (choice < 978) this.wait(this.random.below(8 * hourMs));
    else if (choice < 984) this.jump();
    else if (choice < 992) this.failDisk();
    else this.crash();
  }

  private start(): void {
    this.following = false;
    const stepsASlice = this.random.pick(stepsARound);
    const buffers = createSharedBuffers(simulatedSizes);
    this.states = workers.map((worker) => sharedStateFrom(buffers, worker));
    const mark = `${(this.result.crashes + this.result.diskFailures).toString(16)}0`;
    const exposures = this.exposures === null ? null : { folder: this.exposures, mark };
    this.folds = new SimulatedFolds(buffers, () => this.nowMs, exposures);
    this.loop = new MoneyLoop({
      ...{ buffers, folder: this.folder, segmentBytesMax: 6000, folds: this.folds.all },
      nextBoot: (journalBoot) => {
        this.boot = Math.max(this.boot, journalBoot) + 1;
        return this.boot;
      },
      nowMs: () => this.nowMs,
      ...{ aStep: 1, isOver: () => this.random.below(stepsASlice) === 0 },
      acknowledge: () => undefined,
    });
    const { countsImpressions, served } = this.tree;
    const table = simulatedTable(countsImpressions, served);
    this.bidders = workers.map(
      (worker) => new SimulatedBidder(this.states[worker]!, buffers.rings[worker]!, table),
    );
    this.sequences = [0, 0];
    this.queued = [[], []];
    this.buckets = new Set();
    this.following = true;
    this.loop.adopt({ ...this.tree.plan(this.boot), generation: ++this.generation });
    this.step();
  }

  private bid(): void {
    const { random, nowMs, nowSec, boot, result } = this;
    const bidder = random.pick(this.bidders);
    const lineItem = random.pick(this.tree.live);
    const nanos = 1 + random.below(bidNanosMax);
    const lifeSec = random.below(8) === 0 ? 7200 : 10 + random.below(300);
    const person = personIn(random);
    const wanted = { lineItem, nanos, lifeSec, person };
    const notice = bidder.bid(wanted, boot, nowMs, random.below(2 ** 31));
    if (typeof notice === "number") {
      if (notice === Outcome.CAPPED) result.capped++;
      return;
    }
    const { expirySec } = notice;
    if (notice.slot === SLOT_NONE) this.buckets.add(bucketOf(expirySec) % bucketsMax);
    notice.priceMicros = 1 + random.below(200);
    const bid: NaiveBid = {
      ...{ token: tokenOf(notice), boot, lineItem, expirySec, madeMs: nowMs },
      ...{ levels: this.tree.keysOf(lineItem), shownMs: this.peaks.since(0) },
      ...{ lifeEndSec: nowSec + tokenLifeSec, latestSec: this.latestSince() },
      ...{ reserved: BigInt(nanos), price: BigInt(notice.priceMicros) },
    };
    this.bids.add({ bid, notice, lost: random.below(10) === 0 });
    result.bids++;
    if (person.ordinal === 0 && person.hash === 0) return;
    const { wrong, usedUp } = this.caps.bid(bid, personKey(person), this.tree.served);
    result.wrong.push(...wrong);
    if (usedUp) result.capsUsedUp++;
  }

  /** Another World within the boot. */
  private edit(): void {
    const { tree } = this;
    this.step();
    this.result.edits++;
    tree.edit(this.random);
    const table = simulatedTable(tree.countsImpressions, tree.served);
    for (const bidder of this.bidders) bidder.serve(table);
    this.loop.adopt({ ...tree.plan(this.boot), generation: ++this.generation });
    if (this.random.below(3) === 0) this.loop.noteGeneration(++this.generation);
    this.step();
  }

  /** The latest second that the clock has shown from now on. */
  private latestSince(): () => number {
    const moment = this.peaks.note(this.nowMs);
    return () => Math.floor(this.peaks.since(moment) / 1000);
  }

  /** A notice of any bid of late, to any worker; some come again, some never. */
  private notify(): void {
    const { random, oracle } = this;
    const isBilled = ({ token }: NaiveBid): boolean => oracle.charges.has(token);
    const sent = this.bids.pick(random, this.boot, isBilled);
    if (sent === null || sent.lost || this.isDying(sent.bid)) return;
    const draw = random.below(20);
    const other = draw < 19 ? NoticeKind.WIN : NoticeKind.CLICK;
    const kind = draw < 12 ? NoticeKind.BILL : draw < 16 ? NoticeKind.LOSS : other;
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

  private push({ bid, notice }: SentBid, kind: number): void {
    const worker = this.random.below(2);
    const { ring } = this.bidders[worker]!;
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
    if (this.loop.isBusy) this.result.roundsBusy++;
    this.tellOracle();
    const failure = this.folds.failure();
    if (failure !== "") this.result.wrong.push(failure);
    for (const state of this.states) sweepSlots(state, this.nowSec, 8);
  }

  private tellOracle(): void {
    for (const notices of this.queued) {
      for (const notice of notices) {
        if (this.oracle.take(notice)) {
          const { bid, kind } = notice;
          this.caps.take(bid, kind, this.nowSec, this.latestSince());
        } else this.result.repeats++;
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
    const atOnce = folder.breakOne(random);
    const last = this.bids.last();
    if (last !== undefined) this.push(last, NoticeKind.BILL);
    this.step();
    if (atOnce) folder.heal();
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
    const entries: Entry[] = [];
    scanJournal(this.folder, (entry) => entries.push(entry));
    const stored = entries.filter((entry) => entry.kind === RecordKind.NOTICE);
    const kept = new Set(stored.map((one) => `${tokenOf(one)} ${one.noticeKind}`));
    for (const notice of this.queued.flat()) {
      if (kept.has(`${notice.bid.token} ${notice.kind}`)) this.oracle.take(notice);
    }
    this.queued = [[], []];
    const { wrong } = this.result;
    wrong.push(...this.oracle.differences(stored));
    this.caps.crash(this.exposures !== null);
    if (this.result.crashes % readEvery !== 1) return;
    wrong.push(...wrongRecords(entries));
    if (!this.following || this.loop.failure !== "") return;
    const exact = this.result.clockJumps === 0;
    wrong.push(...this.folds.differences(entries, this.nowMs, exact));
  }

  /** After each event: credit = debit, and nothing above a limit but bills that came late. */
  private checkSums(): void {
    const { oracle, result } = this;
    const reserved = heldByPlace(this.states[0]!, this.buckets);
    const open = new Map<number, [bigint, bigint]>();
    for (const unit of units) {
      for (const account of this.loop.accounts(unit)) {
        const { lineItem, place } = account;
        const allowance = this.states[0]!.allowances[place]!;
        const debit = account.charged + reserved[place]! + allowance + account.returned;
        if (debit !== account.granted) {
          result.wrong.push(`line item ${lineItem}: credit ${account.granted}, debit ${debit}`);
        }
        const charged = oracle.chargedIn(this.boot, lineItem)[unit];
        if (charged !== account.charged) {
          result.wrong.push(`line item ${lineItem}: ${account.charged} charged, owed ${charged}`);
        }
        const own = open.get(lineItem) ?? [0n, 0n];
        own[unit] = reserved[place]! + allowance;
        open.set(lineItem, own);
      }
    }
    this.budgets.check(this.nowMs, open);
  }
}

type Nonce = Pick<NoticeEntry, "worker" | "boot" | "counter">;
const tokenOf = ({ worker, boot, counter }: Nonce): string => `${worker}:${boot}:${counter}`;
