import { expect, test } from "vitest";
import { ClickKey, createLearntBuffers, Learnt, rateOne } from "../bid/learnt.js";
import { rateUnknown } from "../bid/value.js";
import { ClickRates } from "./click-rates.js";

const cell = (property: number, exchange = 1) => ({
  ...{ exchange, format: 1, size: 7, propertyLo: property, propertyHi: property },
});

test("click rates lean on the context above until they have impressions of their own", () => {
  const rates = new ClickRates();
  const learnt = new Learnt(createLearntBuffers(1, 64));
  for (let i = 0; i < 100_000; i++) {
    rates.addImpression(9, cell(1));
    if (i % 100 === 0) rates.addClick(9, cell(1));
  }
  rates.addImpression(9, cell(2));
  rates.addClick(9, cell(2));
  rates.publish(learnt, 1000);
  const key = new ClickKey();
  const at = ({ lo, hi }: ClickKey) => learnt.clicks.get(lo, hi) / rateOne;
  expect(at(key.ofProperty(9, 1, 1, 1))).toBeCloseTo(0.01, 3);
  expect(at(key.ofExchange(9, 1))).toBeCloseTo(0.01, 3);
  // One click of one impression is no click rate of 1.
  expect(at(key.ofProperty(9, 1, 2, 2))).toBeCloseTo(0.011, 3);
  expect(at(key.ofProperty(9, 1, 3, 3))).toBe(0);
  expect(learnt.clicks.get(8, 0)).toBe(0);
  expect(rateUnknown / rateOne).toBeCloseTo(0.001, 6);
});
