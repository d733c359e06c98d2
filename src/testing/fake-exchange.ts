import { SeededRandom } from "../base/random.js";
import type { Rates } from "../bid/rates.js";
import type { Exchange } from "../campaign/exchange.js";
import { acceptanceProblems } from "../wire/accept.js";
import { competingPrice, trafficShape } from "./fake-exchange-market.js";
import {
  type FakeNotice,
  fillMacros,
  pathOf,
  pathsInMarkup,
  sendings,
} from "./fake-exchange-notice.js";
import { type AuctionRequest, BidTraffic } from "./fake-exchange-traffic.js";

/**
 * THE FAKE EXCHANGE: a seeded market that asks the bidder, holds first- and second-price auctions
 * over its answers and sends the notices that follow: late, twice, in another order, lost, forged.
 * It has no clock and no sockets: a driver (fake-exchange-http in real time, `tradeInProcess` on a
 * virtual clock) asks it what comes next.
 */
export type FakeExchangeOptions = {
  readonly seed: number;
  readonly exchanges: readonly Exchange[];
  readonly rates: Rates;
  /** Mean of a day. */
  readonly requestsPerSec: number;
};

export type TradeTotals = {
  requests: number;
  /** Answers 200, and bids in them. */
  answered: number;
  bids: number;
  won: number;
  /** Bids of the invite-only deal. */
  dealBids: number;
  /** Answers that break the rules of OpenRTB or of their request. */
  violations: number;
  notices: number;
  forged: number;
  /** Notices that got neither 204 nor 302, and requests without an answer. */
  failed: number;
};

type AnswerBid = {
  readonly id: string;
  readonly impid: string;
  readonly price: number;
  readonly nurl?: string;
  readonly burl?: string;
  readonly lurl?: string;
  readonly adm?: string;
  readonly adid?: string;
  readonly dealid?: string;
};
type AnswerSeat = { readonly seat?: string; readonly bid: readonly AnswerBid[] };
type Placed = { readonly seat: string; readonly bid: AnswerBid };

/** OpenRTB loss reasons (section 5.25). */
const outbid = 102;
const lostToDeal = 103;
/** Browsers take loopback for as secure as https. */
const loopbackUrl = /http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])/g;
const clicksPerThousand = 8;
const violationsKept = 20;

export class FakeExchange {
  readonly totals: TradeTotals = {
    ...{ requests: 0, answered: 0, bids: 0, won: 0, dealBids: 0, violations: 0 },
    ...{ notices: 0, forged: 0, failed: 0 },
  };
  /** The first few violations, in words without any id. */
  readonly violations: string[] = [];
  private readonly options: FakeExchangeOptions;
  private readonly random: SeededRandom;
  private readonly traffic: BidTraffic;
  private waiting: FakeNotice[] = [];

  constructor(options: FakeExchangeOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed);
    this.traffic = new BidTraffic(this.random, options.exchanges);
  }

  nextRequest(): AuctionRequest {
    this.totals.requests++;
    return this.traffic.next();
  }

  /** Milliseconds to the next request: random arrivals at the rate of that hour. */
  gapMs(nowMs: number, share = 1): number {
    const perMs = (this.options.requestsPerSec * share * trafficShape(nowMs)) / 1000;
    return -Math.log(1 - this.random.fraction()) / perMs;
  }

  /** The bidder's answer: checked, put through the auction, its notices planned. */
  answered(asked: AuctionRequest, status: number, body: string, nowMs: number): void {
    if (status === 204) return;
    if (status !== 200) {
      this.totals.failed++;
      return;
    }
    let [answer, checked]: unknown[] = [];
    try {
      answer = JSON.parse(body);
      checked = JSON.parse(body.replaceAll(loopbackUrl, "https://$1"));
    } catch {
      this.violated(["the answer is not JSON"]);
      return;
    }
    const { rates } = this.options;
    const context = { parseJson: JSON.parse, exchange: asked.exchange, rates };
    const problems = acceptanceProblems(asked.request, checked, context);
    if (problems.length > 0) {
      this.violated(problems);
      return;
    }
    const seats = (answer as { seatbid?: AnswerSeat[] }).seatbid ?? [];
    const placed = seats.flatMap(({ seat = "", bid }) => bid.map((one) => ({ seat, bid: one })));
    if (placed.length === 0) return;
    this.totals.answered++;
    this.totals.bids += placed.length;
    this.totals.dealBids += placed.filter(({ bid }) => bid.dealid !== undefined).length;
    this.hold(asked, placed, nowMs);
  }

  /** The auction: a deal comes before the open market; the highest bid wins. */
  private hold(asked: AuctionRequest, placed: readonly Placed[], nowMs: number): void {
    const { perDollar, quality, format, floor, auctionType } = asked;
    const market = competingPrice(this.random, format, quality) * perDollar;
    const order = [...placed].sort((a, b) => rank(b) - rank(a) || b.bid.price - a.bid.price);
    const [best, second] = order as [Placed, ...Placed[]];
    const inDeal = best.bid.dealid !== undefined;
    const rival = inDeal ? (asked.deal?.floor ?? 0) : Math.max(market, second?.bid.price ?? 0);
    const wins = inDeal || best.bid.price > market;
    if (wins) {
      const price = auctionType === 1 ? best.bid.price : Math.max(rival, floor);
      const clearing = Math.min(best.bid.price, price);
      this.win(asked, best, clearing, Math.max(rival, floor), nowMs);
    }
    const highest = wins ? best.bid.price : market;
    for (const lost of order.slice(wins ? 1 : 0)) {
      const reason = inDeal && lost.bid.dealid === undefined ? lostToDeal : outbid;
      this.lose(asked, lost, reason, highest, nowMs);
    }
  }

  private win(
    asked: AuctionRequest,
    placed: Placed,
    price: number,
    minToWin: number,
    nowMs: number,
  ): void {
    this.totals.won++;
    const { bid } = placed;
    const filled = (text: string): string =>
      fillMacros(text, valuesOf(asked, placed, 0, price, minToWin));
    this.plan(pathOf(filled(bid.nurl ?? "")), nowMs);
    this.plan(pathOf(filled(bid.burl ?? "")), nowMs);
    const markup = filled(bid.adm ?? "");
    this.plan(pathsInMarkup(markup, "impression"), nowMs);
    if (this.random.below(1000) < clicksPerThousand) {
      this.plan(pathsInMarkup(markup, "click"), nowMs + 2000);
    }
  }

  private lose(
    asked: AuctionRequest,
    placed: Placed,
    reason: number,
    minToWin: number,
    nowMs: number,
  ): void {
    const values = valuesOf(asked, placed, reason, 0, minToWin);
    this.plan(pathOf(fillMacros(placed.bid.lurl ?? "", values)), nowMs);
  }

  private plan(path: string, nowMs: number): void {
    this.waiting.push(...sendings(this.random, path, nowMs));
  }

  private violated(problems: readonly string[]): void {
    this.totals.violations++;
    if (this.violations.length < violationsKept) this.violations.push(...problems.slice(0, 3));
  }

  /** Takes out the notices that are to be sent by now, the earliest first. */
  dueNotices(nowMs: number): FakeNotice[] {
    const due = this.waiting.filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length === 0) return due;
    this.waiting = this.waiting.filter(({ dueMs }) => dueMs > nowMs);
    return due.sort((a, b) => a.dueMs - b.dueMs);
  }

  get noticesWaiting(): number {
    return this.waiting.length;
  }

  /** What a notice got; a forged one gets 204 as well, so that it learns nothing. */
  noticed(notice: FakeNotice, status: number): void {
    this.totals.notices++;
    if (notice.forged) this.totals.forged++;
    if (status !== 204 && status !== 302) this.totals.failed++;
  }
}

const rank = ({ bid }: Placed): number => (bid.dealid === undefined ? 0 : 1);

function valuesOf(
  asked: AuctionRequest,
  { bid, seat }: Placed,
  loss: number,
  price: number,
  minToWin: number,
) {
  const requestId = String(asked.request["id"]);
  return {
    ...{ requestId, bidId: bid.id, impId: bid.impid, seat, adId: bid.adid ?? "" },
    ...{ currency: asked.currency, price, loss, minToWin },
  };
}

/** The bidder as a function: what a driver on a virtual clock trades with. */
export type InProcessBidder = {
  readonly bid: (exchange: string, body: string) => { status: number; body: string };
  readonly notice: (path: string) => number;
  /** The time that has come. */
  readonly setNow: (nowMs: number) => void;
};

/** Trades from one moment to another on a virtual clock, every request and notice in its order. */
export function tradeInProcess(
  market: FakeExchange,
  bidder: InProcessBidder,
  fromMs: number,
  toMs: number,
): void {
  for (let nowMs = fromMs; nowMs < toMs; nowMs += market.gapMs(nowMs)) {
    for (const notice of market.dueNotices(nowMs)) {
      bidder.setNow(notice.dueMs);
      market.noticed(notice, bidder.notice(notice.path));
    }
    bidder.setNow(Math.floor(nowMs));
    const asked = market.nextRequest();
    const { status, body } = bidder.bid(asked.exchange.name, JSON.stringify(asked.request));
    market.answered(asked, status, body, Math.floor(nowMs));
  }
  for (const notice of market.dueNotices(Number.POSITIVE_INFINITY)) {
    bidder.setNow(notice.dueMs);
    market.noticed(notice, bidder.notice(notice.path));
  }
}
