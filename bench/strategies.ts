import { Media, NoticeKind } from "../src/base/lists.js";
import type { Decision } from "../src/bid/decision.js";
import { createLearntBuffers, Learnt, shadeRowsOf } from "../src/bid/learnt.js";
import { fixed } from "../src/bid/strategy/fixed.js";
import { linear } from "../src/bid/strategy/linear.js";
import { shade } from "../src/bid/strategy/shade.js";
import type { Strategy } from "../src/bid/strategy/strategy.js";
import type { Entry, NoticeEntry } from "../src/journal/entry.js";
import { NoticeEffect, RecordKind } from "../src/journal/record.js";
import { MarketPrices } from "../src/ledger/market-prices.js";
import { LearntFold } from "../src/runtime/learnt-fold.js";
import { runLinearMarket } from "../src/testing/linear-market.js";
import { decisionOf, runShadingMarket } from "../src/testing/shading-market.js";
import { machineOf } from "./machine.js";

type Say = (line: string) => void;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Surplus of shading, spend of linear bids, and what a strategy costs a bid. Seeded. */
export function printStrategies(tiny: boolean, say: Say): boolean {
  const { commit, machine } = machineOf();
  const shading = runShadingMarket(7, tiny ? 4 : 40, tiny ? 20_000 : 400_000);
  say("first price, log-normal prices by context      surplus/oracle   win rate   paid CPM");
  for (const { strategy, surplusShare, winRate, meanPaid } of shading) {
    const paid = (meanPaid / 1e6).toFixed(2).padStart(10);
    const cells = [percent(surplusShare).padStart(14), percent(winRate).padStart(10), paid];
    say(`${strategy.padEnd(46)} ${cells.join(" ")}`);
  }
  const linears = runLinearMarket(7, tiny ? 600 : 14_400);
  say("goal CPC, a quarter of the full cost           spent/budget      lived     clicks");
  for (const { strategy, spentShare, lived, clicks } of linears) {
    const cells = [percent(spentShare).padStart(14), percent(lived).padStart(10)];
    say(`${strategy.padEnd(46)} ${cells.join(" ")} ${clicks.toFixed(0).padStart(10)}`);
  }
  const costs = { fixed, shade, linear };
  const calls = tiny ? 10_000 : 5_000_000;
  const ns = Object.entries(costs).map(([name, strategy]) => [name, costNs(strategy, calls)]);
  say(`ns a bid: ${ns.map(([name, cost]) => `${name} ${Number(cost).toFixed(1)}`).join(", ")}`);
  const costsNs = Object.fromEntries(ns) as Record<string, number>;
  const tablesNs = holdNs(calls);
  say(`ns that counting, holds and learnt lives add to a bid: ${tablesNs.toFixed(1)}`);
  const foldNs = noticeNs(tiny ? 5000 : 400_000);
  say(`ns a notice to learn from it: ${foldNs.toFixed(0)}`);
  say(
    JSON.stringify({
      foldNs,
      tablesNs,
      commit,
      node: process.version,
      machine,
      shading,
      linears,
      costsNs,
    }),
  );
  const [none, constant, learnt] = shading.map(({ surplusShare }) => surplusShare);
  return learnt! > constant! && constant! > none!;
}

/** CPU, not time: the machine may be busy. */
function cpuNsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return 1000 * (user + system);
}

/** What `holdOn` asks of the learnt tables for one bid. */
function holdNs(calls: number): number {
  const learnt = new Learnt(createLearntBuffers(1, 4096));
  learnt.lives.put(3, Media.BANNER, 60);
  const [bids] = learnt.bids;
  let sum = 0;
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      sum += learnt.holds.isHeld(1 + (i & 255), 3) ? 1 : learnt.lives.get(3, Media.BANNER);
      bids!.add(1 + (i & 1023), 3, i >>> 10);
    }
  };
  run(calls);
  const start = process.cpuUsage();
  run(calls);
  const ns = cpuNsSince(start) / calls;
  if (sum !== 2 * 60 * calls) throw new Error("a table lost its value");
  return ns;
}

/** What learning adds to a notice on the money thread, publication once a second included. */
function noticeNs(notices: number): number {
  const buffers = createLearntBuffers(1, 4096);
  const fold = new LearntFold(shadeRowsOf(buffers));
  const learnt = new Learnt(buffers);
  const cell = { boot: 1, exchange: 3, format: Media.BANNER, width: 300, height: 250 };
  const where = { country: 0, dealLo: 0, dealHi: 0 };
  for (let i = 1; i <= 1000; i++) {
    const property = `site-${i}.example`;
    fold.replay({ kind: RecordKind.CELL, ...cell, ...where, cell: i, property });
  }
  const learns = { winsBy: NoticeKind.BILL, losses: 1, firstPrice: 1, prices: 1, clicks: 1 };
  fold.replay({ kind: RecordKind.EXCHANGE, boot: 1, exchange: 3, ...learns, timeMs: 0 });
  fold.begin({ boot: 1, nowMs: 0, learnt, holdBack: () => {} });
  const entries = Array.from({ length: 1000 }, (_, i) => noticeOf(i));
  const out: Entry[] = [];
  const start = process.cpuUsage();
  for (let i = 0; i < notices; i++) {
    fold.take(entries[i % 1000]!);
    // 50,000 notices a second, a round for each 500.
    if (i % 500 === 0) fold.step(i / 50, out);
  }
  return cpuNsSince(start) / notices;
}

const noticeOf = (i: number): NoticeEntry => ({
  ...{ kind: RecordKind.NOTICE, noticeKind: i % 3 === 0 ? NoticeKind.BILL : NoticeKind.LOSS },
  ...{ flags: 0, keyId: 1, worker: 0, boot: 1, counter: i, exchange: 3, lineItem: 1 },
  ...{ creative: 1 + (i % 50), cell: 1 + (i % 1000), priceMicros: 1e6 + i, reservedMicros: 1e6 },
  ...{ currency: 0, timeSec: 0, expirySec: 60, lossCode: 102, clearingMicros: -1 },
  ...{ minToWinMicros: i % 2 === 0 ? 1.5e6 : -1, receivedMs: 3000 + i, chargedNanos: 1000 },
  effect: i % 3 === 0 ? NoticeEffect.BILLED : NoticeEffect.RELEASED,
});

/** One context in 64 that was learnt, as many that fall back to their exchange. */
function costNs(strategy: Strategy, calls: number): number {
  const buffers = createLearntBuffers(1, 4096);
  const learnt = new Learnt(buffers);
  const prices = new MarketPrices(shadeRowsOf(buffers));
  for (let i = 0; i < 64 * 300; i++) {
    prices.addPrice(1, Media.BANNER, (i % 64) * 65_536, 1e6 + (i % 7) * 1e5);
  }
  prices.publish(learnt, 4096);
  const decision: Decision & { readonly creativeSize: Uint32Array } = decisionOf(learnt);
  decision.table.creativeMedia[0] = Media.BANNER;
  let sum = 0;
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      decision.creativeSize[0] = (i & 127) * 65_536;
      decision.request.seed.lo = Math.imul(i, 0x9e3779b1) >>> 0;
      sum += strategy(decision, 0, -1, 0, 1e6 + i);
    }
  };
  run(calls);
  const start = process.cpuUsage();
  run(calls);
  const ns = cpuNsSince(start) / calls;
  if (sum === 0) throw new Error("a strategy bids something");
  return ns;
}
