import { expect, test } from "vitest";
import { startInProcess } from "../../src/testing/in-process.js";
import { benchReading, bookOf } from "./books.js";
import { canonicalBodies } from "./canonical.js";
import { chosen, scenarios } from "./registry.js";

const count = 300;
const nowMs = Date.UTC(2026, 10, 1);
const bodiesOf = (bidShare: number) => canonicalBodies({ bidShare, seed: 21 }, count, 5000, nowMs);
type Parsed = {
  imp: Record<string, unknown>[];
  app?: unknown;
};

test("the canonical workload is of 0.5 to 9 kB, all media, sites and apps, one to four imps", () => {
  const bodies = bodiesOf(0.9);
  const bytes = bodies.map(({ length }) => length).sort((a, b) => a - b);
  expect(bytes[0]).toBeGreaterThanOrEqual(450);
  expect(bytes.at(-1)).toBeGreaterThan(8000);
  expect(bytes.at(-1)).toBeLessThan(9200);
  const requests = bodies.map((body) => JSON.parse(body.toString()) as Parsed);
  expect(new Set(requests.map(({ imp }) => imp.length))).toEqual(new Set([1, 2, 3, 4]));
  const imps = requests.flatMap(({ imp }) => imp);
  for (const media of ["banner", "video", "native"]) {
    expect(imps.filter((imp) => media in imp).length / imps.length).toBeGreaterThan(0.1);
  }
  const apps = requests.filter(({ app }) => app !== undefined).length;
  expect(apps).toBeGreaterThan(75);
  expect(apps).toBeLessThan(225);
});

test("its requests are the same from the same seed, and all different", () => {
  const texts = bodiesOf(0.9).map(String);
  expect(bodiesOf(0.9).map(String)).toEqual(texts);
  expect(new Set(texts).size).toBe(texts.length);
});

test("a tenth and nine tenths of it are bid on, as its scenarios expect", async () => {
  const book = bookOf("synthetic", 200);
  const reading = (read: Parameters<typeof benchReading>[0]) => benchReading(read, book);
  const bidder = await startInProcess({
    configFolder: "config/demo",
    now: nowMs,
    seed: 1,
    reading,
  });
  for (const name of ["canonical-10", "canonical-90"]) {
    const [scenario] = chosen([name]);
    const bids = bodiesOf(name === "canonical-10" ? 0.1 : 0.9).filter((body) => {
      bidder.drain();
      return bidder.ask("openrtb26", body).status === 200;
    });
    const [low, high] = scenario?.share200 ?? [1, 0];
    expect(bids.length / count).toBeGreaterThanOrEqual(low);
    expect(bids.length / count).toBeLessThanOrEqual(high);
  }
});

test("a scenario is chosen by its name, which is its own", () => {
  expect(chosen(["no-bid"]).map(({ name }) => name)).toEqual(["no-bid"]);
  expect(chosen([])).toHaveLength(scenarios.length);
  expect(() => chosen(["no-bid", "nonsense"])).toThrow("no scenario nonsense");
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});
