import { Media } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { createLearntBuffers, Learnt, shadeRowsOf, shareOne } from "../bid/learnt.js";
import type { NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { LinearBids } from "../ledger/linear-bids.js";
import { MarketPrices } from "../ledger/market-prices.js";

/** What a campaign with goal CPC got for a budget that does not pay for everything. */
export type LinearResult = {
  readonly strategy: string;
  readonly spentShare: number;
  /** Of the flight, until nothing was left. */
  readonly lived: number;
  /** Expected clicks: the click rates of the wins, summed. */
  readonly clicks: number;
  /** Budget over clicks, against the value of a click. */
  readonly costPerClick: number;
};

const bidsPerSec = 20;
const clickValue = 1_000_000; // nanos; a click rate of 1 is worth 10^9 micros CPM
const exchange = 3;
const site = { exchange, format: Media.BANNER, size: 1, propertyLo: 1, propertyHi: 1 };

/** A flight of first-price auctions with log-normal prices; click rates spread over two octaves. */
export function runLinearMarket(seed: number, flightSec: number): LinearResult[] {
  const auctions = auctionsOf(seed, flightSec * bidsPerSec);
  const whole = auctions.reduce((sum, { value, price }) => sum + (value >= price ? value : 0), 0);
  const budget = Math.floor(whole / 4);
  return [
    traded("fixed", auctions, budget, flightSec, () => 1),
    traded("linear", auctions, budget, flightSec, linearShare(budget, flightSec)),
  ];
}

type Auction = { readonly rate: number; readonly value: number; readonly price: number };

function auctionsOf(seed: number, count: number): Auction[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => {
    const rate = 0.001 * 2 ** (4 * random.fraction() - 2);
    const radius = Math.sqrt(-2 * Math.log(random.fraction() + 2 ** -33));
    const normal = radius * Math.cos(2 * Math.PI * random.fraction());
    const price = Math.round(400 * Math.exp(0.5 * normal));
    return { rate, value: Math.round(rate * clickValue), price };
  });
}

type ShareOf = (sec: number, last: Ended | null) => number;
type Ended = { readonly bid: number; readonly won: boolean; readonly price: number };

function traded(
  strategy: string,
  auctions: readonly Auction[],
  budget: number,
  flightSec: number,
  shareOf: ShareOf,
): LinearResult {
  let spent = 0;
  let clicks = 0;
  let lived = 1;
  let last: Ended | null = null;
  auctions.forEach(({ rate, value, price }, at) => {
    const sec = at / bidsPerSec;
    const bid = Math.max(1, Math.floor(value * shareOf(sec, last)));
    if (spent + bid > budget) {
      lived = Math.min(lived, sec / flightSec);
      last = null;
      return;
    }
    last = { bid, won: bid >= price, price };
    if (bid < price) return;
    spent += bid;
    clicks += rate;
  });
  const costPerClick = spent / clicks / clickValue;
  return { strategy, spentShare: spent / budget, lived, clicks, costPerClick };
}

/** Prices in micros are a thousand times what an impression costs in nanos here. */
const microsPerNano = 1000;

function linearShare(budget: number, flightSec: number): ShareOf {
  const buffers = createLearntBuffers(1, 64);
  const learnt = new Learnt(buffers);
  const prices = new MarketPrices(shadeRowsOf(buffers));
  const bids = new LinearBids();
  bids.adopt(planOf(budget, flightSec));
  let turnedSec = -1;
  return (sec, last) => {
    if (last !== null) {
      const micros = last.bid * microsPerNano;
      if (last.won) prices.addWin(exchange, Media.BANNER, 1, micros);
      else prices.addPrice(exchange, Media.BANNER, 1, last.price * microsPerNano);
      bids.countBids(1, 1);
      bids.addBid(1, noticeOf(last.bid), site);
      if (last.won) bids.addSpend(1, last.bid, Math.floor(sec));
    }
    if (Math.floor(sec) !== turnedSec) {
      turnedSec = Math.floor(sec);
      prices.publish(learnt, 64);
      bids.turn(turnedSec, (one, bid) => prices.costOf(one.exchange, one.format, 1, bid), learnt);
    }
    return learnt.horizons[1]! === 0 ? 1 : learnt.horizons[1]! / shareOne;
  };
}

const planOf = (budget: number, endSec: number): BudgetPlan => ({
  ...{ generation: 1, billsBy: [] },
  campaigns: [
    {
      ...{ campaign: 1, totalNanos: BigInt(budget), dailyNanos: null, zone: [] },
      lineItems: [{ lineItem: 2, place: 1, bidNanosMax: 1 }],
    },
  ],
  learning: {
    ...{ exchanges: [], prices: true, clicks: true },
    linear: [{ campaign: 1, endSec, lineItems: [{ lineItem: 2, place: 1 }] }],
  },
});

const noticeOf = (nanos: number): NoticeEntry => ({
  ...{ kind: RecordKind.NOTICE, noticeKind: 2, flags: 0, keyId: 1, worker: 0, boot: 1 },
  ...{ counter: 1, exchange, lineItem: 2, creative: 1, cell: 1, currency: 0, timeSec: 0 },
  ...{ priceMicros: nanos * microsPerNano, reservedMicros: nanos, expirySec: 0, lossCode: 0xffff },
  ...{ clearingMicros: -1, minToWinMicros: -1, receivedMs: 0, effect: NoticeEffect.NONE },
  chargedNanos: 0,
});
