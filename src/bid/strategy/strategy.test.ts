import { describe, expect, test } from "vitest";
import { Media } from "../../base/lists.js";
import { runLinearMarket } from "../../testing/linear-market.js";
import { decisionOf, runShadingMarket } from "../../testing/shading-market.js";
import { createLearntBuffers, Learnt, Level, shadeKey, shareOne } from "../learnt.js";
import { linear } from "./linear.js";
import { binOf, edgeOf, gridBins } from "./price-grid.js";
import { shade } from "./shade.js";

describe("the price grid", () => {
  test("puts every price between the edges of its bin", () => {
    for (let micros = 9000; micros < 5e8; micros = Math.ceil(micros * 1.013)) {
      const bin = binOf(micros);
      expect(edgeOf(bin)).toBeLessThanOrEqual(micros * (1 + 1e-12));
      expect(edgeOf(bin + 1)).toBeGreaterThan(micros * (1 - 1e-12));
    }
    for (const micros of [0, 1, -1, Number.NaN]) expect(binOf(micros)).toBe(0);
    expect(binOf(1e15)).toBe(gridBins - 1);
  });
});

describe("shading", () => {
  const size = 300 * 65_536 + 250;
  function learntOf(rows: readonly (readonly [level: Level, permille: number])[]) {
    const learnt = new Learnt(createLearntBuffers(1, 64));
    rows.forEach(([level, permille], i) => {
      learnt.shades.put(1, shadeKey(level, Media.BANNER, size), i + 1);
      learnt.shadeRows.fill(permille, (i + 1) * gridBins, (i + 2) * gridBins);
    });
    const decision = decisionOf(learnt);
    decision.table.creativeMedia[0] = Media.BANNER;
    decision.creativeSize[0] = size;
    return decision;
  }
  const chain = [
    [Level.WHOLE, 900],
    [Level.FORMAT, 800],
    [Level.SIZE, 700],
  ] as const;

  /** The share of most requests: one in 32 explores. */
  function usual(decision: ReturnType<typeof learntOf>, deal = -1): number {
    const shares = Array.from({ length: 9 }, (_, i) => {
      decision.request.seed.lo = i;
      return shade(decision, 0, deal, 0, 2e6);
    });
    return shares.sort((a, b) => a - b)[4]!;
  }

  test("takes the narrowest context that was learnt", () => {
    expect(usual(learntOf([]))).toBe(shareOne);
    expect(usual(learntOf(chain.slice(0, 1)))).toBe(900_000);
    expect(usual(learntOf(chain.slice(0, 2)))).toBe(800_000);
    expect(usual(learntOf(chain))).toBe(700_000);
    const elsewhere = learntOf(chain);
    elsewhere.creativeSize[0] = size + 1;
    expect(usual(elsewhere)).toBe(800_000);
    elsewhere.table.creativeMedia[0] = Media.VIDEO;
    expect(usual(elsewhere)).toBe(900_000);
    Object.assign(elsewhere.exchange, { id: 2 });
    expect(usual(elsewhere)).toBe(shareOne);
  });

  test("leaves second prices and deals alone", () => {
    const decision = learntOf(chain);
    expect(usual(decision, 0)).toBe(shareOne);
    decision.request.at = 2;
    expect(usual(decision)).toBe(shareOne);
    decision.request.at = 0;
    Object.assign(decision.exchange, { atDefault: 2 });
    expect(usual(decision)).toBe(shareOne);
    decision.request.at = 1;
    expect(usual(decision)).toBe(700_000);
  });

  test("explores one request in 32, the same for the same request, never above the value", () => {
    const decision = learntOf(chain);
    const explored: number[] = [];
    for (let seed = 0; seed < 32_000; seed++) {
      decision.request.seed.lo = seed;
      const share = shade(decision, 0, -1, 0, 2e6);
      expect(shade(decision, 0, -1, 0, 2e6)).toBe(share);
      if (share !== 700_000) explored.push(share);
    }
    expect(explored.length).toBeGreaterThan(850);
    expect(explored.length).toBeLessThan(1150);
    expect(Math.max(...explored)).toBe(shareOne);
    expect(Math.min(...explored)).toBeGreaterThanOrEqual(350_000);
  });

  test("earns more than the best constant share and nearly what the distribution allows", () => {
    const results = runShadingMarket(3, 4, 24_000);
    const [fixed, constant, learnt, told] = results.map(({ surplusShare }) => surplusShare);
    expect(fixed).toBeLessThan(0.01);
    expect(learnt).toBeGreaterThan(constant!);
    expect(learnt).toBeGreaterThan(0.93 * told!);
    expect(told).toBeLessThan(1);
  });
});

describe("linear bids", () => {
  test("bid the whole value until a share was learnt", () => {
    const learnt = new Learnt(createLearntBuffers(1, 64));
    expect(linear(decisionOf(learnt), 0, -1, 0, 1)).toBe(shareOne);
    learnt.horizons[0] = 250_000;
    expect(linear(decisionOf(learnt), 0, -1, 0, 1)).toBe(250_000);
  });

  test("make a budget last to the end of the flight, and get more clicks for it", () => {
    const [fixed, linears] = runLinearMarket(5, 900);
    expect(fixed!.lived).toBeLessThan(0.5);
    expect(linears!.spentShare).toBeGreaterThan(0.97);
    expect(linears!.spentShare).toBeLessThanOrEqual(1);
    expect(linears!.lived).toBeGreaterThan(0.95);
    expect(linears!.clicks).toBeGreaterThan(1.5 * fixed!.clicks);
  });
});
