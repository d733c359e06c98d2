import { NoticeKind } from "../base/lists.js";
import type { Learnt } from "../bid/learnt.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind, TokenFlag } from "../journal/record.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { CellFacts } from "../ledger/cell-facts.js";
import { ClickRates } from "../ledger/click-rates.js";
import { LateBills } from "../ledger/late-bills.js";
import type { LearningExchange } from "../ledger/learning-plan.js";
import { LinearBids } from "../ledger/linear-bids.js";
import { MarketPrices } from "../ledger/market-prices.js";
import { NoticeDelays } from "../ledger/notice-delays.js";
import { type Held, WinRates } from "../ledger/win-rates.js";
import type { MoneyFold, MoneyStart } from "./money-fold.js";

const countEveryMs = 250;
const publishEveryMs = 1000;
/** Contexts and rates written in one go: some milliseconds at most. */
const contextsPerTurn = 64;
const ratesPerTurn = 4096;
/** Losses for a price: below the floor, outbid, or without a reason. Others say nothing of it. */
const priceLosses: readonly number[] = [100, 102, 0xffff];

/**
 * What the money thread learns from the journal's notices for the bids: how long bills take, what
 * prices win, which creatives are clicked, what share a budget allows, and which campaigns are held
 * where the wins are not credible.
 */
export class LearntFold implements MoneyFold {
  private readonly cells = new CellFacts();
  private readonly delays = new NoticeDelays();
  private readonly late = new LateBills();
  private readonly clicks = new ClickRates();
  private readonly linear = new LinearBids();
  private readonly rates = new WinRates();
  private prices = new MarketPrices(2);
  private readonly exchanges = new Map<number, LearningExchange>();
  private readonly campaignOf = new Map<number, number>();
  /** Bids counted so far, by worker: line item x exchange -> the count at the last look. */
  private counted: Map<number, number>[] = [];
  private learnsPrices = true;
  private learnsClicks = true;
  private boot = 0;
  private start: MoneyStart | null = null;
  private readonly letGo: Held[] = [];
  private countDueMs = 0;
  private publishDueMs = 0;
  /** Called when a campaign is held, for the log. */
  private readonly onHeld: (held: Held) => void;

  constructor(rowsMax: number, onHeld: (held: Held) => void = () => {}) {
    this.prices = new MarketPrices(rowsMax);
    this.onHeld = onHeld;
  }

  readonly replay = (entry: Entry): void => {
    this.note(entry, 0);
    if (entry.kind === RecordKind.GRANT) this.campaignOf.set(entry.lineItem, entry.campaign);
    if (entry.kind !== RecordKind.HOLD) return;
    if (entry.held === 1) this.rates.restore(entry.campaign, entry.exchange, entry.timeMs);
    else this.rates.letGo(entry.campaign, entry.exchange);
  };

  readonly begin = (start: MoneyStart): void => {
    this.start = start;
    this.boot = start.boot;
    this.counted = start.learnt.bids.map(() => new Map<number, number>());
    for (const { campaign, exchange } of this.rates.held()) {
      start.learnt.holds.put(campaign, exchange, 1);
    }
    this.publish(start, start.nowMs, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  };

  readonly adopt = (plan: BudgetPlan): void => {
    for (const { campaign, lineItems } of plan.campaigns) {
      for (const { lineItem } of lineItems) this.campaignOf.set(lineItem, campaign);
    }
    this.linear.adopt(plan);
    if (this.start !== null) this.keepBack(this.start, this.start.nowMs);
    const { learning } = plan;
    if (learning === undefined) return;
    this.learnsPrices = learning.prices;
    this.learnsClicks = learning.clicks;
    this.exchanges.clear();
    for (const exchange of learning.exchanges) this.exchanges.set(exchange.exchange, exchange);
    this.rates.setBands(
      learning.exchanges.flatMap(({ exchange, winRate, expSec }) =>
        winRate === null ? [] : [{ exchange, ...winRate, billedSec: expSec }],
      ),
    );
    this.letGo.push(...this.rates.heldWithoutBand());
  };

  /** A person lets a campaign go; false = it is not held there. */
  release(campaign: number, exchange: number): boolean {
    const held = this.held().find((one) => one.campaign === campaign && one.exchange === exchange);
    if (held !== undefined) this.letGo.push(held);
    return held !== undefined;
  }

  held(): Held[] {
    return this.rates.held();
  }

  readonly take = (entry: Entry): void => this.note(entry, this.boot);

  readonly step = (nowMs: number, out: Entry[]): void => {
    if (this.start === null) return;
    const { learnt } = this.start;
    for (const { campaign, exchange } of this.letGo.splice(0)) {
      if (!this.rates.letGo(campaign, exchange)) continue;
      learnt.holds.put(campaign, exchange, 0);
      out.push(this.holdEntry(campaign, exchange, 0, nowMs));
    }
    if (nowMs >= this.countDueMs || this.countDueMs - nowMs > 60_000) {
      this.countDueMs = nowMs + countEveryMs;
      this.countBids(learnt, Math.floor(nowMs / 1000));
      for (const held of this.rates.judge(nowMs)) {
        learnt.holds.put(held.campaign, held.exchange, 1);
        out.push(this.holdEntry(held.campaign, held.exchange, 1, nowMs));
        this.onHeld(held);
      }
    }
    if (nowMs >= this.publishDueMs || this.publishDueMs - nowMs > 60_000) {
      this.publishDueMs = nowMs + publishEveryMs;
      this.publish(this.start, nowMs, contextsPerTurn, ratesPerTurn);
    }
  };

  private holdEntry(campaign: number, exchange: number, held: number, timeMs: number): Entry {
    return { kind: RecordKind.HOLD, boot: this.boot, campaign, exchange, held, timeMs };
  }

  private countBids(learnt: Learnt, nowSec: number): void {
    for (const [worker, table] of learnt.bids.entries()) {
      const before = this.counted[worker]!;
      table.each((lineItem, exchange, bids) => {
        const key = lineItem * 65_536 + exchange;
        const more = (bids - (before.get(key) ?? 0)) >>> 0;
        if (more === 0) return;
        before.set(key, bids);
        const campaign = this.campaignOf.get(lineItem) ?? 0;
        this.rates.addBids(campaign, exchange, more, nowSec);
        this.linear.countBids(campaign, more);
      });
    }
  }

  private publish(start: MoneyStart, nowMs: number, contexts: number, rates: number): void {
    const { learnt } = start;
    this.delays.each((exchange, format, lifeSec) => {
      if (lifeSec > 0) learnt.lives.put(exchange, format, lifeSec);
    });
    this.keepBack(start, nowMs);
    this.prices.publish(learnt, contexts);
    this.clicks.publish(learnt, rates);
    this.linear.turn(
      Math.floor(nowMs / 1000),
      ({ exchange, format, size }, bidMicros) =>
        this.prices.costOf(exchange, format, size, bidMicros),
      learnt,
    );
  }

  private keepBack({ holdBack }: MoneyStart, nowMs: number): void {
    for (const campaign of this.late.ids()) {
      const nanos = this.late.holdBack(campaign, Math.floor(nowMs / 1000));
      holdBack(campaign, BigInt(Math.ceil(nanos)));
    }
  }

  /** `boot` 0 = replayed: of earlier processes. */
  private note(entry: Entry, boot: number): void {
    if (entry.kind === RecordKind.CELL) this.cells.add(entry);
    if (entry.kind !== RecordKind.NOTICE || entry.effect === NoticeEffect.TEST) return;
    const cell = this.cells.of(entry.boot, entry.cell);
    const campaign = this.campaignOf.get(entry.lineItem) ?? 0;
    if (entry.noticeKind === NoticeKind.CLICK) {
      if (this.learnsClicks && cell !== undefined) this.clicks.addClick(entry.creative, cell);
      return;
    }
    const { effect } = entry;
    const inTime = effect === NoticeEffect.BILLED || effect === NoticeEffect.LATE;
    if (inTime || effect === NoticeEffect.EARLIER_BOOT) this.noteBill(entry, campaign, inTime);
    if (inTime && entry.boot === boot) {
      this.rates.addWin(campaign, entry.exchange, entry.timeSec);
    }
    if (cell === undefined) return;
    if (inTime && this.learnsClicks) this.clicks.addImpression(entry.creative, cell);
    if (this.learnsPrices && (entry.flags & TokenFlag.DEAL) === 0) {
      if (this.notePrice(entry, cell.format, cell.size)) this.linear.addBid(campaign, entry, cell);
    }
  }

  private noteBill(entry: NoticeEntry, campaign: number, inTime: boolean): void {
    const receivedSec = entry.receivedMs / 1000;
    this.linear.addSpend(campaign, entry.chargedNanos, Math.floor(receivedSec));
    // What waited for a restart says nothing of the exchange.
    if (!inTime) return;
    const format = this.cells.of(entry.boot, entry.cell)?.format ?? 0;
    this.delays.add(entry.exchange, format, receivedSec - entry.timeSec);
    if (entry.effect !== NoticeEffect.LATE) return;
    this.late.add(campaign, entry.chargedNanos, entry.expirySec, Math.floor(receivedSec));
  }

  /** True when the notice tells how the bid's auction ended. */
  private notePrice(entry: NoticeEntry, format: number, size: number): boolean {
    const exchange = this.exchanges.get(entry.exchange);
    const { noticeKind, priceMicros, clearingMicros, minToWinMicros, lossCode } = entry;
    if (noticeKind === NoticeKind.LOSS) {
      if (!priceLosses.includes(lossCode)) return false;
      if (minToWinMicros > 0) {
        this.prices.addPrice(entry.exchange, format, size, minToWinMicros);
      } else this.prices.addLoss(entry.exchange, format, size, priceMicros);
      return true;
    }
    // Replayed before the first World: bills stand for wins.
    const winsBy = exchange?.winsBy ?? NoticeKind.BILL;
    if (noticeKind !== winsBy || exchange?.losses === false) return false;
    const second = exchange?.firstPrice === false;
    if (second && clearingMicros > 0 && clearingMicros < priceMicros) {
      this.prices.addPrice(entry.exchange, format, size, clearingMicros);
    } else this.prices.addWin(entry.exchange, format, size, priceMicros);
    return true;
  }
}
