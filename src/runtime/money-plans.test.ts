import { expect, test } from "vitest";
import { compile } from "../campaign/compile.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { LineItem } from "../campaign/model.js";
import { MoneyPlans } from "./money-plans.js";
import { readConfigForm } from "./read-config.js";
import type { BuiltWorld } from "./world-build.js";

const { config } = readConfigForm("config/demo") as { config: LoadedConfig };
const { book, exchanges } = config;
const dayMs = 86_400_000;
const compiled = compile({
  ...{ book, exchanges, projection: new Map(), certificates: new Set<string>() },
  allowancePlaceOf: () => 0,
});

class Plans {
  readonly told: string[] = [];
  nowMs = Date.parse("2026-12-05T12:00Z");
  private generation = 0;
  private readonly plans = new MoneyPlans({
    money: {
      sendPlan: async ({ generation, campaigns }) => {
        this.told.push(`plan ${generation} of ${campaigns.length}`);
      },
      sendGeneration: (generation) => this.told.push(`generation ${generation}`),
    },
    ...{ placeOf: () => 0, nowMs: () => this.nowMs },
    capPlaceOf: (...rule) => this.capPlaceOf(rule.join(" ")),
    ...{ log: { warn: () => undefined }, exposureDaysKept: 90 },
  });

  private readonly capPlaces: string[] = [];
  /** A place for each rule, as in a server. */
  private capPlaceOf(rule: string): number {
    const known = this.capPlaces.indexOf(rule);
    return known < 0 ? this.capPlaces.push(rule) - 1 : known;
  }

  /** What the money thread hears of this World. */
  async send(of: LoadedConfig, epoch = 1): Promise<string> {
    const parts = { generation: ++this.generation, index: { epoch } };
    await this.plans.send({ parts, compiled } as unknown as BuiltWorld, of);
    return (this.told.at(-1) ?? "").split(" ")[0] ?? "";
  }
}

const withFirst = (change: (one: LineItem) => Partial<LineItem>): LoadedConfig => {
  const [first, ...rest] = book.lineItems as [LineItem, ...LineItem[]];
  return { ...config, book: { ...book, lineItems: [{ ...first, ...change(first) }, ...rest] } };
};
const priced = (price: Partial<LineItem["price"]>): LoadedConfig =>
  withFirst((one) => ({ price: { ...one.price, ...price } }));

test("the plan is sent once, and the number alone of Worlds with other prices and pauses", async () => {
  const plans = new Plans();
  expect(await plans.send(config)).toBe("plan");
  expect(await plans.send(priced({ cpmMicros: 5 as never }))).toBe("generation");
  expect(await plans.send(withFirst(() => ({ paused: true, name: "other" })))).toBe("generation");
  expect(await plans.send(config)).toBe("generation");
  expect(plans.told).toEqual([
    `plan 1 of ${book.campaigns.length}`,
    ...[2, 3, 4].map((generation) => `generation ${generation}`),
  ]);
});

const targeted = (include: object) => (one: LineItem) => ({
  targeting: { ...one.targeting, include: { ...one.targeting.include, ...include } },
});
test.each([
  ["a country", withFirst(targeted({ countries: ["FRA"] }))],
  ["a creative", { ...config, book: { ...book, creatives: [...book.creatives] } }],
  ["rates that nothing is converted by", { ...config, rates: { ...config.rates } }],
])("%s changes no plan", async (_, other) => {
  const plans = new Plans();
  await plans.send(config);
  expect(await plans.send(other as LoadedConfig)).toBe("generation");
  plans.nowMs += dayMs;
  expect(await plans.send(config)).toBe("generation");
  plans.nowMs += 1;
  expect(await plans.send(other as LoadedConfig)).toBe("plan");
});

const budget = { totalNanos: 7n, dailyNanos: 0n };
test.each([
  ["the most that a bid may cost", priced({ maxMicros: 99 as never })],
  ["a strategy", priced({ strategy: "linear" })],
  ["a goal", priced({ goal: "cpc" })],
  ["a budget", withFirst(() => ({ budget }))],
  ["a pace", withFirst(() => ({ pacing: "ahead" }))],
  ["a cap", withFirst(() => ({ frequency: [{ impressions: 2, windowSec: 77 }] }))],
  ["fees", { ...config, fees: { ...config.fees, technicalPpm: 77 } }],
  ["hours of the week", withFirst(targeted({ dayParts: ["mon 00:00-06:00"] }))],
  ["an exchange", { ...config, exchanges: exchanges.slice(1) }],
])("%s makes another plan", async (_, other) => {
  const plans = new Plans();
  await plans.send(config);
  expect(await plans.send(other)).toBe("plan");
  // What counts is what was sent last.
  expect(await plans.send(config)).toBe("plan");
});

test("people of another epoch, and a plan of yesterday, need another one", async () => {
  const plans = new Plans();
  await plans.send(config);
  expect(await plans.send(config, 2)).toBe("plan");
  plans.nowMs += dayMs;
  expect(await plans.send(config, 2)).toBe("generation");
  plans.nowMs += 1;
  expect(await plans.send(config, 2)).toBe("plan");
});
