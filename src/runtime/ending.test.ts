import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Ending, EndRank, type EndStep } from "./ending.js";
import { createLog } from "./log.js";

function setUp(steps: readonly EndStep[], withinMs = 1000) {
  const seen: string[] = [];
  const lines: string[] = [];
  const ending = new Ending({
    log: createLog({ part: "main", write: (line) => lines.push(line) }),
    exit: (code) => seen.push(`exit ${code}`),
    kill: () => seen.push("kill"),
    withinMs,
  });
  for (const step of steps) ending.add(step);
  return { ending, seen, log: () => lines.join("") };
}

test("steps run one after the other, then the process exits", async () => {
  const order: string[] = [];
  const slow = async (): Promise<boolean> => {
    await delay(30);
    order.push("workers");
    return true;
  };
  const { ending, seen } = setUp([
    { name: "workers", run: slow },
    { name: "journal", run: () => order.push("journal") > 0 },
  ]);
  expect(ending.begun).toBe(false);
  await ending.begin(0, "SIGTERM");
  expect(order).toEqual(["workers", "journal"]);
  expect(seen).toEqual(["exit 0"]);
});

test("ranks decide the order, whoever was added first and also while it ends", async () => {
  const order: string[] = [];
  const step = (name: string, rank: EndRank): EndStep => ({
    ...{ name, rank },
    run: () => order.push(name) > 0,
  });
  const { ending, seen } = setUp([
    step("journal", EndRank.JOURNAL),
    step("admin", EndRank.ADMIN),
    {
      ...{ name: "watchers", rank: EndRank.WATCHERS },
      run: () => {
        order.push("watchers");
        ending.add(step("workers", EndRank.WORKERS));
        return true;
      },
    },
  ]);
  await ending.begin(0, "SIGTERM");
  expect(order).toEqual(["watchers", "workers", "journal", "admin"]);
  expect(seen).toEqual(["exit 0"]);
});

test("a second reason runs nothing twice and can only make the code worse", async () => {
  let runs = 0;
  const { ending, seen } = setUp([{ name: "workers", run: () => ++runs === 1 }]);
  await Promise.all([ending.begin(0, "SIGTERM"), ending.begin(1, "broken"), ending.begin(0, "x")]);
  expect(runs).toBe(1);
  expect(seen).toEqual(["exit 1"]);
});

test("a step that fails is named, the next one still runs, and the process is killed", async () => {
  let flushed = false;
  const { ending, seen, log } = setUp([
    { name: "workers", run: () => Promise.reject(new Error("stuck")) },
    {
      name: "journal",
      run: () => {
        flushed = true;
        return true;
      },
    },
  ]);
  await ending.begin(0, "SIGTERM");
  expect(flushed).toBe(true);
  expect(seen).toEqual(["kill"]);
  expect(log()).toContain('"step":"workers"');
});

test("each step is told the time that is left of the whole", async () => {
  const left: number[] = [];
  const { ending } = setUp([
    {
      name: "first",
      run: async (withinMs) => {
        left.push(withinMs);
        await delay(120);
        return true;
      },
    },
    { name: "second", run: (withinMs) => left.push(withinMs) > 0 },
  ]);
  await ending.begin(0, "SIGTERM");
  expect(left[0]).toBeGreaterThan(950);
  expect(left[1]).toBeLessThan(900);
});
