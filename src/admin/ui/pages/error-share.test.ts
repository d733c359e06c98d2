import { expect, test } from "vitest";
import { isOver, shareText } from "./error-share.js";

test("errors are a share of an hour's requests, or of all where the program is younger", () => {
  const error = { lastHour: 36, tolerancePercent: 1 };
  const old = { requests: 1_000_000, queriesPerSecond: 2 };
  expect(shareText(old, error)).toBe("about 0.5 % of requests: within");
  expect(isOver(old, error)).toBe(false);
  const young = { requests: 1000, queriesPerSecond: 2 };
  expect(shareText(young, error)).toBe("about 3.6 % of requests: too many");
  expect(isOver(young, error)).toBe(true);
});

test("without a stated tolerance or without requests nothing is called too many", () => {
  const error = { lastHour: 5, tolerancePercent: null };
  expect(shareText({ requests: 10, queriesPerSecond: 0 }, error)).toBe("about 50 % of requests");
  expect(isOver({ requests: 10 }, error)).toBe(false);
  expect(shareText({}, { lastHour: 0, tolerancePercent: 1 })).toBe("nothing was asked");
});
