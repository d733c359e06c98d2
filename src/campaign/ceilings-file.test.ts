import { expect, test } from "vitest";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { configTexts } from "../testing/config-text.js";
import { checkConfig } from "./check.js";
import { issueText } from "./issue.js";
import { loadConfig } from "./load.js";

const code = (text: string): CurrencyCode => packAlpha3(text) as CurrencyCode;
const filesWith = (ceilings: string | null) =>
  configTexts({
    "ceilings.yaml": ceilings,
    "campaigns/one.yaml": (
      configTexts().find(({ name }) => name === "campaigns/one.yaml")?.text ?? ""
    ).replace("{total: 1000}", "{total: 1000, daily: 300}"),
  });
const ceilingsWith = (ceilings: string | null) => {
  const { config, issues } = loadConfig(filesWith(ceilings));
  expect(issues.map(issueText)).toEqual([]);
  return config!.ceilings;
};
const found = (ceilings: string): string[] =>
  checkConfig(filesWith(ceilings), {
    nowMs: Date.parse("2026-12-05") as UnixMs,
    segments: new Map(["aware", "rich"].map((name) => [name, []])),
  }).issues.map(issueText);

test("without the file there are ceilings all the same, in each currency at its rate", () => {
  const { of, named } = ceilingsWith(null);
  expect(named).toEqual([]);
  const nanos = 1_000_000_000n;
  const usd = { cpmMicros: 100e6, lineItemDailyNanos: 10_000n * nanos };
  expect(of(code("USD"))).toMatchObject({ ...usd, allDailyNanos: 100_000n * nanos });
  // A euro is 1.1 dollars; whole euros, rounded up.
  const eur = { cpmMicros: 91e6, campaignDailyNanos: 22_728n * nanos };
  expect(of(code("EUR"))).toMatchObject({ ...eur, advertiserDailyNanos: 45_455n * nanos });
  // No rate is known: the same number.
  expect(of(code("JPY")).cpmMicros).toBe(100e6);
});

test("what the file says holds to the unit, and what it leaves out has its default", () => {
  const { of, named } = ceilingsWith(
    "ceilings: {EUR: {maxCpm: 7.25, daily: {campaign: 400.000001, all: 0.01}}}",
  );
  expect(named).toEqual([code("EUR")]);
  expect(of(code("EUR"))).toEqual({
    ...{ cpmMicros: 7_250_000, campaignDailyNanos: 400_000_001_000n, allDailyNanos: 10_000_000n },
    ...{ lineItemDailyNanos: 9_091_000_000_000n, advertiserDailyNanos: 45_455_000_000_000n },
  });
});

test("a maximum bid above the ceiling is an error, a day above it a warning", () => {
  expect(found("ceilings: {EUR: {maxCpm: 5, daily: {campaign: 300}}}")).toEqual([]);
  // Another currency's ceiling says nothing of this advertiser.
  expect(found("ceilings: {USD: {maxCpm: 1, daily: {campaign: 1}}}")).toEqual([]);
  const [price, day, ...more] = found("ceilings: {EUR: {maxCpm: 4.99, daily: {campaign: 299}}}");
  expect(more).toEqual([]);
  const both = `${price}\n${day}`;
  expect(both).toContain("the maximum bid 5 is above the ceiling 4.99 EUR");
  expect(both).toMatch(/error.*the maximum bid/);
  expect(both).toContain("the daily budget is above the ceiling 299 EUR");
  expect(both).toMatch(/warning.*the daily budget/);
});

test("a ceiling that cannot be read is refused, never taken for none", () => {
  for (const text of [
    "ceilings: {EUR: {maxCpm: -1}}",
    "ceilings: {EUR: {maxCpm: none}}",
    "ceilings: {EURO: {maxCpm: 1}}",
    "ceilings: {EUR: {daily: {campaigns: 5}}}",
    "ceilings: []",
  ]) {
    expect(loadConfig(filesWith(text)).config, text).toBeNull();
  }
});
