import { NoticeKind } from "../base/lists.js";
import { BidReader } from "../bid/bid-counts.js";
import type { Entry, ExchangeEntry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind, TokenFlag } from "../journal/record.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { CellFacts } from "../ledger/cell-facts.js";
import { ClickRates } from "../ledger/click-rates.js";
import { LateBills } from "../ledger/late-bills.js";
import type { LearningPlan } from "../ledger/learning-plan.js";
import { LinearBids } from "../ledger/linear-bids.js";
import { MarketPrices } from "../ledger/market-prices.js";
import { NoticeDelays } from "../ledger/notice-delays.js";
import type { MoneyFold, MoneyStart } from "./money-fold.js";

const publishEveryMs = 1000;
/** Contexts and rates written in one go: some milliseconds at most. */
const contextsPerTurn = 64;
const ratesPerTurn = 4096;
/** Losses for a price: below the floor, outbid, or without a reason. Others say nothing of it. */
const priceLosses: readonly number[] = [100, 102, 0xffff];

/**
 * What the money thread learns from the journal's records for the bids: how long bills take, what
 * prices win, which creatives are clicked, and what share a budget allows. A World's say in it is a
 * record too (EXCHANGE), so that reading the journal again teaches the same.
 */
export class LearntFold implements MoneyFold {
  private readonly cells = new CellFacts();
  private readonly delays = new NoticeDelays();
  private readonly late = new LateBills();
  private readonly clicks = new ClickRates();
  private readonly linear = new LinearBids();
  private readonly prices: MarketPrices;
  /** By exchange: the newest of the journal, and what the plan says that is not there yet. */
  private readonly exchanges = new Map<number, ExchangeEntry>();
  private due: readonly Learns[] = [];
  private readonly campaignOf = new Map<number, number>();
  private boot = 0;
  private start: MoneyStart | null = null;
  private reader = new BidReader([]);
  private publishDueMs = 0;

  constructor(rowsMax: number) {
    this.prices = new MarketPrices(rowsMax);
  }

  readonly replay = (entry: Entry): void => this.take(entry);

  readonly begin = (start: MoneyStart): void => {
    this.start = start;
    this.boot = start.boot;
    this.reader = new BidReader(start.learnt.bids);
    this.publish(start, start.nowMs, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  };

  readonly adopt = (plan: BudgetPlan): void => {
    this.linear.adopt(plan);
    if (this.start !== null) this.keepBack(this.start, this.start.nowMs);
    if (plan.learning !== undefined) this.due = exchangesOf(plan.learning, this.boot);
  };

  readonly step = (nowMs: number, out: Entry[]): void => {
    if (this.start === null) return;
    for (const entry of this.due) {
      const known = this.exchanges.get(entry.exchange);
      if (known === undefined || !isSame(known, entry)) out.push({ ...entry, timeMs: nowMs });
    }
    this.due = [];
    if (nowMs >= this.publishDueMs || this.publishDueMs - nowMs > 60_000) {
      this.publishDueMs = nowMs + publishEveryMs;
      this.reader.since((campaign, _exchange, _slice, bids) => {
        this.linear.countBids(campaign, bids);
      });
      this.publish(this.start, nowMs, contextsPerTurn, ratesPerTurn);
    }
  };

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
      const { nanos, impressions } = this.late.holdBack(campaign, Math.floor(nowMs / 1000));
      holdBack(campaign, BigInt(Math.ceil(nanos)), BigInt(impressions));
    }
  }

  /** Live and read again: the same line. */
  readonly take = (entry: Entry): void => {
    if (entry.kind === RecordKind.CELL) this.cells.add(entry);
    else if (entry.kind === RecordKind.GRANT) this.campaignOf.set(entry.lineItem, entry.campaign);
    else if (entry.kind === RecordKind.EXCHANGE) this.exchanges.set(entry.exchange, entry);
    else if (entry.kind === RecordKind.NOTICE && entry.effect !== NoticeEffect.TEST) {
      this.takeNotice(entry);
    }
  };

  private takeNotice(entry: NoticeEntry): void {
    const cell = this.cells.of(entry.boot, entry.cell);
    const campaign = this.campaignOf.get(entry.lineItem) ?? 0;
    const learns = this.exchanges.get(entry.exchange);
    if (entry.noticeKind === NoticeKind.CLICK) {
      if (learns?.clicks === 1 && cell !== undefined) this.clicks.addClick(entry.creative, cell);
      return;
    }
    const { effect } = entry;
    const inTime = effect === NoticeEffect.BILLED || effect === NoticeEffect.LATE;
    if (inTime || effect === NoticeEffect.EARLIER_BOOT) this.noteBill(entry, campaign, inTime);
    if (cell === undefined || learns === undefined) return;
    if (inTime && learns.clicks === 1) this.clicks.addImpression(entry.creative, cell);
    if (learns.prices === 1 && (entry.flags & TokenFlag.DEAL) === 0) {
      const noted = this.notePrice(entry, cell.format, cell.size, learns);
      if (noted) this.linear.addBid(campaign, entry, cell);
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
  private notePrice(
    entry: NoticeEntry,
    format: number,
    size: number,
    { winsBy, losses, firstPrice }: ExchangeEntry,
  ): boolean {
    const { exchange, noticeKind, priceMicros, clearingMicros, minToWinMicros, lossCode } = entry;
    if (noticeKind === NoticeKind.LOSS) {
      if (!priceLosses.includes(lossCode)) return false;
      if (minToWinMicros > 0) this.prices.addPrice(exchange, format, size, minToWinMicros);
      else this.prices.addLoss(exchange, format, size, priceMicros);
      return true;
    }
    if (noticeKind !== winsBy || losses === 0) return false;
    if (firstPrice === 0 && clearingMicros > 0 && clearingMicros < priceMicros) {
      this.prices.addPrice(exchange, format, size, clearingMicros);
    } else this.prices.addWin(exchange, format, size, priceMicros);
    return true;
  }
}

type Learns = Omit<ExchangeEntry, "timeMs">;

const exchangesOf = ({ exchanges, prices, clicks }: LearningPlan, boot: number): Learns[] =>
  exchanges.map(({ exchange, winsBy, losses, firstPrice }) => ({
    ...{ kind: RecordKind.EXCHANGE, boot, exchange, winsBy },
    ...{ losses: losses ? 1 : 0, firstPrice: firstPrice ? 1 : 0 },
    ...{ prices: prices ? 1 : 0, clicks: clicks ? 1 : 0 },
  }));

const isSame = (a: Learns, b: Learns): boolean =>
  a.winsBy === b.winsBy &&
  a.losses === b.losses &&
  a.firstPrice === b.firstPrice &&
  a.prices === b.prices &&
  a.clicks === b.clicks;
