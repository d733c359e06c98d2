import { expect, test } from "vitest";
import { printBudget } from "./budget.js";
import { consentStep, decodeStep, encodeOffers } from "./steps/border.js";
import { audienceStep, identifyStep, matchStep, priceStep, reserveStep } from "./steps/decision.js";
import { askWhole, startWalk } from "./steps/walk.js";

const tiny = { lineItems: 60, people: 40, bodies: 30 };

test("the steps one after the other give the answer that the whole bid gives", async () => {
  const walk = await startWalk({ ...tiny, kind: "bid" });
  const offered = () => {
    const { lineItem, creative, priceMicros, cell } = walk.bidder.offers.items[0]!;
    return { lineItem, creative, priceMicros, cell };
  };
  let bids = 0;
  for (walk.body = 0; walk.body < walk.bodies.length; walk.body++) {
    const length = askWhole(walk);
    const whole = length === 0 ? null : offered();
    for (const step of [decodeStep, consentStep, identifyStep, matchStep]) step.run(walk);
    for (const step of [audienceStep, priceStep, reserveStep]) step.run(walk);
    expect(encodeOffers(walk)).toBe(length);
    expect(walk.bidder.offers.count === 0 ? null : offered()).toEqual(whole);
    if (length > 0) bids++;
  }
  expect(bids).toBeGreaterThan(20);
});

test("the budget is printed at a small size", async () => {
  const lines: string[] = [];
  await printBudget((line) => lines.push(line), { ...tiny, rounds: 1 });
  expect(lines).toHaveLength(15);
  const names = lines.slice(1, 11).map((line) => line.split(" ")[0]);
  const road = "edge decode consent identify match audience price reserve token encode";
  expect(names.join(" ")).toBe(road);
});
