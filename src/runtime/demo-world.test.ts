import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { testNowMs } from "../testing/small-snapshot.js";
import { type DemoWorldOrder, isDemoWorldMade } from "./demo-epoch.js";
import { makeDemoWorld } from "./demo-world.js";
import type { DemoWorldMessage } from "./demo-world-process.js";
import { entryUrl } from "./entry-url.js";
import { openKeyFiles } from "./key-files.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-demo-"));
afterAll(() => rmSync(root, { recursive: true }));

const dayMs = 24 * 3600 * 1000;
const orderOf = (folder: string, changes: Partial<DemoWorldOrder> = {}): DemoWorldOrder => ({
  ...{ dataFolder: join(root, folder), configFolder: "config/demo", nowMs: testNowMs },
  ...{ seed: 1, people: 500, ...changes },
});

test("the demo world is made once, again for other settings, and again before it expires", async () => {
  const keys = openKeyFiles(orderOf("a").dataFolder);
  expect(isDemoWorldMade(orderOf("a"), keys)).toBe(false);
  const first = await makeDemoWorld(orderOf("a"));
  expect(first).toMatchObject({ epoch: 1, made: true });
  // 500 people are no crowd: every segment is left out of their snapshot.
  expect(first.dropped.length).toBe(51);
  expect(first.dropped).toContain("interest.sports");
  expect(isDemoWorldMade(orderOf("a"), keys)).toBe(true);
  expect(await makeDemoWorld(orderOf("a"))).toMatchObject({ epoch: 1, made: false });
  expect(await makeDemoWorld(orderOf("a", { seed: 2 }))).toMatchObject({ epoch: 2, made: true });
  const later = (testNowMs + 24 * dayMs) as DemoWorldOrder["nowMs"];
  expect(isDemoWorldMade(orderOf("a", { seed: 2 }), keys)).toBe(true);
  expect(isDemoWorldMade(orderOf("a", { seed: 2, nowMs: later }), keys)).toBe(false);
  expect(await makeDemoWorld(orderOf("a", { seed: 2, nowMs: later }))).toMatchObject({
    ...{ epoch: 3, made: true },
  });
});

test("the building process reports its stages, its result, and ends with 0", async () => {
  const child = fork(fileURLToPath(entryUrl("demo-world-process")));
  const messages: DemoWorldMessage[] = [];
  child.on("message", (message) => messages.push(message as DemoWorldMessage));
  child.send(orderOf("c"));
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(messages.at(-1)).toMatchObject({ kind: "done", result: { epoch: 1, made: true } });
  expect(messages.filter((m) => m.kind === "progress").length).toBeGreaterThan(0);
});

test("a building process that cannot build says why and ends with 1", async () => {
  const child = fork(fileURLToPath(entryUrl("demo-world-process")));
  const messages: DemoWorldMessage[] = [];
  child.on("message", (message) => messages.push(message as DemoWorldMessage));
  child.send({ ...orderOf("d"), dataFolder: "/dev/null/data" });
  const [code] = await once(child, "exit");
  expect(code).toBe(1);
  expect(messages).toMatchObject([{ kind: "failed", words: /\/dev\/null/ }]);
});
