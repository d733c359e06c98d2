import { expect, test } from "vitest";
import type { FunnelBar } from "../../desk/desk.js";
import { funnelSteps, percentText } from "./funnel-steps.js";

const bar = (step: FunnelBar["step"], count: number, reason = ""): FunnelBar => ({
  ...{ step, count, reason, field: "", noisy: false },
});

test("steps stand in the order of a bid whatever that of the bars, each beside the last", () => {
  const { steps } = funnelSteps([bar("won", 5), bar("bid", 50), bar("requests", 1000)]);
  expect(steps.map(({ step, ofAll, ofBefore }) => [step, ofAll, ofBefore])).toEqual([
    ["requests", 100, ""],
    ["bid", 5, "5 % of requests"],
    ["won", 0.5, "10 % of bid"],
  ]);
});

test("what left out the most comes first, and without requests nothing is divided by zero", () => {
  const left = [bar("left out", 1, "floor"), bar("left out", 9, "country"), bar("requests", 0)];
  const { leftOut } = funnelSteps(left);
  expect(leftOut.map(({ reason, ofAll }) => [reason, ofAll])).toEqual([
    ["country", 0],
    ["floor", 0],
  ]);
});

test("a small share is not called none", () => {
  expect([0, 0.004, 0.0512, 12.345, 100].map(percentText)).toEqual([
    ...["0 %", "< 0.01 %", "0.051 %", "12.3 %", "100 %"],
  ]);
});
