import { BidReader } from "../bid/bid-counts.js";
import type { Learnt } from "../bid/learnt.js";
import type { Entry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { type Held, WinRates } from "../ledger/win-rates.js";
import type { MoneyFold, MoneyStart } from "./money-fold.js";

const lookEveryMs = 250;
/** Workers bid by a new World this long after its plan was adopted here, at most. */
const adoptSecMax = 10;

export type WinAlarms = {
  /** A campaign was held just now. */
  readonly onHeld?: (held: Held) => void;
  /** A hold found no room: the exchange is held for every campaign. */
  readonly onExchangeHeld?: (exchange: number) => void;
  /** For the first time bids could not be counted: pairs that lack some are not judged. */
  readonly onUncounted?: () => void;
};

/**
 * Holds campaigns at exchanges whose wins are not credible. Bids are counted by the workers, wins
 * are bills of this boot's bids; holds are the journal's, so that they outlive the process.
 */
export class WinFold implements MoneyFold {
  private readonly rates = new WinRates();
  private readonly alarms: WinAlarms;
  private readonly campaignOf = new Map<number, number>();
  /** Line items that went to another campaign: seconds until when bids may be of the former one. */
  private readonly movedUntilSec = new Map<number, number>();
  private readonly letGo: Held[] = [];
  private learnt: Learnt | null = null;
  private reader = new BidReader([]);
  private boot = 0;
  private nowMs = 0;
  private lookDueMs = 0;
  private uncounted = 0;

  constructor(alarms: WinAlarms = {}) {
    this.alarms = alarms;
  }

  readonly replay = (entry: Entry): void => {
    if (entry.kind !== RecordKind.HOLD) return;
    if (entry.held === 1) this.rates.restore(entry.campaign, entry.exchange, entry.timeMs);
    else this.rates.letGo(entry.campaign, entry.exchange);
  };

  readonly begin = ({ boot, nowMs, learnt }: MoneyStart): void => {
    this.boot = boot;
    this.nowMs = nowMs;
    this.learnt = learnt;
    this.reader = new BidReader(learnt.bids);
    for (const { campaign, exchange } of this.rates.held()) this.hold(campaign, exchange);
  };

  readonly adopt = ({ campaigns, learning }: BudgetPlan): void => {
    for (const { campaign, lineItems } of campaigns) {
      for (const { lineItem } of lineItems) {
        const before = this.campaignOf.get(lineItem) ?? campaign;
        if (before !== campaign) {
          this.movedUntilSec.set(lineItem, this.nowMs / 1000 + adoptSecMax);
        }
        this.campaignOf.set(lineItem, campaign);
      }
    }
    if (learning === undefined) return;
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

  /** Exchanges that are held for every campaign, because a hold found no room. */
  exchangesHeld(): number[] {
    return this.learnt?.holds.wholeExchanges() ?? [];
  }

  /** Bids that no worker's table had room for. */
  bidsUncounted(): number {
    return this.learnt?.bids.reduce((sum, counts) => sum + counts.missed(), 0) ?? 0;
  }

  readonly take = (entry: Entry): void => {
    if (entry.kind !== RecordKind.NOTICE || entry.boot !== this.boot) return;
    const { effect, lineItem, exchange, timeSec } = entry;
    if (effect !== NoticeEffect.BILLED && effect !== NoticeEffect.LATE) return;
    const campaign = this.campaignOf.get(lineItem);
    if (campaign === undefined) return;
    if (timeSec <= (this.movedUntilSec.get(lineItem) ?? 0)) return;
    this.rates.addWin(campaign, exchange, timeSec);
  };

  readonly step = (nowMs: number, out: Entry[]): void => {
    this.nowMs = nowMs;
    const { learnt } = this;
    if (learnt === null) return;
    for (const { campaign, exchange } of this.letGo.splice(0)) {
      if (!this.rates.letGo(campaign, exchange)) continue;
      learnt.holds.letGo(campaign, exchange);
      out.push(this.holdEntry(campaign, exchange, 0, nowMs));
    }
    if (nowMs < this.lookDueMs && this.lookDueMs - nowMs <= lookEveryMs) return;
    this.lookDueMs = nowMs + lookEveryMs;
    for (const held of this.look(learnt, nowMs)) {
      out.push(this.holdEntry(held.campaign, held.exchange, 1, nowMs));
      this.hold(held.campaign, held.exchange);
      this.alarms.onHeld?.(held);
    }
  };

  private look({ bids }: Learnt, nowMs: number): Held[] {
    const uncounted = this.bidsUncounted();
    if (uncounted > 0 && this.uncounted === 0) this.alarms.onUncounted?.();
    this.uncounted = uncounted;
    const count = (): void =>
      this.reader.since((campaign, exchange, slice, more) =>
        this.rates.addBids(campaign, exchange, slice, more),
      );
    return this.rates.look(nowMs, count, (campaign, exchange) =>
      bids.some((counts) => !counts.isWhole(campaign, exchange)),
    );
  }

  /** The table names no campaign 0. */
  private hold(campaign: number, exchange: number): void {
    if (campaign === 0 || this.learnt === null) return;
    const isTold = this.exchangesHeld().includes(exchange);
    const hasRoom = this.learnt.holds.hold(campaign, exchange);
    if (!hasRoom && !isTold) this.alarms.onExchangeHeld?.(exchange);
  }

  private holdEntry(campaign: number, exchange: number, held: number, timeMs: number): Entry {
    return { kind: RecordKind.HOLD, boot: this.boot, campaign, exchange, held, timeMs };
  }
}
