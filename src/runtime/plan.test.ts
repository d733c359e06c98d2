import { expect, test } from "vitest";
import type { CampaignId } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import type { Compiled } from "../campaign/compile-input.js";
import { localDay } from "../ledger/budget-plan.js";
import { planOf } from "./plan.js";
import { readConfigForm } from "./read-config.js";

const nowMs = Date.parse("2026-12-05T12:00Z");
const { config } = readConfigForm("config/demo");
const dayMs = 86_400_000;

/** Campaigns of one budget each, in the given zones by turns. */
function compiledWith(count: number, zones: readonly string[], endMs: number): Compiled {
  const budgets = Array.from({ length: count }, (_, i) => ({
    ...{ campaign: (i + 1) as CampaignId, advertiser: 1, agency: 1, currency: 0 },
    ...{ timeZone: zones[i % zones.length], startMs: nowMs as UnixMs, endMs: endMs as UnixMs },
    ...{ budget: { totalNanos: 0n, dailyNanos: 0n }, lineItems: [] },
  }));
  return { budgets } as unknown as Compiled;
}

test("campaigns of one zone share its changes of clocks: a thousand cost what three do", () => {
  const endMs = Date.parse("2099-01-01T00:00Z");
  const zones = ["Europe/Paris", "America/New_York", "Asia/Shanghai"];
  const plan = planOf(1, compiledWith(1000, zones, endMs), config!, () => 0, nowMs);
  expect(plan.campaigns).toHaveLength(1000);
  expect(plan.campaigns[0]?.zone.length).toBeGreaterThan(6);
  expect(new Set(plan.campaigns.map(({ zone }) => zone)).size).toBe(3);
  const next = planOf(2, compiledWith(3, zones, endMs), config!, () => 0, nowMs + dayMs);
  expect(next.campaigns[0]?.zone).toBe(plan.campaigns[0]?.zone);
});

test("days begin at local midnight on both sides of a change of clocks, after a later end too", () => {
  const zoneTo = (endMs: number) =>
    planOf(1, compiledWith(1, ["Europe/Berlin"], endMs), config!, () => 0, nowMs).campaigns[0]!
      .zone;
  zoneTo(nowMs + dayMs);
  const zone = zoneTo(nowMs + 300 * dayMs);
  const dayAt = (text: string): number => localDay(zone, Date.parse(text) / 1000);
  expect(dayAt("2026-12-05T22:59:59Z")).toBe(dayAt("2026-12-05T12:00Z"));
  expect(dayAt("2026-12-05T23:00Z")).toBe(dayAt("2026-12-05T12:00Z") + 1);
  expect(dayAt("2027-07-05T21:59:59Z")).toBe(dayAt("2027-07-05T12:00Z"));
  expect(dayAt("2027-07-05T22:00Z")).toBe(dayAt("2027-07-05T12:00Z") + 1);
});
