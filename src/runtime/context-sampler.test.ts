import { expect, test } from "vitest";
import { FunnelCode } from "../admin/desk/funnel-code.js";
import { FunnelCounts, funnelBars } from "../admin/desk/funnel-counts.js";
import { sampleRequests } from "../admin/desk/sample-requests.js";
import { explain } from "../admin/explain.js";
import { type Outcome, outcomeLabel } from "../base/outcome.js";
import { type InProcess, startInProcess } from "../testing/in-process.js";
import { type ContextSample, ContextSampler } from "./context-sampler.js";

const now = Date.UTC(2026, 10, 26, 12);
const demo: InProcess = await startInProcess({ configFolder: "config/demo", now, seed: 1 });

/** The samples of these bodies, each taken when the one before was done. */
function sampled(bodies: readonly string[]): ContextSample[] {
  const samples: ContextSample[] = [];
  const sampler = new ContextSampler(demo.clock, null, (sample) => samples.push(sample));
  sampler.adopt(demo.bidder.world);
  for (const body of bodies) {
    const bytes = new TextEncoder().encode(body);
    expect(sampler.idle).toBe(true);
    sampler.take(bytes, bytes.length, demo.config.exchanges[0]!);
    for (let steps = 0; !sampler.idle && steps < 100; steps++) sampler.step();
  }
  return samples;
}

const bodyOf = (more: object = {}): string => {
  const [banner] = sampleRequests(demo.config.exchanges[0]!);
  return JSON.stringify({ ...JSON.parse(banner!.body), ...more });
};

test("a sample says of each line item what explain says, as far as no person is in it", () => {
  const body = bodyOf();
  const [sample] = sampled([body]);
  const { world } = demo.bidder.world;
  const told = explain({
    ...{ world, config: demo.config, places: demo.people.places, segments: null },
    ...{ exchange: demo.config.exchanges[0]!.name, now: now as never },
    request: new TextEncoder().encode(body),
  });
  if (told.status !== 200) throw new Error("explained");
  const rows = told.imps[0]!.lineItems;
  expect(rows.length).toBe(sample!.codes.length);
  const behind = ["bid", "audience", "person", "no_identifier", "outbid_internally"];
  const seen = new Set<string>();
  for (const { lineItem, outcome } of rows) {
    const code = sample!.codes[world.table.lineItemId.indexOf(lineItem)]!;
    const isTargeting = code >= FunnelCode.TARGETING;
    const label = isTargeting ? "targeting" : outcomeLabel(code as Outcome);
    const expected = code === FunnelCode.ELIGIBLE ? behind : [label];
    expect(expected, `line item ${lineItem}: ${code}`).toContain(outcome);
    seen.add(code === FunnelCode.ELIGIBLE ? "eligible" : label);
  }
  expect([...seen].sort()).toEqual(["deal_required", "eligible", "targeting"]);
});

test("whose request it is changes nothing in a sample", () => {
  const device = { geo: { country: "USA" }, ua: "Mozilla/5.0", ip: "203.0.113.7", os: "iOS" };
  const ifa = "6D92078A-8246-4BA4-AE5B-76104861E7DC";
  const eids = [{ source: "id.example", uids: [{ id: "somebody" }] }];
  const [one, other] = sampled([
    bodyOf({ device }),
    bodyOf({ device: { ...device, ifa }, user: { buyeruid: "b-1", eids } }),
  ]);
  expect(other?.codes).toEqual(one?.codes);
});

test("a funnel gives a sample the weight of the requests that it stands for", () => {
  const { table } = demo.bidder.world.world;
  const ids = table.lineItemId.slice();
  let requests = 0;
  const funnel = new FunnelCounts(() => requests);
  const [good, foreign] = sampled([
    bodyOf(),
    bodyOf({ imp: [{ id: "1", banner: { w: 1, h: 1 } }] }),
  ]);
  for (let i = 0; i < 10; i++) funnel.take(i < 8 ? good! : foreign!, ids, now + i);
  requests = 5000;
  funnel.settle(now + 10_000);
  requests = 5100;
  funnel.take(good!, ids, now + 11_000);
  funnel.settle(now + 20_000);
  const lineItem = demo.config.book.lineItems.find(({ name }) => name === "Lumen banners")!;
  const bars = funnelBars(lineItem, funnel.since(lineItem.id, now), { bids: 1000, won: 400 });
  // The first sample alone closed a window without requests yet.
  const count = (step: string): number =>
    bars.filter((bar) => bar.step === step).reduce((sum, bar) => sum + bar.count, 0);
  expect(count("requests")).toBe(5100);
  expect(count("eligible")).toBeGreaterThan(3800);
  expect(bars.filter(({ noisy }) => noisy)).toHaveLength(1);
  expect(count("requests") - count("left out")).toBe(count("won"));
  const targeted = demo.config.book.lineItems.find(({ targeting }) => targeting.include.media)!;
  const video = { ...targeted, id: lineItem.id };
  const code = FunnelCode.TARGETING | 40;
  const [, left] = funnelBars(video, new Map([[code, 7]]), { bids: 0, won: 0 });
  expect(left).toMatchObject({ field: "targeting.include.media", count: 7 });
});

test("a sample that takes long is spread over ticks, and a new World drops it", () => {
  const samples: ContextSample[] = [];
  let ns = 0;
  // Each look at the clock is 1 ms later: one look a step.
  const monotonicNs = (): never => {
    ns += 1e6;
    return ns as never;
  };
  const clock = { nowMs: demo.clock.nowMs, monotonicNs };
  const sampler = new ContextSampler(clock, null, (sample) => samples.push(sample));
  sampler.adopt(demo.bidder.world);
  const bytes = new TextEncoder().encode(bodyOf());
  sampler.take(bytes, bytes.length, demo.config.exchanges[0]!);
  expect(sampler.idle).toBe(false);
  sampler.adopt(demo.bidder.world);
  expect(sampler.idle).toBe(true);
  sampler.step();
  expect(samples).toEqual([]);
  sampler.take(bytes, bytes.length, demo.config.exchanges[0]!);
  let steps = 0;
  while (!sampler.idle) {
    sampler.step();
    steps++;
  }
  expect(samples).toHaveLength(1);
  expect(steps).toBeGreaterThanOrEqual(Math.floor(samples[0]!.codes.length / 64));
});
