import { expect, test } from "vitest";
import { Media } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { createLearntBuffers, Learnt, Level, shadeKey } from "../bid/learnt.js";
import { binOf, gridBins } from "../bid/strategy/price-grid.js";
import { MarketPrices } from "./market-prices.js";

const wholeShare = (learnt: Learnt, value: number): number => {
  const row = learnt.shades.get(1, shadeKey(Level.WHOLE, 0, 0));
  return row === 0 ? 0 : learnt.shadeRows[row * gridBins + binOf(value)]! / 1000;
};

test("wins and losses without a price tell the same as the prices themselves", () => {
  const random = new SeededRandom(11);
  const told = new MarketPrices(64);
  const untold = new MarketPrices(64);
  for (let i = 0; i < 15_000; i++) {
    const price = 1e6 * (1 + random.fraction());
    const bid = 1e6 * (0.5 + 2 * random.fraction());
    told.addPrice(1, Media.BANNER, 7, price);
    if (bid >= price) untold.addWin(1, Media.BANNER, 7, bid);
    else untold.addLoss(1, Media.BANNER, 7, bid);
  }
  const shares = [told, untold].map((prices) => {
    const learnt = new Learnt(createLearntBuffers(1, 64));
    prices.publish(learnt, 64);
    return [1.5e6, 2e6, 3e6, 4e6].map((value) => wholeShare(learnt, value));
  });
  shares[0]!.forEach((share, i) => {
    expect(share).toBeLessThan(1);
    expect(Math.abs(share - shares[1]![i]!)).toBeLessThan(0.12);
  });
});

test("nothing is said of a context before there are enough notices of it", () => {
  const prices = new MarketPrices(64);
  const learnt = new Learnt(createLearntBuffers(1, 64));
  for (let i = 0; i < 199; i++) prices.addPrice(1, Media.BANNER, 7, 1e6);
  prices.publish(learnt, 64);
  expect(wholeShare(learnt, 2e6)).toBe(0);
  expect(prices.costOf(1, Media.BANNER, 7, 2e6)).toBeNull();
  prices.addPrice(1, Media.BANNER, 7, 1e6);
  prices.publish(learnt, 64);
  expect(wholeShare(learnt, 2e6)).toBeGreaterThan(0.5);
  expect(wholeShare(learnt, 2e6)).toBeLessThan(0.6);
  expect(prices.costOf(1, Media.BANNER, 7, 2e6)).toBeGreaterThan(1.9e6);
});

test("a table without room for more contexts goes on with those that it has", () => {
  const prices = new MarketPrices(4);
  const learnt = new Learnt(createLearntBuffers(1, 64));
  for (let i = 0; i < 3000; i++) prices.addPrice(1, Media.BANNER, i % 100, 1e6);
  prices.publish(learnt, 64);
  expect(wholeShare(learnt, 2e6)).toBeGreaterThan(0);
  expect(learnt.shades.get(1, shadeKey(Level.SIZE, Media.BANNER, 50))).toBe(0);
});
